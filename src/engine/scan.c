/* SPDX-License-Identifier: MIT */
/* Tokens and bracket outline of Lua source text. Knows the lexical grammar of Lua 5.4 and nothing
 * of its meaning. Invariants: every call moves on or answers END; nesting deeper than DEPTH_MAX is
 * read flat; broken text gives a smaller outline, never an error. */
#include "engine/scan.h"

#include "base/mem.h"

#define DEPTH_MAX 190 /* Lua's parser itself stops at 200 */

/* ---- Tokens ---------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct rp_scan rp_scan_start(struct rp_str text)
{
    struct rp_scan scan = {.text = text, .line = 1};

    if (rp_str_starts(text, RP_STR("\xef\xbb\xbf")))
        scan.at = scan.line_at = 3;
    if (scan.at < text.len && text.ptr[scan.at] == '#')
        while (scan.at < text.len && text.ptr[scan.at] != '\n')
            scan.at++;
    return scan;
}

static char peek(const struct rp_scan *scan, size_t ahead)
{
    return scan->at + ahead < scan->text.len ? scan->text.ptr[scan->at + ahead] : '\0';
}

static void advance(struct rp_scan *scan)
{
    if (scan->text.ptr[scan->at++] == '\n') {
        scan->line++;
        scan->line_at = scan->at;
    }
}

/* Level of a long bracket that starts here ("[[" is 0, "[=[" is 1); -1 when none does. */
static int long_level(const struct rp_scan *scan)
{
    size_t n = 1;

    if (peek(scan, 0) != '[')
        return -1;
    while (peek(scan, n) == '=')
        n++;
    return peek(scan, n) == '[' ? (int)(n - 1) : -1;
}

static struct rp_str skip_long(struct rp_scan *scan, int level)
{
    size_t start;

    for (int i = 0; i < level + 2; i++)
        advance(scan);
    start = scan->at;
    while (scan->at < scan->text.len) {
        if (peek(scan, 0) == ']') {
            size_t n = 1;

            while (peek(scan, n) == '=')
                n++;
            if ((int)(n - 1) == level && peek(scan, n) == ']') {
                struct rp_str text = {scan->text.ptr + start, scan->at - start};

                for (size_t i = 0; i <= n; i++)
                    advance(scan);
                return text;
            }
        }
        advance(scan);
    }
    return (struct rp_str){scan->text.ptr + start, scan->at - start};
}

static void skip_blank(struct rp_scan *scan)
{
    for (;;) {
        char c = peek(scan, 0);

        if (scan->at >= scan->text.len)
            return;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f') {
            advance(scan);
        } else if (c == '-' && peek(scan, 1) == '-') {
            int level;

            scan->at += 2;
            level = long_level(scan);
            if (level >= 0)
                (void)skip_long(scan, level);
            else
                while (scan->at < scan->text.len && peek(scan, 0) != '\n')
                    scan->at++;
        } else {
            return;
        }
    }
}

/* Goes on from where it was counted to before: a line may be the whole file. */
static int column_of(struct rp_scan *scan, size_t at)
{
    if (scan->counted < scan->line_at || scan->counted > at) {
        scan->counted = scan->line_at;
        scan->characters = 0;
    }
    for (; scan->counted < at; scan->counted++)
        if (((unsigned char)scan->text.ptr[scan->counted] & 0xc0) != 0x80)
            scan->characters++;
    return scan->characters + 1;
}

static struct rp_str scan_quoted(struct rp_scan *scan)
{
    char quote = peek(scan, 0);
    size_t start;

    advance(scan);
    start = scan->at;
    while (scan->at < scan->text.len && peek(scan, 0) != quote && peek(scan, 0) != '\n') {
        if (peek(scan, 0) == '\\' && scan->at + 1 < scan->text.len)
            advance(scan);
        advance(scan);
    }
    struct rp_str text = {scan->text.ptr + start, scan->at - start};

    if (peek(scan, 0) == quote && scan->at < scan->text.len)
        advance(scan);
    return text;
}

static size_t mark_length(const struct rp_scan *scan)
{
    static const char *const marks[] = {
        "...", "==", "~=", "<=", ">=", "..", "::", "//", "<<", ">>"};
    struct rp_str rest = {scan->text.ptr + scan->at, scan->text.len - scan->at};

    for (size_t i = 0; i < RP_COUNT(marks); i++)
        if (rp_str_starts(rest, rp_str_from(marks[i])))
            return strlen(marks[i]);
    return 1;
}

struct rp_token rp_scan_next(struct rp_scan *scan)
{
    struct rp_token token = {0};
    size_t start;
    char c;

    skip_blank(scan);
    start = scan->at;
    token.at = start;
    token.line = scan->line;
    token.column = column_of(scan, start);
    if (start >= scan->text.len)
        return token;
    c = peek(scan, 0);
    if (c == '"' || c == '\'' || long_level(scan) >= 0) {
        token.type = RP_TOKEN_STRING;
        token.text = c == '[' ? skip_long(scan, long_level(scan)) : scan_quoted(scan);
        return token;
    }
    if (is_letter(c)) {
        token.type = RP_TOKEN_NAME;
        while (is_letter(peek(scan, 0)) || is_digit(peek(scan, 0)))
            scan->at++;
    } else if (is_digit(c) || (c == '.' && is_digit(peek(scan, 1)))) {
        token.type = RP_TOKEN_NUMBER;
        while (is_letter(peek(scan, 0)) || is_digit(peek(scan, 0)) || peek(scan, 0) == '.')
            scan->at++;
    } else {
        token.type = RP_TOKEN_MARK;
        scan->at += mark_length(scan);
    }
    token.text = (struct rp_str){scan->text.ptr + start, scan->at - start};
    return token;
}

struct rp_str rp_source_line(struct rp_str text, int line)
{
    size_t start = 0;

    for (int i = 1; i < line; i++) {
        const char *end =
            start < text.len ? memchr(text.ptr + start, '\n', text.len - start) : NULL;

        if (end == NULL)
            return RP_STR("");
        start = (size_t)(end - text.ptr) + 1;
    }
    if (start >= text.len || line < 1)
        return RP_STR("");
    const char *end = memchr(text.ptr + start, '\n', text.len - start);
    size_t len = end ? (size_t)(end - text.ptr) - start : text.len - start;

    if (len > 0 && text.ptr[start + len - 1] == '\r')
        len--;
    return (struct rp_str){text.ptr + start, len};
}

/* ---- Outline --------------------------------------------------------------------------------- */

static void *arena_grow(struct rp_arena *arena, void *array, uint32_t count, uint32_t *cap,
                        size_t size)
{
    uint32_t wider = *cap ? *cap * 2 : 4;
    void *copy;

    if (count < *cap)
        return array;
    copy = rp_arena_zalloc(arena, size * wider);
    if (count > 0)
        memcpy(copy, array, size * count);
    *cap = wider;
    return copy;
}

struct outliner {
    struct rp_arena *arena;
    struct rp_scan scan;
    struct rp_token token; /* the present one */
    struct rp_outline *outline;
};

static void next(struct outliner *o)
{
    o->token = rp_scan_next(&o->scan);
}

static bool is_mark(const struct rp_token *token, const char *mark)
{
    return token->type == RP_TOKEN_MARK && rp_str_is(token->text, mark);
}

static bool is_word(const struct rp_token *token, const char *word)
{
    return token->type == RP_TOKEN_NAME && rp_str_is(token->text, word);
}

static bool is_keyword(struct rp_str name)
{
    static const char *const words[] = {"and",   "break", "do",       "else", "elseif", "end",
                                        "false", "for",   "function", "goto", "if",     "in",
                                        "local", "nil",   "not",      "or",   "repeat", "return",
                                        "then",  "true",  "until",    "while"};

    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (rp_str_is(name, words[i]))
            return true;
    return false;
}

static char closing(char open)
{
    return open == '{' ? '}' : open == '(' ? ')' : ']';
}

static char opening(const struct rp_token *token)
{
    if (is_mark(token, "{") || is_mark(token, "(") || is_mark(token, "["))
        return token->text.ptr[0];
    return '\0';
}

static bool is_closing(const struct rp_token *token)
{
    return is_mark(token, "}") || is_mark(token, ")") || is_mark(token, "]");
}

/* The present token's effect on the depth of blocks. */
static int block_step(const struct rp_token *token)
{
    if (token->type != RP_TOKEN_NAME)
        return 0;
    if (is_word(token, "function") || is_word(token, "if") || is_word(token, "do") ||
        is_word(token, "repeat"))
        return 1;
    return is_word(token, "end") || is_word(token, "until") ? -1 : 0;
}

static void read_span(struct outliner *o, struct rp_bracket *span, int depth);

static void add_loose(struct outliner *o, int depth)
{
    struct rp_outline *outline = o->outline;
    struct rp_bracket span = {0};

    read_span(o, &span, depth + 1);
    outline->loose = arena_grow(o->arena, outline->loose, outline->loose_count, &outline->loose_cap,
                                sizeof *outline->loose);
    outline->loose[outline->loose_count++] = span;
}

static void add_span(struct outliner *o, struct rp_bracket_item *item, int depth)
{
    item->spans =
        arena_grow(o->arena, item->spans, item->span_count, &item->span_cap, sizeof *item->spans);
    read_span(o, &item->spans[item->span_count], depth + 1);
    item->span_count++;
}

/* A key in front of '='; the present token is behind the '=' then. */
static void read_key(struct outliner *o, struct rp_bracket_item *item)
{
    struct rp_scan mark = o->scan;
    struct rp_token first = o->token;
    struct rp_token second = rp_scan_next(&mark);

    if (first.type == RP_TOKEN_NAME && is_mark(&second, "=")) {
        item->key = first.text;
    } else if (is_mark(&first, "[") &&
               (second.type == RP_TOKEN_STRING || second.type == RP_TOKEN_NUMBER)) {
        struct rp_token third = rp_scan_next(&mark);
        struct rp_token fourth = rp_scan_next(&mark);

        if (!is_mark(&third, "]") || !is_mark(&fourth, "="))
            return;
        item->key = second.text;
        first = second;
    } else {
        return;
    }
    item->line = first.line;
    item->column = first.column;
    o->scan = mark;
    next(o);
}

/* The value of an item, up to the comma or bracket that ends it. */
static void read_value(struct outliner *o, struct rp_bracket_item *item, char close, int depth)
{
    int blocks = 0;

    item->value_line = o->token.line;
    item->value_column = o->token.column;
    item->value_width = (int)o->token.text.len + (o->token.type == RP_TOKEN_STRING ? 2 : 0);
    if (item->key.len == 0) {
        item->line = item->value_line;
        item->column = item->value_column;
    }
    while (o->token.type != RP_TOKEN_END) {
        if (blocks == 0 && (is_mark(&o->token, ",") || is_mark(&o->token, ";")) && close != ']')
            return;
        if (is_closing(&o->token))
            return;
        blocks += block_step(&o->token);
        if (blocks < 0)
            return;
        if (opening(&o->token) != '\0' && depth < DEPTH_MAX) {
            if (blocks == 0 && opening(&o->token) != '[')
                add_span(o, item, depth);
            else
                add_loose(o, depth);
            continue;
        }
        next(o);
    }
}

/* The present token is the opening bracket; afterwards it is the one behind the closing bracket. */
static void read_span(struct outliner *o, struct rp_bracket *span, int depth)
{
    char close = closing(opening(&o->token));

    span->open = opening(&o->token);
    span->line = o->token.line;
    span->column = o->token.column;
    next(o);
    while (o->token.type != RP_TOKEN_END) {
        struct rp_bracket_item *item;
        size_t before = o->token.at;

        if (is_closing(&o->token)) {
            if (o->token.text.ptr[0] == close)
                next(o);
            return;
        }
        if (is_mark(&o->token, ",") || is_mark(&o->token, ";")) {
            next(o);
            continue;
        }
        span->items = arena_grow(o->arena, span->items, span->item_count, &span->item_cap,
                                 sizeof *span->items);
        item = &span->items[span->item_count++];
        if (span->open == '{')
            read_key(o, item);
        read_value(o, item, close, depth);
        if (o->token.at == before)
            next(o); /* a stray word such as `end`: step over it */
    }
}

static void read_call(struct outliner *o, struct rp_outline *outline, struct rp_token callee)
{
    struct rp_site *site;

    outline->sites = arena_grow(o->arena, outline->sites, outline->site_count, &outline->site_cap,
                                sizeof *outline->sites);
    site = &outline->sites[outline->site_count++];
    *site = (struct rp_site){.callee = callee.text, .line = callee.line, .column = callee.column};
    if (o->token.type == RP_TOKEN_STRING) {
        site->name = o->token.text;
        next(o);
    }
    while (opening(&o->token) == '{' || opening(&o->token) == '(')
        add_span(o, &site->value, 0);
}

struct rp_outline *rp_outline_new(struct rp_arena *arena, struct rp_str text)
{
    struct rp_outline *outline = RP_ARENA_NEW(arena, struct rp_outline);
    struct outliner o = {.arena = arena, .scan = rp_scan_start(text), .outline = outline};

    next(&o);
    while (o.token.type != RP_TOKEN_END) {
        struct rp_token callee = o.token;

        if (opening(&callee) == '{') {
            add_loose(&o, 0);
            continue;
        }
        bool calls = callee.type == RP_TOKEN_NAME &&
                     (!is_keyword(callee.text) || is_word(&callee, "return"));

        next(&o);
        if (calls && (o.token.type == RP_TOKEN_STRING || opening(&o.token) == '{' ||
                      opening(&o.token) == '('))
            read_call(&o, outline, callee);
    }
    return outline;
}

/* The name of `score("x") {…}`, which stands in the first bracket; then the body is the second. */
static bool site_has_name(const struct rp_site *site, struct rp_str name)
{
    return name.len == 0 || rp_str_eq(site->name, name);
}

const struct rp_site *rp_outline_site(const struct rp_outline *outline, const char *callee,
                                      struct rp_str name, int line)
{
    const struct rp_site *same_line = NULL;
    uint32_t low = 0, high = outline->site_count;

    while (low < high) { /* the first site on that line: sites are in order */
        uint32_t mid = low + (high - low) / 2;

        if (outline->sites[mid].line < line)
            low = mid + 1;
        else
            high = mid;
    }
    for (uint32_t i = low; i < outline->site_count && outline->sites[i].line == line; i++) {
        const struct rp_site *site = &outline->sites[i];

        if (!rp_str_is(site->callee, callee))
            continue;
        if (site_has_name(site, name))
            return site;
        if (same_line == NULL)
            same_line = site;
    }
    return same_line;
}
