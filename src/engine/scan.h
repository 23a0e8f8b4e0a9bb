/* SPDX-License-Identifier: MIT */
/* A reader of Lua source text that knows where things stand: tokens, and the nesting of brackets
 * with the keys in them. Lua itself forgets on which line a field of a table stood; messages need
 * it. It never judges the text: what it cannot follow has no place. */
#ifndef RP_ENGINE_SCAN_H
#define RP_ENGINE_SCAN_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum rp_token_type {
    RP_TOKEN_END,
    RP_TOKEN_NAME,   /* also keywords */
    RP_TOKEN_STRING, /* text: what stands between the quotes, escapes as written */
    RP_TOKEN_NUMBER,
    RP_TOKEN_MARK, /* one character; "==" "~=" "<=" ">=" ".." "..." "::" "//" "<<" ">>" whole */
};

struct rp_token {
    enum rp_token_type type;
    struct rp_str text; /* borrows from the source */
    size_t at;          /* offset of its first byte */
    int line, column;   /* from 1; columns count characters */
};

struct rp_scan {
    struct rp_str text;
    size_t at, line_at; /* offset of the next byte, of the present line */
    int line;
    size_t counted; /* up to here, in the present line, … */
    int characters; /* … stand so many characters */
};

struct rp_scan rp_scan_start(struct rp_str text);
struct rp_token rp_scan_next(struct rp_scan *scan);

/* One pair of brackets, or a whole file (then `open` is 0), with what is separated by commas in it.
 */
struct rp_bracket {
    char open; /* '{', '(' */
    int line, column;
    struct rp_bracket_item *items;
    uint32_t item_count, item_cap;
};

struct rp_bracket_item {
    struct rp_str key; /* `key =`, `["key"] =`; "" for a positional one */
    int line, column;  /* of the key, or of the value when there is none */
    int value_line, value_column, value_width;
    struct rp_bracket *spans; /* brackets of the value, in order: `step "x" {…}` has one */
    uint32_t span_count, span_cap;
};

/* A call at statement level: `score "x" {…}`; also those in loops. */
struct rp_site {
    struct rp_str callee, name; /* name: the text behind it, "" when it is no plain text */
    int line, column;
    struct rp_bracket_item value; /* its spans: the brackets that follow */
};

struct rp_outline {
    struct rp_site *sites; /* in order of the source; `return {…}` has the callee "return" */
    uint32_t site_count, site_cap;
    struct rp_bracket *loose; /* tables elsewhere: of local variables, in functions */
    uint32_t loose_count, loose_cap;
};

struct rp_outline *rp_outline_new(struct rp_arena *arena, struct rp_str text);
/* The site of a call on that line with that name; NULL when the source is not plain there. */
const struct rp_site *rp_outline_site(const struct rp_outline *outline, const char *callee,
                                      struct rp_str name, int line);

/* Line `line` of a text without its line end; "" when there is none. */
struct rp_str rp_source_line(struct rp_str text, int line);

#endif
