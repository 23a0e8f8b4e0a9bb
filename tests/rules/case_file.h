/* SPDX-License-Identifier: MIT */
/* A file of golden cases, taken apart.
 *
 *   === a name
 *   lua rules, until
 *   --- file lists/own.txt     (any number)
 *   its lines
 *   --- events
 *   0s page {"path":"/pricing"}            received at the start plus 0 s; the object is properties
 *   1h track Demo Requested {"a":1}        (of identify, group: traits; a track has its name in
 * between) 2h~30m page {"path":"/a"}              received after 2 h, happened after 30 min 5m x300
 * 1m page {"path":"/a"}          300 times, a minute apart; %d in the object is the number 1h crm
 * track Deal Won                  from a CRM; `public`: with a public key 3h {"type":"track", …}
 * the whole item
 *   --- expect
 *   engagement = 10          at the last event's receivedAt
 *   engagement @30d = 5      at the start plus 30 days
 *   model = challenger       the model that acts and is read in this case
 *
 * Lines that start with # are comments outside of rules and files. */
#ifndef RP_TESTS_CASE_FILE_H
#define RP_TESTS_CASE_FILE_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

struct case_input {
    struct rp_str path, text;
};

struct case_line {
    struct rp_str text;
    int line;
};

struct golden_case {
    struct rp_str name;
    int line;
    struct case_input files[16];
    size_t file_count;
    struct case_line *events, *expects;
    size_t event_count, expect_count;
};

/* Cases of a file's text; exits with a message when it is malformed. */
struct golden_case *case_file_parse(struct rp_arena *arena, const char *path, struct rp_str text,
                                    size_t *ret_count);
/* The first word of *rest, which moves behind it. */
struct rp_str case_word(struct rp_str *rest);
struct rp_str case_trim(struct rp_str text);

#endif
