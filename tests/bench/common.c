/* SPDX-License-Identifier: MIT */
/* Loading rules, CPU time, memory. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

struct rp_rules *bench_rules(const char *text, const char *dir, struct rp_files *ret_files,
                             struct rp_arena *arena)
{
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_err err = {0};
    int status = 0;

    if (text) {
        ret_files->items = RP_ARENA_NEW(arena, struct rp_source);
        ret_files->items[0] = (struct rp_source){RP_STR("bench.lua"), rp_str_from(text)};
        ret_files->count = 1;
    } else {
        status = rp_files_read(arena, dir, ret_files, &err);
    }
    if (status == 0) {
        status = rp_load(arena, ret_files, &options, &rules, &findings, &err);
    }
    if (status != 0) {
        struct rp_buf out = {0};

        rp_findings_print(&out, &findings, false);
        bench_die(err.text, out.ptr ? out.ptr : "");
    }
    return rules;
}

double bench_cpu_s(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

long bench_rss_kb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (!file || fscanf(file, "%*d %ld", &pages) != 1) {
        pages = 0;
    }
    if (file) {
        fclose(file);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}
