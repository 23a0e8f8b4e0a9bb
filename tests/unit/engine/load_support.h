/* SPDX-License-Identifier: MIT */
/* Rules out of texts, for tests: load_begin(); load_file("a.lua", "…"); load_run(); … load_end().
 */
#ifndef RP_UNIT_ENGINE_LOAD_SUPPORT_H
#define RP_UNIT_ENGINE_LOAD_SUPPORT_H

#include "engine/load.h"

struct loaded {
    struct rp_arena arena;
    struct rp_source items[16];
    struct rp_files files;
    struct rp_findings findings;
    struct rp_rules *rules; /* NULL after errors */
    struct rp_err err;
    int status;
};

void load_begin(struct loaded *loaded);
void load_file(struct loaded *loaded, const char *path, const char *text); /* in order of paths */
void load_run(struct loaded *loaded);
void load_end(struct loaded *loaded);
/* One file of rules with the usual dimensions before it. */
void load_text(struct loaded *loaded, const char *text);

/* The finding with that code; NULL when there is none. */
const struct rp_finding *load_finding(const struct loaded *loaded, const char *code);
/* Prints the findings and fails the test when there are errors. */
void load_must_succeed(struct loaded *loaded);

#endif
