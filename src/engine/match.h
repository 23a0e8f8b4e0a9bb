/* SPDX-License-Identifier: MIT */
/* Lua patterns, matched without recursion and with every step counted. A pattern is compiled first,
 * so a malformed one is always an error, not only when matching comes by; otherwise the results are
 * those of Lua's string library. Knows nothing of a Lua state. */
#ifndef RP_ENGINE_MATCH_H
#define RP_ENGINE_MATCH_H

#include "base/limits.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RP_CAPTURES_MAX     32
#define RP_CAPTURE_POSITION SIZE_MAX /* len of a capture `()` */

struct rp_capture {
    size_t start, len;
};

enum rp_item_kind {
    RP_ITEM_SET,  /* one byte of `bits`, repeated by `repeat` */
    RP_ITEM_OPEN, /* capture number `capture` starts */
    RP_ITEM_CLOSE,
    RP_ITEM_POSITION,
    RP_ITEM_BACK,     /* %1: the text of a capture again */
    RP_ITEM_BALANCED, /* %bxy */
    RP_ITEM_FRONTIER, /* %f[set] */
    RP_ITEM_END,      /* $ at the end */
};

struct rp_pattern_item {
    uint8_t kind; /* enum rp_item_kind */
    char repeat;  /* SET: '\0' '?' '*' '+' '-' */
    uint8_t capture;
    char open, close;
    uint32_t bits[8];
};

struct rp_pattern {
    bool anchored; /* starts with ^ */
    uint32_t item_count, capture_count;
    struct rp_pattern_item items[RP_PATTERN_MAX];
};

/* NULL, or what is wrong with the pattern. `anchors`: ^ at the start is an anchor (not in gmatch).
 */
const char *rp_pattern_compile(struct rp_pattern *pattern, struct rp_str text, bool anchors);

#define RP_MATCH_NOTHING SIZE_MAX
#define RP_MATCH_SPENT   (SIZE_MAX - 1)
/* Matches at one place of the text. Returns the offset behind the match and fills captures (as many
 * as the pattern has), or RP_MATCH_NOTHING; RP_MATCH_SPENT when *steps falls below 0. */
size_t rp_pattern_match(const struct rp_pattern *pattern, struct rp_str text, size_t at,
                        struct rp_capture captures[RP_CAPTURES_MAX], int64_t *steps);

/* The first place of `part` in `text` from `at` on; RP_MATCH_NOTHING when there is none. Linear. */
size_t rp_find_plain(struct rp_str text, size_t at, struct rp_str part);

#endif
