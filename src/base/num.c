/* SPDX-License-Identifier: MIT */
/* Numbers: rounding to thousandths, 2^x, and text in both directions. Bit for bit the same on every
 * machine and in every locale: products and sums are separate statements (so that no compiler fuses
 * them into one rounding) and the C library is asked only in the "C" locale. */
#include "base/num.h"

#include "base/check.h"
#include "base/mem.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Below 2^53: doubles hold every thousandth up to it. */
#define MILLI_MAX INT64_C(9000000000000000)

static locale_t c_locale;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    RP_ASSERT(c_locale != (locale_t)0);
}

static locale_t need_c_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_c_locale);
    return c_locale;
}

int64_t rp_milli_round(double points)
{
    double scaled = points * RP_MILLI;

    if (isnan(scaled))
        return 0;
    if (scaled >= (double)MILLI_MAX)
        return MILLI_MAX;
    if (scaled <= -(double)MILLI_MAX)
        return -MILLI_MAX;
    return (int64_t)round(scaled); /* half away from zero, exact */
}

/* x · 2^n for n within the normal exponents. */
static double scale(double x, int n)
{
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double power;

    memcpy(&power, &bits, sizeof(power));
    return x * power;
}

double rp_exp2(double x)
{
    /* ln(2)^k / k!: the series of 2^f; with |f| <= 1/2 the first term left out is below 1e-17. */
    static const double terms[] = {
        1.0,
        0.69314718055994530942,
        0.24022650695910071233,
        0.055504108664821579953,
        0.0096181291076284771619,
        0.0013333558146428443423,
        0.00015403530393381609954,
        1.5252733804059840280e-5,
        1.3215486790144309488e-6,
        1.0178086009239699728e-7,
        7.0549116208011233299e-9,
        4.4455382718708114975e-10,
        2.5678435993488205142e-11,
        1.3691488853904128881e-12,
    };

    if (isnan(x))
        return x;
    if (x >= 1024.0)
        return HUGE_VAL;
    if (x < -1080.0)
        return 0.0;
    double whole = floor(x + 0.5);
    double f = x - whole;
    double sum = terms[RP_COUNT(terms) - 1];
    for (size_t k = RP_COUNT(terms) - 1; k-- > 0;) {
        double product = sum * f;
        sum = product + terms[k];
    }
    int n = (int)whole;
    if (n > 1023)
        return scale(scale(sum, 1023), n - 1023);
    if (n < -1022)
        return scale(scale(sum, n + 200), -200);
    return scale(sum, n);
}

/* The digits of `size` so that they end in front of `end`; where they begin. */
static char *put_digits(char *end, uint64_t size)
{
    do {
        *--end = (char)('0' + size % 10);
        size /= 10;
    } while (size > 0);
    return end;
}

static uint64_t size_of(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

void rp_int_print(struct rp_buf *buf, int64_t value)
{
    char text[24], *end = text + sizeof(text), *at = put_digits(end, size_of(value));

    if (value < 0)
        *--at = '-';
    rp_buf_add(buf, at, (size_t)(end - at));
}

void rp_milli_print(struct rp_buf *buf, int64_t thousandths)
{
    char text[32], *end = text + sizeof(text), *at = end;
    uint64_t size = size_of(thousandths);

    for (int i = 0; i < 3; i++, size /= 10)
        *--at = (char)('0' + size % 10);
    *--at = '.';
    at = put_digits(at, size);
    if (thousandths < 0)
        *--at = '-';
    while (end[-1] == '0')
        end--;
    if (end[-1] == '.')
        end--;
    rp_buf_add(buf, at, (size_t)(end - at));
}

void rp_number_print(struct rp_buf *buf, double value)
{
    char text[40];
    int len = 0;

    if (value >= -9007199254740992.0 && value <= 9007199254740992.0 && floor(value) == value) {
        len = snprintf(text, sizeof(text), "%lld", (long long)value);
    } else if (!isfinite(value)) {
        len = snprintf(text, sizeof(text), "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    } else {
        locale_t before = uselocale(need_c_locale());
        for (int digits = 15; digits <= 17; digits++) {
            len = snprintf(text, sizeof(text), "%.*g", digits, value);
            if (strtod(text, NULL) == value)
                break;
        }
        uselocale(before);
    }
    RP_ASSERT(len > 0 && (size_t)len < sizeof(text));
    rp_buf_add(buf, text, (size_t)len);
}

size_t rp_number_scan(struct rp_str text)
{
    const char *p = text.ptr, *end = rp_str_end(text);

#define DIGIT() (p < end && *p >= '0' && *p <= '9')
    if (p < end && *p == '-')
        p++;
    if (!DIGIT())
        return 0;
    if (*p++ != '0') {
        while (DIGIT())
            p++;
    }
    if (p < end && *p == '.') {
        p++;
        if (!DIGIT())
            return 0;
        while (DIGIT())
            p++;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        if (!DIGIT())
            return 0;
        while (DIGIT())
            p++;
    }
#undef DIGIT
    return (size_t)(p - text.ptr);
}

static double clamp(double value)
{
    return value > DBL_MAX ? DBL_MAX : value < -DBL_MAX ? -DBL_MAX : value;
}

/* Up to 15 digits and a small power of ten are exact in a double; so is one operation on them. */
static bool convert_short(struct rp_str text, double *ret_value)
{
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool minus = text.ptr[0] == '-';
    size_t places = 0;
    uint64_t digits = 0;
    bool point = false;

    if (text.len > 16)
        return false;
    for (size_t i = minus; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '.') {
            point = true;
        } else if (c < '0' || c > '9') {
            return false; /* an exponent */
        } else {
            digits = digits * 10 + (uint64_t)(c - '0');
            places += point;
        }
    }
    if (digits > UINT64_C(9007199254740992))
        return false;
    double value = (double)digits / tens[places];
    *ret_value = minus ? -value : value;
    return true;
}

double rp_number_convert(struct rp_str text)
{
    char small[64];
    char *copy = small;
    double value;

    RP_ASSERT(text.len > 0);
    if (convert_short(text, &value))
        return value;
    if (text.len >= sizeof(small))
        copy = rp_malloc(text.len + 1);
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    value = strtod_l(copy, NULL, need_c_locale());
    if (copy != small)
        free(copy);
    return clamp(value);
}

static struct rp_str trim(struct rp_str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

bool rp_number_parse(struct rp_str text, double *ret_value)
{
    text = trim(text);
    if (text.len == 0 || rp_number_scan(text) != text.len)
        return false;
    *ret_value = rp_number_convert(text);
    return true;
}

/* What may stand between groups of three digits besides '.' and ','. */
static size_t group_mark(const char *p, size_t left)
{
    static const char *const marks[] = {" ", "'", "_", "\u00a0", "\u2009", "\u202f", "\u2019"};

    for (size_t i = 0; i < RP_COUNT(marks); i++) {
        size_t len = strlen(marks[i]);
        if (left >= len && memcmp(p, marks[i], len) == 0)
            return len;
    }
    return 0;
}

static size_t digits_at(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return (size_t)(p - start);
}

/* Whether the '.' or ',' at p, with three digits behind it, separates thousands. Alone, a comma
 * does and a point does not, as in JSON. */
static bool is_thousands(const char *p, const char *end)
{
    const char *after = p + 4;

    if (after < end && (*after == '.' || *after == ',') && digits_at(after + 1, end) > 0)
        return true;
    return *p == ',';
}

/* Copies the digits of the number that starts at p, with '.' for its decimal mark. */
static size_t collect_digits(const char *p, const char *end, char *out, size_t size)
{
    size_t run = digits_at(p, end), len = 0;
    bool may_group = run <= 3 && *p != '0', grouped = false;
    char mark = 0; /* of the groups; ' ' for all that group_mark knows */

    for (;;) {
        if (len + run + 2 > size)
            return 0;
        memcpy(out + len, p, run);
        len += run;
        p += run;
        if (p == end)
            return len;
        bool point = *p == '.' || *p == ',';
        size_t skip = point ? 1 : group_mark(p, (size_t)(end - p));
        run = skip ? digits_at(p + skip, end) : 0;
        if (run == 0)
            return len;
        char this_mark = point ? *p : ' ';
        bool group =
            run == 3 && may_group && (grouped ? mark == this_mark : !point || is_thousands(p, end));
        if (!group && (!point || (grouped && mark == this_mark)))
            return len;
        p += skip;
        if (group) {
            grouped = true;
            mark = this_mark;
        } else {
            out[len++] = '.';
            if (len + run + 1 > size)
                return 0;
            memcpy(out + len, p, run);
            return len + run;
        }
    }
}

bool rp_number_in_text(struct rp_str text, double *ret_value)
{
    char digits[330]; /* more digits than a double's range has */
    const char *p = text.ptr, *end = rp_str_end(text);

    if (rp_number_parse(text, ret_value))
        return true;
    while (p < end && (*p < '0' || *p > '9'))
        p++;
    if (p == end)
        return false;
    size_t len = collect_digits(p, end, digits, sizeof(digits));
    if (len == 0)
        return false;
    double value = rp_number_convert((struct rp_str){digits, len});
    size_t before = (size_t)(p - text.ptr);
    bool sign = (before >= 1 && p[-1] == '-') || (before >= 3 && memcmp(p - 3, "\u2212", 3) == 0);
    if (sign) {
        const char *left = p[-1] == '-' ? p - 1 : p - 3;
        /* "covid-19" and "A-5" are names, " -5" and "(-5" are below zero. */
        sign = left == text.ptr || strchr(" \t(:=<>", left[-1]) != NULL;
    }
    *ret_value = sign ? -value : value;
    return true;
}
