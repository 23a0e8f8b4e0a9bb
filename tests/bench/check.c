/* SPDX-License-Identifier: MIT */
/* check RULES [RATIO]: reads a generated directory of RULES / 10 and one of RULES rules, as `ripen
 * check` does, and prints processor time and memory. With RATIO, fails when the larger one takes
 * more than RATIO times as long: ten times the rules are about ten times the work. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_A_FILE = 200, ROUNDS = 3 };

static void write_rule(struct rp_buf *text, long i)
{
    switch (i % 10) {
    case 0:
    case 1:
    case 2:
    case 3:
        rp_buf_printf(
            text,
            "score \"page_%ld\" { why = \"Looked at page %ld\", on = \"page\", when = { path "
            "= glob \"/section%ld/page%ld*\" }, points = %ld, group = \"web\", limit = { "
            "times = 3, per = \"7d\" }, cooldown = \"30m\" }\n",
            i, i, i % 97, i, 1 + i % 9);
        return;
    case 7:
        rp_buf_printf(
            text,
            "score \"often_%ld\" { why = \"Often\", on = \"Event %ld\", when = { n = %ld, "
            "did(\"Event %ld\", { times = 2, within = \"%ldd\" }) }, points = 2 }\n",
            i, i % 300, i, i % 300, 1 + i % 60);
        return;
    case 8:
        rp_buf_printf(text,
                      "fit \"fit_%ld\" { why = \"Fit\", field = \"trait_%ld\", bands = { { below = "
                      "%ld, points = 0 }, { points = 2 } } }\n",
                      i, i % 200, i % 40 + 1);
        return;
    case 9:
        rp_buf_printf(
            text,
            "score \"test_%ld\" { why = \"Test\", on = \"Event %ld\", when = { n = %ld }, "
            "points = 3, test = function(event) return (event.properties.n or 0) > %ld "
            "end }\n",
            i, i % 500, i, i);
        return;
    default:
        rp_buf_printf(text,
                      "score \"did_%ld\" { why = \"Did\", on = \"Event %ld\", when = { plan = "
                      "\"p%ld\", seats = gte(%ld) }, points = 5, once_per = \"item\" }\n",
                      i, i % 500, i, i % 50);
    }
}

static void generate(struct rp_arena *arena, long rules, struct rp_files *ret_files)
{
    static const char model[] =
        "dimension \"engagement\" { range = { 0, 200 }, half_life = \"21d\" }\n"
        "dimension \"fit\" { kind = \"state\" }\n"
        "group \"web\" { dimension = \"engagement\", cap = 40, per = \"7d\" }\n";
    size_t count = (size_t)((rules + RULES_A_FILE - 1) / RULES_A_FILE);

    ret_files->items = RP_ARENA_ARRAY(arena, struct rp_source, count + 1);
    ret_files->count = count + 1;
    ret_files->items[0] =
        (struct rp_source){.path = RP_STR("00-model.lua"), .text = {model, sizeof model - 1}};
    for (size_t file = 0; file < count; file++) {
        struct rp_buf text = {0};

        for (long i = (long)file * RULES_A_FILE; i < rules && i < (long)(file + 1) * RULES_A_FILE;
             i++) {
            write_rule(&text, i);
        }
        ret_files->items[file + 1] =
            (struct rp_source){.path = rp_arena_printf(arena, "rules-%06zu.lua", file),
                               .text = rp_arena_str(arena, rp_buf_view(&text))};
        rp_buf_fini(&text);
    }
}

/* Seconds of the fastest of some loads with plan; *ret_kb: what the process holds then. */
static double measure(long rules, long *ret_kb)
{
    double fastest = 1e9;

    for (int round = 0; round < ROUNDS; round++) {
        struct rp_load_options options = {.tests = true};
        struct rp_rules *loaded = NULL;
        struct rp_findings findings;
        struct rp_files files;
        struct rp_arena arena;
        struct rp_err err = {0};
        struct rp_buf out = {0};
        double start;

        rp_arena_init(&arena);
        generate(&arena, rules, &files);
        start = bench_cpu_s();
        if (rp_load(&arena, &files, &options, &loaded, &findings, &err) != 0) {
            bench_die("load", err.text);
        }
        rp_rules_plan(&out, loaded);
        if (bench_cpu_s() - start < fastest) {
            fastest = bench_cpu_s() - start;
        }
        *ret_kb = bench_rss_kb();
        rp_buf_fini(&out);
        rp_rules_free(loaded);
        rp_arena_fini(&arena);
    }
    return fastest;
}

int main(int argc, char **argv)
{
    long rules = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
    double ratio = argc > 2 ? strtod(argv[2], NULL) : 0;
    long small_kb, large_kb;
    double small = measure(rules / 10, &small_kb);
    double large = measure(rules, &large_kb);

    printf("check rules=%ld seconds=%.3f seconds_a_tenth=%.3f ratio=%.1f rss_mb=%.1f "
           "rss_a_tenth_mb=%.1f\n",
           rules, large, small, large / small, (double)large_kb / 1024, (double)small_kb / 1024);
    if (ratio > 0 && large / small > ratio) {
        fprintf(stderr, "ten times the rules take %.1f times as long, more than %.1f\n",
                large / small, ratio);
        return 1;
    }
    return 0;
}
