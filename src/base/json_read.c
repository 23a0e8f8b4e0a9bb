/* SPDX-License-Identifier: MIT */
/* The pull reader: a state and a stack of one bit a level instead of recursion. It knows the
 * grammar and nothing of meanings. Every byte is looked at once, string bytes many at a time; a
 * string without escapes is a slice of the text.
 *
 *   VALUE --value--> NEXT         FIRST_VALUE: VALUE or ']'      NEXT --',' in an object--> key,
 * VALUE FIRST_KEY --key--> VALUE      FIRST_KEY: key or '}'          NEXT --',' in an array-->
 * VALUE NEXT at depth 0 --white space--> END                         any --wrong--> FAILED (for
 * good) */
#include "base/json_read.h"

#include "base/check.h"
#include "base/num.h"
#include "base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum state { VALUE, FIRST_VALUE, FIRST_KEY, NEXT, END, FAILED };

#define WORD_OF(byte) (UINT64_C(0x0101010101010101) * (byte))

void rp_json_init(struct rp_json *json, struct rp_arena *arena, struct rp_str text)
{
    RP_ASSERT(arena != NULL && (text.ptr != NULL || text.len == 0));
    *json = (struct rp_json){.text = text, .arena = arena, .state = VALUE};
    if (rp_str_starts(text, RP_STR("\xef\xbb\xbf")))
        json->at = 3; /* a byte-order mark: RFC 8259 lets a reader ignore it */
}

static enum rp_json_token fail(struct rp_json *json, size_t at, const char *error)
{
    json->state = FAILED;
    json->error = error;
    json->error_at = at;
    return RP_JSON_ERROR;
}

static inline void skip_space(struct rp_json *json)
{
    const char *p = json->text.ptr;
    size_t at = json->at, len = json->text.len;

    if (at < len && (unsigned char)p[at] > ' ') /* as most text is written */
        return;
    while (at < len && (p[at] == ' ' || p[at] == '\n' || p[at] == '\r' || p[at] == '\t'))
        at++;
    json->at = at;
}

/* The offset of the first byte from `at` on that is not plain: a quote, a backslash, a control
 * character or no ASCII. */
static inline size_t plain_end(const char *p, size_t at, size_t len)
{
#if defined(__SSE2__)
    while (len - at >= 16) {
        __m128i word = _mm_loadu_si128((const __m128i *)(const void *)(p + at));
        __m128i hit =
            _mm_cmplt_epi8(word, _mm_set1_epi8(0x20)); /* signed: no ASCII is below, too */
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(word, _mm_set1_epi8('"')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(word, _mm_set1_epi8('\\')));
        unsigned bits = (unsigned)_mm_movemask_epi8(hit);
        if (bits)
            return at + (size_t)__builtin_ctz(bits);
        at += 16;
    }
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (len - at >= 8) {
        uint64_t word;
        memcpy(&word, p + at, 8);
        uint64_t quote = word ^ WORD_OF('"'), slash = word ^ WORD_OF('\\');
        /* Of each test the lowest bit set is exact, borrows only run upwards. */
        uint64_t hit = ((word - WORD_OF(0x20)) & ~word) | ((quote - WORD_OF(1)) & ~quote) |
                       ((slash - WORD_OF(1)) & ~slash) | word;
        hit &= WORD_OF(0x80);
        if (hit)
            return at + ((size_t)__builtin_ctzll(hit) >> 3);
        at += 8;
    }
#endif
    while (at < len && p[at] != '"' && p[at] != '\\' && p[at] >= 0x20 && (signed char)p[at] >= 0)
        at++;
    return at;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX; -1 when they are not. */
static int32_t hex4(const char *p, size_t left)
{
    int32_t code = 0;

    if (left < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

/* Checks the escape whose backslash is at `at`; returns its length, or 0 with *error set. */
static size_t escape_len(const char *p, size_t at, size_t len, const char **error)
{
    if (len - at < 2) {
        *error = "the text ends inside a string";
        return 0;
    }
    if (p[at + 1] != 'u') {
        if (p[at + 1] != '\0' && strchr("\"\\/bfnrt", p[at + 1]))
            return 2;
        *error = "unknown escape in a string";
        return 0;
    }
    int32_t code = hex4(p + at + 2, len - at - 2);
    if (code < 0) {
        *error = "\\u needs four hexadecimal digits";
        return 0;
    }
    if (code < 0xd800 || code > 0xdfff)
        return 6;
    int32_t low = len - at >= 12 && p[at + 6] == '\\' && p[at + 7] == 'u'
                      ? hex4(p + at + 8, len - at - 8)
                      : -1;
    if (code <= 0xdbff && low >= 0xdc00 && low <= 0xdfff)
        return 12;
    *error = "half of a surrogate pair in a string";
    return 0;
}

/* Decodes a checked string with escapes; the result is never longer than its source. */
static struct rp_str decode(struct rp_arena *arena, struct rp_str raw, bool *ret_nul)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char *out = rp_arena_alloc(arena, raw.len);
    size_t at = 0, len = 0;

    while (at < raw.len) {
        if (raw.ptr[at] != '\\') {
            out[len++] = raw.ptr[at++];
        } else if (raw.ptr[at + 1] != 'u') {
            out[len++] = to[strchr(from, raw.ptr[at + 1]) - from];
            at += 2;
        } else {
            uint32_t code = (uint32_t)hex4(raw.ptr + at + 2, 4);
            at += 6;
            if (code >= 0xd800 && code <= 0xdbff) {
                uint32_t low = (uint32_t)hex4(raw.ptr + at + 2, 4);
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                at += 6;
            }
            *ret_nul |= code == 0;
            len += rp_utf8_put(out + len, code);
        }
    }
    return (struct rp_str){out, len};
}

/* Reads a string; json->at is at its first quote. */
static bool read_string(struct rp_json *json, bool want)
{
    const char *p = json->text.ptr, *error = NULL;
    size_t start = json->at, at = start + 1, len = json->text.len;
    bool escaped = false;

    for (;;) {
        at = plain_end(p, at, len);
        if (at == len) {
            fail(json, len, "the text ends inside a string");
            return false;
        }
        if (p[at] == '"')
            break;
        size_t step;
        if (p[at] == '\\') {
            escaped = true;
            step = escape_len(p, at, len, &error);
        } else {
            step = (unsigned char)p[at] < 0x20 ? 0 : rp_utf8_size(p + at, len - at);
            error = (unsigned char)p[at] < 0x20 ? "raw control character in a string"
                                                : "bytes that are not UTF-8 in a string";
        }
        if (step == 0) {
            fail(json, at, error);
            return false;
        }
        at += step;
    }
    json->at = at + 1;
    json->raw = (struct rp_str){p + start, at + 1 - start};
    if (want) {
        json->string = (struct rp_str){p + start + 1, at - start - 1};
        if (escaped)
            json->string = decode(json->arena, json->string, &json->nul);
    }
    return true;
}

static enum rp_json_token read_literal(struct rp_json *json, struct rp_str word,
                                       enum rp_json_token token)
{
    struct rp_str rest = {json->text.ptr + json->at, json->text.len - json->at};

    if (!rp_str_starts(rest, word))
        return fail(json, json->at,
                    "unknown word: a value is true, false, null, a number, "
                    "a string, an array or an object");
    json->at += word.len;
    json->state = NEXT;
    return token;
}

static enum rp_json_token read_number(struct rp_json *json, bool want)
{
    struct rp_str rest = {json->text.ptr + json->at, json->text.len - json->at};
    size_t len = rp_number_scan(rest);

    if (len == 0)
        return fail(json, json->at, "a number that is not complete");
    json->raw = (struct rp_str){rest.ptr, len};
    if (want)
        json->number = rp_number_convert(json->raw);
    json->at += len;
    json->state = NEXT;
    return RP_JSON_NUMBER;
}

static enum rp_json_token open_level(struct rp_json *json, bool object)
{
    if (json->depth == RP_JSON_DEPTH_MAX)
        return fail(json, json->at, "nested deeper than 64 levels");
    uint8_t bit = (uint8_t)(1U << (json->depth & 7));
    uint8_t *bits = &json->stack[json->depth >> 3];
    *bits = object ? (uint8_t)(*bits | bit) : (uint8_t)(*bits & ~bit);
    json->depth++;
    json->at++;
    json->state = object ? FIRST_KEY : FIRST_VALUE;
    return object ? RP_JSON_OBJECT : RP_JSON_ARRAY;
}

static bool in_object(const struct rp_json *json)
{
    uint32_t level = json->depth - 1;

    return json->stack[level >> 3] >> (level & 7) & 1;
}

static enum rp_json_token close_level(struct rp_json *json)
{
    enum rp_json_token token = in_object(json) ? RP_JSON_OBJECT_END : RP_JSON_ARRAY_END;

    json->depth--;
    json->at++;
    json->state = NEXT;
    return token;
}

static enum rp_json_token read_value(struct rp_json *json, bool want)
{
    if (json->at == json->text.len)
        return fail(json, json->at, "the text ends where a value should stand");
    switch (json->text.ptr[json->at]) {
    case '"':
        if (!read_string(json, want))
            return RP_JSON_ERROR;
        json->state = NEXT;
        return RP_JSON_STRING;
    case '{':
        return open_level(json, true);
    case '[':
        return open_level(json, false);
    case 't':
        return read_literal(json, RP_STR("true"), RP_JSON_TRUE);
    case 'f':
        return read_literal(json, RP_STR("false"), RP_JSON_FALSE);
    case 'n':
        return read_literal(json, RP_STR("null"), RP_JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(json, want);
    case ']':
    case '}':
    case ',':
        return fail(json, json->at, "a value is missing");
    default:
        return fail(json, json->at, "no value can start like this");
    }
}

static enum rp_json_token read_key(struct rp_json *json, bool want)
{
    if (json->at == json->text.len || json->text.ptr[json->at] != '"')
        return fail(json, json->at, "a key in double quotes is missing");
    if (!read_string(json, want))
        return RP_JSON_ERROR;
    skip_space(json);
    if (json->at == json->text.len || json->text.ptr[json->at] != ':')
        return fail(json, json->at, "a colon is missing behind a key");
    json->at++;
    json->state = VALUE;
    return RP_JSON_KEY;
}

static enum rp_json_token read_next(struct rp_json *json, bool want)
{
    bool ended = json->at == json->text.len;

    if (json->depth == 0) {
        if (!ended)
            return fail(json, json->at, "more text behind the end of the value");
        json->state = END;
        return RP_JSON_END;
    }
    bool object = in_object(json);
    if (!ended && json->text.ptr[json->at] == ',') {
        json->at++;
        skip_space(json);
        return object ? read_key(json, want) : read_value(json, want);
    }
    if (!ended && json->text.ptr[json->at] == (object ? '}' : ']'))
        return close_level(json);
    return fail(json, json->at, object ? "a comma or } is missing" : "a comma or ] is missing");
}

/* `want`: decode strings and convert numbers; without it the token is checked only. */
static enum rp_json_token next(struct rp_json *json, bool want)
{
    if (json->state < END)
        skip_space(json);
    bool more = json->at < json->text.len;
    switch ((enum state)json->state) {
    case VALUE:
        return read_value(json, want);
    case FIRST_VALUE:
        if (more && json->text.ptr[json->at] == ']')
            return close_level(json);
        return read_value(json, want);
    case FIRST_KEY:
        if (more && json->text.ptr[json->at] == '}')
            return close_level(json);
        return read_key(json, want);
    case NEXT:
        return read_next(json, want);
    case END:
        return RP_JSON_END;
    case FAILED:
        return RP_JSON_ERROR;
    }
    RP_UNREACHABLE();
}

enum rp_json_token rp_json_next(struct rp_json *json)
{
    return next(json, true);
}

enum rp_json_token rp_json_skip(struct rp_json *json, struct rp_str *ret_raw)
{
    uint32_t depth = json->depth;
    enum rp_json_token first = next(json, false), token = first;
    size_t start = json->at;

    switch (first) {
    case RP_JSON_STRING:
    case RP_JSON_NUMBER:
        start -= json->raw.len;
        break;
    case RP_JSON_TRUE:
    case RP_JSON_NULL:
        start -= 4;
        break;
    case RP_JSON_FALSE:
        start -= 5;
        break;
    case RP_JSON_OBJECT:
    case RP_JSON_ARRAY:
        start--;
        while (token != RP_JSON_ERROR && json->depth > depth)
            token = next(json, false);
        break;
    case RP_JSON_ERROR:
    case RP_JSON_END:
    case RP_JSON_KEY:
    case RP_JSON_ARRAY_END:
    case RP_JSON_OBJECT_END:
        break; /* there was no value: the caller sees it by the token */
    }
    if (token == RP_JSON_ERROR)
        return RP_JSON_ERROR;
    if (ret_raw)
        *ret_raw = (struct rp_str){json->text.ptr + start, json->at - start};
    return first;
}
