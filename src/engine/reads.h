/* SPDX-License-Identifier: MIT */
/* What the functions of a rule file read, found in its text: names of no scope, and the fields of
 * event, lead and past in test functions. Lua itself tells of them only when such a line runs,
 * which may be months later. Knows scopes and tokens; judges nothing. */
#ifndef RP_ENGINE_READS_H
#define RP_ENGINE_READS_H

#include "base/arena.h"
#include "engine/scan.h"

#include <stdbool.h>
#include <stdint.h>

enum rp_read_root { RP_READ_GLOBAL, RP_READ_EVENT, RP_READ_LEAD, RP_READ_PAST };

#define RP_READ_NAMES 4

/* `event.properties.path`, `math.floor`: a name and the fields behind it. */
struct rp_read {
    enum rp_read_root root;
    struct rp_token names[RP_READ_NAMES]; /* the first is the variable */
    uint32_t count;
    int test_line, test_column;  /* of the `function` of the test it stands in; 0: of no test */
    bool in_function;            /* false: at the top of the file, where it is found out anyway */
    bool assigned;               /* x = … */
    bool one_text;               /* glob "…", did {…}: called without a bracket */
    bool compared;               /* == or ~= with a text */
    struct rp_token compared_to; /* that text */
};

struct rp_reads {
    struct rp_read *items;
    uint32_t count, cap;
};

/* In order of the text, which Lua has taken: what is broken gives fewer of them, never an error.
 * The texts borrow from `text`. */
struct rp_reads rp_reads_of(struct rp_arena *arena, struct rp_str text);

#endif
