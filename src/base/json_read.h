/* SPDX-License-Identifier: MIT */
/* A strict RFC 8259 pull reader over bytes in memory: UTF-8 checked, lone surrogates and raw
 * control characters refused, bounded depth, positions in errors, no allocation but for decoded
 * escapes.
 *
 *   struct rp_json json;
 *   rp_json_init(&json, &arena, text);
 *   while ((token = rp_json_next(&json)) > RP_JSON_END) …
 *   if (token == RP_JSON_ERROR) … json.error, json.error_at
 */
#ifndef RP_BASE_JSON_READ_H
#define RP_BASE_JSON_READ_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum rp_json_token {
    RP_JSON_ERROR = -1, /* sticky: every further call says so again */
    RP_JSON_END = 0,    /* the one value was read and only white space is left; sticky */
    RP_JSON_NULL,
    RP_JSON_FALSE,
    RP_JSON_TRUE,
    RP_JSON_NUMBER,
    RP_JSON_STRING,
    RP_JSON_KEY, /* the next token starts its value */
    RP_JSON_ARRAY,
    RP_JSON_ARRAY_END,
    RP_JSON_OBJECT,
    RP_JSON_OBJECT_END,
};

struct rp_json {
    struct rp_str text;
    size_t at;            /* offset of the next byte to read */
    struct rp_str string; /* after STRING and KEY: decoded; borrows from text or from the arena */
    double number;        /* after NUMBER; ±HUGE_VAL never: clamped to ±1.797e308 */
    struct rp_str raw;    /* after NUMBER: as written; after STRING: with quotes and escapes */
    const char *error;    /* a sentence without position */
    size_t error_at;      /* byte offset */
    struct rp_arena *arena;
    uint32_t depth, state;
    bool nul; /* a decoded string held U+0000 (valid JSON, but few users want it) */
    uint8_t stack[(RP_JSON_DEPTH_MAX + 7) / 8]; /* one bit a level: array or object */
};

void rp_json_init(struct rp_json *json, struct rp_arena *arena, struct rp_str text);
enum rp_json_token rp_json_next(struct rp_json *json);
/* Reads the value that starts at the next token, whole; its bytes are ret_raw (may be NULL).
 * Returns RP_JSON_ERROR or the token that the value started with; the token of an end (or a KEY)
 * when no value comes next. Strings are checked but not decoded. */
enum rp_json_token rp_json_skip(struct rp_json *json, struct rp_str *ret_raw);

#endif
