/* SPDX-License-Identifier: MIT */
/* Time as text and as calendar days. Everything but zones and the two clocks is pure arithmetic on
 * the proleptic Gregorian calendar, years 0 to 9999. Zones come from GLib, are looked up once a
 * name and are kept for the life of the process; their number is bounded by the system's table,
 * because names that GLib does not know are not kept. */
#include "base/when.h"

#include "base/check.h"
#include "base/mem.h"
#include "base/num.h"

#include <pthread.h>
#include <time.h>

#include <glib.h>

#define TIME_MIN INT64_C(-62167219200000) /* 0000-01-01T00:00:00Z */
#define TIME_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Days since 1970-01-01 of a civil date, and back (H. Hinnant's algorithms: eras of 400 years that
 * start in March). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t shifted = (5 * doy + 2) / 153; /* March is 0 */

    *ret_day = (int)(doy - (153 * shifted + 2) / 5 + 1);
    *ret_month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* A reader over the text of a time: each piece moves it on or leaves it where it is. */
struct scan {
    const char *at, *end;
};

static bool scan_char(struct scan *s, const char *any)
{
    if (s->at == s->end || *s->at == '\0' || !strchr(any, *s->at))
        return false;
    s->at++;
    return true;
}

/* Exactly `digits` digits with a value within the bounds. */
static bool scan_number(struct scan *s, int digits, int min, int max, int *ret_value)
{
    int value = 0;

    if (s->end - s->at < digits)
        return false;
    for (int i = 0; i < digits; i++) {
        char c = s->at[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    if (value < min || value > max)
        return false;
    s->at += digits;
    *ret_value = value;
    return true;
}

static bool scan_date(struct scan *s, int64_t *ret_days)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;

    if (!scan_number(s, 4, 0, 9999, &year) || !scan_char(s, "-") ||
        !scan_number(s, 2, 1, 12, &month) || !scan_char(s, "-") ||
        !scan_number(s, 2, 1, month_days[month - 1], &day))
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2 && day == 29 && !leap)
        return false;
    *ret_days = days_from_civil(year, month, day);
    return true;
}

/* hh:mm[:ss[.fraction]]; a leap second is the second after it. */
static bool scan_clock(struct scan *s, int64_t *ret_ms)
{
    int hour, minute, second = 0, ms = 0, weight = 100;

    if (!scan_number(s, 2, 0, 23, &hour) || !scan_char(s, ":") ||
        !scan_number(s, 2, 0, 59, &minute))
        return false;
    if (scan_char(s, ":")) {
        if (!scan_number(s, 2, 0, 60, &second))
            return false;
        if (scan_char(s, ".,")) {
            int digit;
            if (!scan_number(s, 1, 0, 9, &digit))
                return false;
            do {
                ms += digit * weight; /* digits behind the third weigh nothing */
                weight /= 10;
            } while (scan_number(s, 1, 0, 9, &digit));
        }
    }
    *ret_ms = hour * RP_HOUR + minute * RP_MINUTE + second * RP_SECOND + ms;
    return true;
}

/* Z, UTC, ±hh:mm, ±hhmm or ±hh up to the end; nothing at all is UTC. */
static bool scan_offset(struct scan *s, int64_t *ret_ms)
{
    int hours, minutes = 0;

    *ret_ms = 0;
    scan_char(s, " ");
    if (s->at == s->end || scan_char(s, "Zz"))
        return s->at == s->end;
    if (s->end - s->at == 3 && memcmp(s->at, "UTC", 3) == 0)
        return true;
    bool minus = *s->at == '-';
    if (!scan_char(s, "+-") || !scan_number(s, 2, 0, 23, &hours))
        return false;
    if (s->at < s->end) {
        scan_char(s, ":");
        if (!scan_number(s, 2, 0, 59, &minutes))
            return false;
    }
    *ret_ms = (minus ? -1 : 1) * (hours * RP_HOUR + minutes * RP_MINUTE);
    return s->at == s->end;
}

static bool in_range(int64_t ms)
{
    return ms >= TIME_MIN && ms <= TIME_MAX;
}

/* A whole number: seconds while it is small, milliseconds from 1e11 on (seconds of the year 5138,
 * milliseconds of 1973). */
static bool scan_whole(struct scan *s, int64_t *ret_ms)
{
    bool minus = scan_char(s, "-");
    int64_t value = 0;
    int digit;

    if (s->at == s->end || s->end - s->at > 15)
        return false;
    while (scan_number(s, 1, 0, 9, &digit))
        value = value * 10 + digit;
    if (s->at != s->end)
        return false;
    if (value < INT64_C(100000000000))
        value *= RP_SECOND;
    *ret_ms = minus ? -value : value;
    return in_range(*ret_ms);
}

bool rp_time_parse(struct rp_str text, int64_t *ret_ms)
{
    struct scan s = {text.ptr, rp_str_end(text)};
    int64_t days, clock = 0, offset = 0, ms;

    while (s.at < s.end && *s.at == ' ')
        s.at++;
    while (s.at < s.end && s.end[-1] == ' ')
        s.end--;
    struct scan whole = s;
    if (scan_whole(&whole, &ms)) {
        *ret_ms = ms;
        return true;
    }
    if (!scan_date(&s, &days))
        return false;
    if (s.at < s.end &&
        (!scan_char(&s, "Tt ") || !scan_clock(&s, &clock) || !scan_offset(&s, &offset)))
        return false;
    ms = days * RP_DAY + clock - offset;
    if (!in_range(ms))
        return false;
    *ret_ms = ms;
    return true;
}

static char *put_digits(char *out, unsigned value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        out[i] = (char)('0' + value % 10);
    return out + digits;
}

void rp_time_print(struct rp_buf *buf, int64_t ms)
{
    char text[24];
    char *p = text;
    int64_t year;
    int month, day;

    ms = ms < TIME_MIN ? TIME_MIN : ms > TIME_MAX ? TIME_MAX : ms;
    int64_t days = floor_div(ms, RP_DAY);
    unsigned rest = (unsigned)(ms - days * RP_DAY);
    civil_from_days(days, &year, &month, &day);
    p = put_digits(p, (unsigned)year, 4);
    *p++ = '-';
    p = put_digits(p, (unsigned)month, 2);
    *p++ = '-';
    p = put_digits(p, (unsigned)day, 2);
    *p++ = 'T';
    p = put_digits(p, rest / 3600000, 2);
    *p++ = ':';
    p = put_digits(p, rest / 60000 % 60, 2);
    *p++ = ':';
    p = put_digits(p, rest / 1000 % 60, 2);
    *p++ = '.';
    p = put_digits(p, rest % 1000, 3);
    *p++ = 'Z';
    rp_buf_add(buf, text, (size_t)(p - text));
}

static const struct unit {
    const char *name;
    int64_t ms;
    bool print;
} units[] = {
    {"d", RP_DAY, true},
    {"h", RP_HOUR, true},
    {"m", RP_MINUTE, true},
    {"s", RP_SECOND, true},
    {"ms", 1, true},
    {"w", 7 * RP_DAY, false},
    {"month", 30 * RP_DAY, false},
    {"months", 30 * RP_DAY, false},
};

bool rp_duration_parse(struct rp_str text, int64_t *ret_ms)
{
    struct scan s = {text.ptr, rp_str_end(text)};
    int64_t value = 0;
    int digit;

    if (!scan_number(&s, 1, 0, 9, &digit))
        return false;
    do {
        value = value * 10 + digit;
        if (value > TIME_MAX)
            return false;
    } while (scan_number(&s, 1, 0, 9, &digit));
    scan_char(&s, " ");
    for (size_t i = 0; i < RP_COUNT(units); i++) {
        struct rp_str rest = {s.at, (size_t)(s.end - s.at)};
        if (rp_str_is(rest, units[i].name)) {
            if (value > TIME_MAX / units[i].ms)
                return false;
            *ret_ms = value * units[i].ms;
            return true;
        }
    }
    return false;
}

bool rp_duration_guess(struct rp_buf *buf, struct rp_str text)
{
    static const struct {
        const char *word, *unit; /* the word may have an s behind it */
    } words[] = {
        {"ms", "ms"},  {"s", "s"},           {"sec", "s"},    {"second", "s"}, {"m", "m"},
        {"min", "m"},  {"mn", "m"},          {"minute", "m"}, {"h", "h"},      {"hr", "h"},
        {"hour", "h"}, {"d", "d"},           {"day", "d"},    {"w", "w"},      {"wk", "w"},
        {"week", "w"}, {"month", " months"},
    };
    const char *p = text.ptr, *end = rp_str_end(text);
    char word[16] = "";
    size_t digits, len = 0;

    while (p < end && *p == ' ')
        p++;
    for (digits = 0; p + digits < end && p[digits] >= '0' && p[digits] <= '9';)
        digits++;
    text = (struct rp_str){p, digits};
    for (p += digits; p < end && len + 1 < sizeof(word); p++)
        if (*p != ' ')
            word[len++] = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    if (digits == 0 || p < end)
        return false;
    for (size_t i = 0; i < RP_COUNT(words); i++) {
        size_t known = strlen(words[i].word);

        if (strncmp(word, words[i].word, known) == 0 &&
            strcmp(word + known, word[known] == 's' ? "s" : "") == 0) {
            rp_buf_printf(buf, "%.*s%s", RP_STR_ARG(text), words[i].unit);
            return true;
        }
    }
    return false;
}

void rp_duration_print(struct rp_buf *buf, int64_t ms)
{
    if (ms == 0) {
        rp_buf_text(buf, "0s");
        return;
    }
    for (size_t i = 0; i < RP_COUNT(units); i++) {
        if (units[i].print && ms % units[i].ms == 0) {
            rp_buf_printf(buf, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
            return;
        }
    }
}

/* Zones that were found, in an open-addressing table; guarded by the lock. GTimeZone itself never
 * changes once made. The system holds about 600 names, 1,800 with their variants. */
#define ZONE_SLOTS    4096
#define ZONE_NAME_MAX 64

static struct zone {
    char *name;
    GTimeZone *zone;
} zones[ZONE_SLOTS];
static size_t zone_count;
static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;

/* "Europe/Paris", "Etc/GMT+5": nothing that could lead to another folder, one spelling a zone. */
static bool zone_name_ok(struct rp_str name)
{
    if (name.len == 0 || name.len > ZONE_NAME_MAX || name.ptr[0] < 'A' || name.ptr[0] > 'Z')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!g_ascii_isalnum(c) && (c == '\0' || !strchr("/_+-", c)))
            return false;
        if (c == '/' && (i + 1 == name.len || name.ptr[i + 1] == '/'))
            return false;
    }
    return true;
}

static GTimeZone *zone_find(struct rp_str name)
{
    char text[ZONE_NAME_MAX + 1];
    size_t slot = 5381;

    if (!zone_name_ok(name))
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        slot = slot * 33 + (unsigned char)name.ptr[i];
    pthread_mutex_lock(&zone_lock);
    for (slot %= ZONE_SLOTS; zones[slot].name; slot = (slot + 1) % ZONE_SLOTS) {
        if (rp_str_is(name, zones[slot].name))
            break;
    }
    GTimeZone *found = zones[slot].zone;
    if (!found) {
        memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        found = g_time_zone_new_identifier(text);
        if (found && zone_count < ZONE_SLOTS / 2) {
            zones[slot] = (struct zone){rp_strdup(text), found};
            zone_count++;
        } else if (found) { /* more names than any system has: no memory for more */
            g_time_zone_unref(found);
            found = NULL;
        }
    }
    pthread_mutex_unlock(&zone_lock);
    return found;
}

/* "+02:00", "GMT+0200", "UTC-3": a fixed offset. */
static bool zone_offset(struct rp_str zone, int64_t *ret_ms)
{
    struct scan s = {zone.ptr, rp_str_end(zone)};
    int hours, minutes = 0;

    if (zone.len >= 3 && (memcmp(zone.ptr, "GMT", 3) == 0 || memcmp(zone.ptr, "UTC", 3) == 0))
        s.at += 3;
    if (s.at == s.end) {
        *ret_ms = 0;
        return zone.len > 0;
    }
    bool minus = *s.at == '-';
    if (!scan_char(&s, "+-") ||
        (!scan_number(&s, 2, 0, 23, &hours) && !scan_number(&s, 1, 0, 9, &hours)))
        return false;
    scan_char(&s, ":");
    if (s.at < s.end && !scan_number(&s, 2, 0, 59, &minutes))
        return false;
    *ret_ms = (minus ? -1 : 1) * (hours * RP_HOUR + minutes * RP_MINUTE);
    return s.at == s.end;
}

bool rp_zone_known(struct rp_str zone)
{
    int64_t offset;

    return zone_offset(zone, &offset) || zone_find(zone) != NULL;
}

/* UTC plus this is the zone's time at that instant. */
static int64_t offset_at(GTimeZone *zone, int64_t ms)
{
    gint interval =
        g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, floor_div(ms, RP_SECOND));

    return (interval < 0 ? 0 : g_time_zone_get_offset(zone, interval)) * RP_SECOND;
}

int32_t rp_zone_day(struct rp_str zone, int64_t ms)
{
    int64_t offset = 0;

    ms = ms < TIME_MIN ? TIME_MIN : ms > TIME_MAX ? TIME_MAX : ms;
    if (!zone_offset(zone, &offset)) {
        GTimeZone *found = zone_find(zone);
        offset = found ? offset_at(found, ms) : 0;
    }
    return (int32_t)floor_div(ms + offset, RP_DAY);
}

/* The instant between two at which the offset changes from `before`. */
static int64_t transition(GTimeZone *zone, int64_t low, int64_t high, int64_t before)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(zone, middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

int64_t rp_zone_moment(struct rp_str zone, int32_t day, int32_t second)
{
    int64_t local = day * RP_DAY + second * RP_SECOND, before, after;

    if (zone_offset(zone, &before))
        return local - before;
    GTimeZone *found = zone_find(zone);
    if (!found)
        return local;
    before = offset_at(found, local - RP_DAY);
    after = offset_at(found, local + RP_DAY);
    if (before == after || offset_at(found, local - before) == before)
        return local - before;
    if (offset_at(found, local - after) == after)
        return local - after;
    return transition(found, local - RP_DAY, local + RP_DAY, before);
}

static int64_t system_now_ms(void *ctx)
{
    struct timespec now;

    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * RP_SECOND + now.tv_nsec / 1000000;
}

struct rp_clock rp_clock_system(void)
{
    return (struct rp_clock){system_now_ms, NULL};
}

int64_t rp_mono_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}
