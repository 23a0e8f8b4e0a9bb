/* SPDX-License-Identifier: MIT */
/* Backtracking over a list of items. Lua patterns have no repeated groups, so each item is under
 * way at most once: choices and changed captures fit in arrays as long as the pattern. Invariants:
 * every turn of a loop takes a step; a failed match leaves no trace. */
#include "engine/match.h"

#include "base/check.h"

/* ---- Compiling ------------------------------------------------------------------------------- */

struct source {
    struct rp_str text;
    size_t at;
    bool open[RP_CAPTURES_MAX];
};

static void set_bit(uint32_t bits[8], unsigned char c)
{
    bits[c >> 5] |= UINT32_C(1) << (c & 31);
}

static bool has_bit(const uint32_t bits[8], unsigned char c)
{
    return bits[c >> 5] >> (c & 31) & 1;
}

/* The C locale's classes, whatever the process's locale. */
static bool in_class(unsigned char c, char class)
{
    bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
    bool graphic = c > 32 && c < 127;

    switch (class) {
    case 'a':
        return lower || upper;
    case 'c':
        return c < 32 || c == 127;
    case 'd':
        return digit;
    case 'g':
        return graphic;
    case 'l':
        return lower;
    case 'p':
        return graphic && !lower && !upper && !digit;
    case 's':
        return c == ' ' || (c >= '\t' && c <= '\r');
    case 'u':
        return upper;
    case 'w':
        return lower || upper || digit;
    case 'x':
        return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    default:
        return false;
    }
}

static bool is_class(char c)
{
    return c != '\0' && strchr("acdglpsuwxACDGLPSUWX", c) != NULL;
}

/* %a, %A, or an escaped character. */
static void add_class(uint32_t bits[8], char c)
{
    bool inverse = c >= 'A' && c <= 'Z';

    if (!is_class(c)) {
        set_bit(bits, (unsigned char)c);
        return;
    }
    for (unsigned i = 0; i < 256; i++)
        if (in_class((unsigned char)i, inverse ? (char)(c + 32) : c) != inverse)
            set_bit(bits, (unsigned char)i);
}

/* Offset of the ']' that ends a set whose first element stands at `at`; a ']' there is an element.
 */
static size_t set_end(struct rp_str text, size_t at)
{
    do {
        if (at >= text.len)
            return text.len;
        if (text.ptr[at++] == '%' && at < text.len)
            at++;
    } while (at >= text.len || text.ptr[at] != ']');
    return at;
}

/* [...]; `at` stands behind the '['. */
static const char *read_set(struct source *source, uint32_t bits[8])
{
    const char *text = source->text.ptr;
    size_t at = source->at, end;
    bool inverse = at < source->text.len && text[at] == '^';

    at += inverse;
    end = set_end(source->text, at);
    if (end >= source->text.len)
        return "malformed pattern (missing ']')";
    source->at = end + 1;
    while (at < end) {
        if (text[at] == '%') {
            add_class(bits, text[at + 1]);
            at += 2;
        } else if (at + 2 < end && text[at + 1] == '-') {
            for (unsigned c = (unsigned char)text[at]; c <= (unsigned char)text[at + 2]; c++)
                set_bit(bits, (unsigned char)c);
            at += 3;
        } else {
            set_bit(bits, (unsigned char)text[at++]);
        }
    }
    for (int i = 0; inverse && i < 8; i++)
        bits[i] = ~bits[i];
    return NULL;
}

static const char *read_open(struct source *source, struct rp_pattern *pattern,
                             struct rp_pattern_item *item)
{
    if (pattern->capture_count == RP_CAPTURES_MAX)
        return "too many captures";
    item->capture = (uint8_t)pattern->capture_count++;
    item->kind = RP_ITEM_OPEN;
    source->at++;
    if (source->at < source->text.len && source->text.ptr[source->at] == ')') {
        item->kind = RP_ITEM_POSITION;
        source->at++;
    } else {
        source->open[item->capture] = true;
    }
    return NULL;
}

static const char *read_close(struct source *source, const struct rp_pattern *pattern,
                              struct rp_pattern_item *item)
{
    item->kind = RP_ITEM_CLOSE;
    source->at++;
    for (uint32_t i = pattern->capture_count; i > 0; i--) {
        if (!source->open[i - 1])
            continue;
        source->open[i - 1] = false;
        item->capture = (uint8_t)(i - 1);
        return NULL;
    }
    return "invalid pattern capture";
}

/* %b %f %1; anything else behind % is a single character. */
static const char *read_escape(struct source *source, const struct rp_pattern *pattern,
                               struct rp_pattern_item *item, bool *ret_single)
{
    const char *text = source->text.ptr;
    size_t left = source->text.len - source->at;

    *ret_single = false;
    if (left < 2)
        return "malformed pattern (ends with '%')";
    switch (text[source->at + 1]) {
    case 'b':
        if (left < 4)
            return "malformed pattern (missing arguments to '%b')";
        item->kind = RP_ITEM_BALANCED;
        item->open = text[source->at + 2];
        item->close = text[source->at + 3];
        source->at += 4;
        return NULL;
    case 'f':
        if (left < 3 || text[source->at + 2] != '[')
            return "missing '[' after '%f' in pattern";
        item->kind = RP_ITEM_FRONTIER;
        source->at += 3;
        return read_set(source, item->bits);
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
        item->kind = RP_ITEM_BACK;
        item->capture = (uint8_t)(text[source->at + 1] - '1');
        source->at += 2;
        if (item->capture >= pattern->capture_count || source->open[item->capture])
            return "invalid capture index in pattern";
        return NULL;
    default:
        *ret_single = true;
        return NULL;
    }
}

static const char *read_single(struct source *source, struct rp_pattern_item *item)
{
    const char *text = source->text.ptr;
    const char *wrong = NULL;

    item->kind = RP_ITEM_SET;
    switch (text[source->at]) {
    case '.':
        memset(item->bits, 0xff, sizeof item->bits);
        source->at++;
        break;
    case '%':
        add_class(item->bits, text[source->at + 1]);
        source->at += 2;
        break;
    case '[':
        source->at++;
        wrong = read_set(source, item->bits);
        break;
    default:
        set_bit(item->bits, (unsigned char)text[source->at]);
        source->at++;
        break;
    }
    if (wrong == NULL && source->at < source->text.len) {
        char repeat = text[source->at];

        if (repeat == '?' || repeat == '*' || repeat == '+' || repeat == '-') {
            item->repeat = repeat;
            source->at++;
        }
    }
    return wrong;
}

static const char *read_item(struct source *source, struct rp_pattern *pattern,
                             struct rp_pattern_item *item)
{
    char c = source->text.ptr[source->at];
    bool single = true;

    if (c == '(')
        return read_open(source, pattern, item);
    if (c == ')')
        return read_close(source, pattern, item);
    if (c == '$' && source->at + 1 == source->text.len) {
        item->kind = RP_ITEM_END;
        source->at++;
        return NULL;
    }
    if (c == '%') {
        const char *wrong = read_escape(source, pattern, item, &single);

        if (wrong || !single)
            return wrong;
    }
    return read_single(source, item);
}

const char *rp_pattern_compile(struct rp_pattern *pattern, struct rp_str text, bool anchors)
{
    struct source source = {.text = text};

    pattern->item_count = pattern->capture_count = 0;
    pattern->anchored = anchors && text.len > 0 && text.ptr[0] == '^';
    if (text.len > RP_PATTERN_MAX)
        return "the pattern is longer than 256 bytes";
    source.at = pattern->anchored;
    while (source.at < text.len) {
        struct rp_pattern_item *item = &pattern->items[pattern->item_count++];
        const char *wrong;

        memset(item, 0, sizeof *item);
        wrong = read_item(&source, pattern, item);
        if (wrong)
            return wrong;
    }
    for (uint32_t i = 0; i < pattern->capture_count; i++)
        if (source.open[i])
            return "unfinished capture";
    return NULL;
}

/* ---- Matching -------------------------------------------------------------------------------- */

struct choice {
    uint32_t item;
    size_t low, at; /* a longer match can shrink from `at` to `low`; a lazy one grows from `at` */
    uint32_t trail;
};

struct change {
    uint8_t capture;
    struct rp_capture before;
};

struct matching {
    const struct rp_pattern *pattern;
    struct rp_str text;
    struct rp_capture *captures;
    int64_t *steps;
    struct choice choices[RP_PATTERN_MAX];
    uint32_t choice_count;
    struct change trail[RP_PATTERN_MAX];
    uint32_t trail_count;
};

static bool fits(const struct matching *m, const struct rp_pattern_item *item, size_t at)
{
    return at < m->text.len && has_bit(item->bits, (unsigned char)m->text.ptr[at]);
}

static void change_capture(struct matching *m, uint8_t capture, struct rp_capture value)
{
    m->trail[m->trail_count++] =
        (struct change){.capture = capture, .before = m->captures[capture]};
    m->captures[capture] = value;
}

static void add_choice(struct matching *m, uint32_t item, size_t low, size_t at)
{
    m->choices[m->choice_count++] =
        (struct choice){.item = item, .low = low, .at = at, .trail = m->trail_count};
}

/* Takes as much as it can; each shorter way is a choice. RP_MATCH_NOTHING: not even the least. */
static size_t take_set(struct matching *m, uint32_t number, size_t at)
{
    const struct rp_pattern_item *item = &m->pattern->items[number];
    size_t end = at;

    switch (item->repeat) {
    case '\0':
        return fits(m, item, at) ? at + 1 : RP_MATCH_NOTHING;
    case '?':
        if (!fits(m, item, at))
            return at;
        add_choice(m, number, at, at + 1);
        return at + 1;
    case '-':
        add_choice(m, number, at, at);
        return at;
    default:
        while (fits(m, item, end))
            end++;
        *m->steps -= (int64_t)(end - at);
        if (item->repeat == '+' && end == at)
            return RP_MATCH_NOTHING;
        if (end > at + (item->repeat == '+'))
            add_choice(m, number, at + (item->repeat == '+'), end);
        return end;
    }
}

static size_t take_balanced(const struct matching *m, const struct rp_pattern_item *item, size_t at)
{
    size_t depth = 1;

    if (at >= m->text.len || m->text.ptr[at] != item->open)
        return RP_MATCH_NOTHING;
    for (size_t i = at + 1; i < m->text.len; i++) {
        --*m->steps;
        if (m->text.ptr[i] == item->close) {
            if (--depth == 0)
                return i + 1;
        } else if (m->text.ptr[i] == item->open) {
            depth++;
        }
    }
    return RP_MATCH_NOTHING;
}

static size_t take_back(const struct matching *m, const struct rp_pattern_item *item, size_t at)
{
    struct rp_capture capture = m->captures[item->capture];

    if (capture.len == RP_CAPTURE_POSITION || capture.len > m->text.len - at)
        return RP_MATCH_NOTHING;
    *m->steps -= (int64_t)(capture.len / 16);
    return memcmp(m->text.ptr + capture.start, m->text.ptr + at, capture.len) == 0
               ? at + capture.len
               : RP_MATCH_NOTHING;
}

static bool at_frontier(const struct matching *m, const struct rp_pattern_item *item, size_t at)
{
    unsigned char before = at > 0 ? (unsigned char)m->text.ptr[at - 1] : 0;
    unsigned char here = at < m->text.len ? (unsigned char)m->text.ptr[at] : 0;

    return !has_bit(item->bits, before) && has_bit(item->bits, here);
}

static size_t take(struct matching *m, uint32_t number, size_t at)
{
    const struct rp_pattern_item *item = &m->pattern->items[number];

    switch ((enum rp_item_kind)item->kind) {
    case RP_ITEM_SET:
        return take_set(m, number, at);
    case RP_ITEM_OPEN:
        change_capture(m, item->capture, (struct rp_capture){.start = at});
        return at;
    case RP_ITEM_CLOSE:
        change_capture(m, item->capture,
                       (struct rp_capture){.start = m->captures[item->capture].start,
                                           .len = at - m->captures[item->capture].start});
        return at;
    case RP_ITEM_POSITION:
        change_capture(m, item->capture,
                       (struct rp_capture){.start = at, .len = RP_CAPTURE_POSITION});
        return at;
    case RP_ITEM_BACK:
        return take_back(m, item, at);
    case RP_ITEM_BALANCED:
        return take_balanced(m, item, at);
    case RP_ITEM_FRONTIER:
        return at_frontier(m, item, at) ? at : RP_MATCH_NOTHING;
    case RP_ITEM_END:
        return at == m->text.len ? at : RP_MATCH_NOTHING;
    }
    RP_UNREACHABLE();
}

/* Goes back to the newest choice that has another way; false when there is none. */
static bool go_back(struct matching *m, uint32_t *number, size_t *at)
{
    while (m->choice_count > 0) {
        struct choice *choice = &m->choices[m->choice_count - 1];
        const struct rp_pattern_item *item = &m->pattern->items[choice->item];

        while (m->trail_count > choice->trail) {
            struct change *change = &m->trail[--m->trail_count];

            m->captures[change->capture] = change->before;
        }
        --*m->steps;
        if (item->repeat == '-') {
            if (!fits(m, item, choice->at)) {
                m->choice_count--;
                continue;
            }
            *at = ++choice->at;
            *number = choice->item + 1;
            return true;
        }
        *at = --choice->at;
        *number = choice->item + 1;
        if (choice->at == choice->low)
            m->choice_count--;
        return true;
    }
    return false;
}

size_t rp_pattern_match(const struct rp_pattern *pattern, struct rp_str text, size_t at,
                        struct rp_capture captures[RP_CAPTURES_MAX], int64_t *steps)
{
    struct matching m;
    uint32_t number = 0;

    m.pattern = pattern;
    m.text = text;
    m.captures = captures;
    m.steps = steps;
    m.choice_count = m.trail_count = 0;
    for (;;) {
        if (--*steps < 0)
            return RP_MATCH_SPENT;
        if (number == pattern->item_count)
            return at;
        at = take(&m, number, at);
        number++;
        if (at == RP_MATCH_NOTHING && !go_back(&m, &number, &at))
            return *steps < 0 ? RP_MATCH_SPENT : RP_MATCH_NOTHING;
    }
}

size_t rp_find_plain(struct rp_str text, size_t at, struct rp_str part)
{
    const char *found;

    if (at > text.len || part.len > text.len - at)
        return RP_MATCH_NOTHING;
    if (part.len == 0)
        return at;
    found = memmem(text.ptr + at, text.len - at, part.ptr, part.len);
    return found ? (size_t)(found - text.ptr) : RP_MATCH_NOTHING;
}
