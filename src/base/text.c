/* SPDX-License-Identifier: MIT */
/* Folding and matching of text that people wrote. Folding: Unicode compatibility decomposition,
 * case folding, accents dropped (the combining marks of Latin, Greek and Cyrillic only: the marks
 * of other scripts are letters there), typographic variants mapped to ASCII, composed again.
 * Folding what is folded changes nothing. Matching works on bytes of folded text and is linear in
 * the text. */
#include "base/text.h"

#include "base/check.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>

#include <utf8proc.h>

/* Letters and marks that Unicode does not decompose to what people type. */
static const struct variant {
    int32_t code;
    const char *ascii;
} variants[] = {
    {0x00ab, "\""}, {0x00b4, "'"},  {0x00bb, "\""}, {0x00c6, "ae"}, {0x00d0, "d"},  {0x00d8, "o"},
    {0x00de, "th"}, {0x00e6, "ae"}, {0x00f0, "d"},  {0x00f8, "o"},  {0x00fe, "th"}, {0x0110, "d"},
    {0x0111, "d"},  {0x0126, "h"},  {0x0127, "h"},  {0x0131, "i"},  {0x0141, "l"},  {0x0142, "l"},
    {0x0152, "oe"}, {0x0153, "oe"}, {0x0166, "t"},  {0x0167, "t"},  {0x02b9, "'"},  {0x02bc, "'"},
    {0x02c8, "'"},  {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},  {0x2013, "-"},  {0x2014, "-"},
    {0x2015, "-"},  {0x2018, "'"},  {0x2019, "'"},  {0x201a, "'"},  {0x201b, "'"},  {0x201c, "\""},
    {0x201d, "\""}, {0x201e, "\""}, {0x201f, "\""}, {0x2032, "'"},  {0x2033, "\""}, {0x2039, "'"},
    {0x203a, "'"},  {0x2043, "-"},  {0x2212, "-"},
};

static const char *variant_of(int32_t code)
{
    if (code > 0x2212 || (code > 0x02c8 && code < 0x2010))
        return NULL;
    for (size_t i = 0; i < RP_COUNT(variants); i++) {
        if (variants[i].code == code)
            return variants[i].ascii;
    }
    return NULL;
}

/* Combining marks that are accents. */
static bool is_accent(int32_t code)
{
    return (code >= 0x0300 && code <= 0x036f) || (code >= 0x1ab0 && code <= 0x1aff) ||
           (code >= 0x1dc0 && code <= 0x1dff) || (code >= 0x20d0 && code <= 0x20ff) ||
           (code >= 0xfe20 && code <= 0xfe2f);
}

struct codes {
    int32_t *code;
    size_t count, cap;
};

static void codes_add(struct codes *out, int32_t code)
{
    out->code = rp_grow(out->code, &out->cap, out->count + 2, sizeof(int32_t));
    out->code[out->count++] = code;
}

/* Adds what one code point folds to, keeping marks in their canonical order. */
static void add_folded(struct codes *out, int32_t code)
{
    int32_t parts[32]; /* the longest decomposition has 18 */
    int boundary = 0;
    const char *ascii = variant_of(code);
    utf8proc_ssize_t count = 1;

    parts[0] = code;
    if (!ascii)
        count = utf8proc_decompose_char(
            code, parts, RP_COUNT(parts),
            UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &boundary);
    RP_ASSERT(count >= 0 && (size_t)count <= RP_COUNT(parts));
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        ascii = variant_of(parts[i]);
        if (ascii) {
            for (; *ascii; ascii++)
                codes_add(out, *ascii);
        } else if (!is_accent(parts[i])) {
            size_t at = out->count;
            int class = utf8proc_get_property(parts[i])->combining_class;
            codes_add(out, parts[i]);
            for (; class > 0 && at > 0; at--) {
                if (utf8proc_get_property(out->code[at - 1])->combining_class <= class)
                    break;
                out->code[at] = out->code[at - 1];
                out->code[at - 1] = parts[i];
            }
        }
    }
}

static bool all_ascii(const struct codes *codes)
{
    int32_t all = 0;

    for (size_t i = 0; i < codes->count; i++)
        all |= codes->code[i];
    return all >= 0 && all < 0x80;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The way for text that is not ASCII. */
static struct rp_str fold_unicode(struct rp_arena *arena, struct rp_str text)
{
    struct codes out = {0};

    out.code = rp_grow(NULL, &out.cap, text.len + 2, sizeof(int32_t));
    for (size_t at = 0; at < text.len;) {
        int32_t code = 0xfffd;
        if ((signed char)text.ptr[at] >= 0) {
            codes_add(&out, lower(text.ptr[at++]));
            continue;
        }
        size_t size = rp_utf8_size(text.ptr + at, text.len - at);
        if (size > 0)
            utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at, (utf8proc_ssize_t)size,
                             &code);
        add_folded(&out, code);
        at += size > 0 ? size : 1;
    }
    utf8proc_ssize_t count = (utf8proc_ssize_t)out.count;
    if (!all_ascii(&out)) /* else there is nothing to compose: most European text */
        count = utf8proc_normalize_utf32(out.code, count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    RP_ASSERT(count >= 0);
    char *bytes = rp_arena_alloc(arena, (size_t)count * 4 + 1);
    size_t len = 0;
    for (utf8proc_ssize_t i = 0; i < count; i++)
        len += rp_utf8_put(bytes + len, (uint32_t)out.code[i]);
    free(out.code);
    return (struct rp_str){bytes, len};
}

struct rp_str rp_text_fold(struct rp_arena *arena, struct rp_str text)
{
    size_t at = 0;

    while (at < text.len && (signed char)text.ptr[at] >= 0 &&
           !(text.ptr[at] >= 'A' && text.ptr[at] <= 'Z'))
        at++;
    if (at == text.len)
        return text;
    for (size_t i = at; i < text.len; i++) {
        if ((signed char)text.ptr[i] < 0) {
            struct rp_str folded = fold_unicode(arena, text);
            return rp_str_eq(folded, text) ? text : folded;
        }
    }
    char *folded = rp_arena_alloc(arena, text.len);
    for (size_t i = 0; i < text.len; i++)
        folded[i] = lower(text.ptr[i]);
    return (struct rp_str){folded, text.len};
}

/* Matches `part`, which holds no '*', at the start of `text`; returns the bytes of text that it
 * took, or SIZE_MAX. */
static size_t glob_here(struct rp_str text, struct rp_str part)
{
    size_t at = 0;

    for (size_t i = 0; i < part.len; i++) {
        if (at == text.len)
            return SIZE_MAX;
        if (part.ptr[i] == '?') {
            size_t size = rp_utf8_size(text.ptr + at, text.len - at);
            at += size > 0 ? size : 1;
        } else if (part.ptr[i] != text.ptr[at++]) {
            return SIZE_MAX;
        }
    }
    return at;
}

/* The first place of `part` in `text`: its end there, or SIZE_MAX. */
static size_t glob_find(struct rp_str text, struct rp_str part)
{
    if (!memchr(part.ptr, '?', part.len)) {
        const char *found = memmem(text.ptr, text.len, part.ptr, part.len);
        return found ? (size_t)(found - text.ptr) + part.len : SIZE_MAX;
    }
    for (size_t at = 0; at < text.len; at++) {
        if (((unsigned char)text.ptr[at] & 0xc0) == 0x80)
            continue; /* inside a character */
        size_t took = glob_here((struct rp_str){text.ptr + at, text.len - at}, part);
        if (took != SIZE_MAX)
            return at + took;
    }
    return SIZE_MAX;
}

/* The last part must end where the text ends: tried from the shortest tail on. */
static bool glob_tail(struct rp_str text, struct rp_str part)
{
    size_t chars = 0, at = text.len;

    for (size_t i = 0; i < part.len; i++)
        chars += part.ptr[i] == '?' || ((unsigned char)part.ptr[i] & 0xc0) != 0x80;
    while (chars > 0 && at > 0) {
        at--;
        chars -= ((unsigned char)text.ptr[at] & 0xc0) != 0x80;
    }
    return chars == 0 &&
           glob_here((struct rp_str){text.ptr + at, text.len - at}, part) == text.len - at;
}

bool rp_text_glob(struct rp_str text, struct rp_str pattern)
{
    const char *star = pattern.len ? memchr(pattern.ptr, '*', pattern.len) : NULL;

    if (!star)
        return glob_here(text, pattern) == text.len;
    if (!text.ptr)
        text.ptr = "";
    struct rp_str part = {pattern.ptr, (size_t)(star - pattern.ptr)};
    size_t took = glob_here(text, part);
    if (took == SIZE_MAX)
        return false;
    for (;;) {
        if (took > 0) {
            text.ptr += took;
            text.len -= took;
        }
        pattern.ptr += part.len + 1;
        pattern.len -= part.len + 1;
        star = pattern.len ? memchr(pattern.ptr, '*', pattern.len) : NULL;
        if (!star)
            return glob_tail(text, pattern);
        part = (struct rp_str){pattern.ptr, (size_t)(star - pattern.ptr)};
        took = part.len ? glob_find(text, part) : 0;
        if (took == SIZE_MAX)
            return false;
    }
}

bool rp_text_contains(struct rp_str text, struct rp_str part)
{
    return part.len == 0 || (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len));
}

/* Whether the character that starts at `at` belongs to a word. */
static bool is_word_at(struct rp_str text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];
    int32_t code;

    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    if (utf8proc_iterate((const utf8proc_uint8_t *)text.ptr + at, (utf8proc_ssize_t)(text.len - at),
                         &code) < 0)
        return false;
    utf8proc_category_t category = utf8proc_category(code);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

/* The start of the character that ends in front of `at` (> 0). */
static size_t before(struct rp_str text, size_t at)
{
    do
        at--;
    while (at > 0 && ((unsigned char)text.ptr[at] & 0xc0) == 0x80);
    return at;
}

bool rp_text_word(struct rp_str text, struct rp_str words)
{
    size_t at = 0;

    if (words.len == 0)
        return false;
    bool head = is_word_at(words, 0), tail = is_word_at(words, before(words, words.len));
    while (text.len - at >= words.len) {
        const char *found = memmem(text.ptr + at, text.len - at, words.ptr, words.len);
        if (!found)
            return false;
        size_t start = (size_t)(found - text.ptr), end = start + words.len;
        bool left_ok = !head || start == 0 || !is_word_at(text, before(text, start));
        bool right_ok = !tail || end == text.len || !is_word_at(text, end);
        if (left_ok && right_ok)
            return true;
        at = start + 1;
        if (head) { /* the next chance is behind this word */
            while (at < text.len && is_word_at(text, at))
                at += rp_utf8_size(text.ptr + at, text.len - at);
        }
    }
    return false;
}

bool rp_utf8_valid(struct rp_str text)
{
    size_t at = 0;

    while (at < text.len) {
        uint64_t word;
        if (text.len - at >= 8) {
            memcpy(&word, text.ptr + at, 8);
            if (!(word & UINT64_C(0x8080808080808080))) {
                at += 8;
                continue;
            }
        }
        size_t size = rp_utf8_size(text.ptr + at, text.len - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

#define DISTANCE_LEN_MAX 255

int rp_text_distance(struct rp_str a, struct rp_str b, int max)
{
    uint16_t rows[3][DISTANCE_LEN_MAX + 1];
    uint16_t *above2 = rows[0], *above = rows[1], *row = rows[2];
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;

    if (max < 0 || gap > (size_t)max)
        return max + 1;
    if (a.len > DISTANCE_LEN_MAX || b.len > DISTANCE_LEN_MAX)
        return rp_str_eq(a, b) ? 0 : max + 1;
    for (size_t j = 0; j <= b.len; j++)
        above[j] = (uint16_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        int best = row[0] = (uint16_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            int change = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            int cost = above[j] < row[j - 1] ? above[j] + 1 : row[j - 1] + 1;
            if (change < cost)
                cost = change;
            bool swapped =
                i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
            if (swapped && above2[j - 2] + 1 < cost)
                cost = above2[j - 2] + 1;
            row[j] = (uint16_t)cost;
            if (cost < best)
                best = cost;
        }
        if (best > max)
            return max + 1;
        uint16_t *free_row = above2;
        above2 = above;
        above = row;
        row = free_row;
    }
    return above[b.len] > max ? max + 1 : above[b.len];
}
