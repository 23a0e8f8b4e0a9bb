/* SPDX-License-Identifier: MIT */
/* What the bench programs share. */
#ifndef RP_BENCH_COMMON_H
#define RP_BENCH_COMMON_H

#include "base/arena.h"
#include "engine/load.h"
#include "engine/ruleset.h"

/* Rules from one text or from a directory; exits with the findings when they do not load. */
struct rp_rules *bench_rules(const char *text, const char *dir, struct rp_files *ret_files,
                             struct rp_arena *arena);
double bench_cpu_s(void); /* CPU seconds of this process */
long bench_rss_kb(void);
_Noreturn void bench_die(const char *what, const char *why);

#endif
