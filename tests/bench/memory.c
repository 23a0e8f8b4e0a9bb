/* SPDX-License-Identifier: MIT */
/* memory RULES DB LEADS: sends one event each of 10,000, of LEADS and of twice LEADS leads through
 * the core and prints resident memory, and what a further lead costs once all caches of fixed size
 * are full. (Goal 12.) */
#include "common.h"
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One short event for each of `leads` leads, in runs of 1,000. */
static void send_leads(struct rp_core *core, long leads)
{
    struct rp_envelope envelope = {.received_ms = INT64_C(1772442000000), .sent_ms = RP_NEVER};
    struct rp_err err = {0};

    for (long i = 0; i < leads; i += 1000) {
        struct rp_batch *batch = rp_batch_new();
        struct rp_buf text = {0};

        rp_buf_text(&text, "{\"batch\":[");
        for (long j = i; j < i + 1000; j++) {
            rp_buf_printf(&text,
                          "%s{\"type\":\"page\",\"userId\":\"user-%08ld\",\"messageId\":\"m%ld\","
                          "\"properties\":{\"path\":\"/pricing\"}}",
                          j > i ? "," : "", j, j);
        }
        rp_buf_text(&text, "]}");
        if (rp_batch_parse(batch, rp_buf_view(&text), &envelope, NULL, &err) != 0 ||
            rp_core_run(core, batch, &err) != 0) {
            bench_die("run", err.text);
        }
        rp_batch_free(batch);
        rp_buf_fini(&text);
    }
}

int main(int argc, char **argv)
{
    struct rp_core_options options = {.mode = RP_STORE_SERVE, .clock = rp_clock_system()};
    struct rp_core *core = NULL;
    struct rp_files files;
    struct rp_arena arena;
    struct rp_err err = {0};
    long small;
    long before;
    long leads;

    if (argc < 4) {
        bench_die("usage", "memory RULES DB LEADS");
    }
    leads = strtol(argv[3], NULL, 10);
    options.db_path = argv[2];
    rp_arena_init(&arena);
    if (rp_core_open(&options, &core, &err) != 0 ||
        rp_core_rules(core, bench_rules(NULL, argv[1], &files, &arena), &files, RP_STR("bench"),
                      &err) != 0) {
        bench_die(argv[2], err.text);
    }
    send_leads(core, 10000);
    small = bench_rss_kb();
    send_leads(core, leads);
    before = bench_rss_kb();
    send_leads(core, 2 * leads);
    printf("memory rss_10k_mb=%.1f rss_%ldk_mb=%.1f bytes_a_further_lead=%.0f\n",
           (double)small / 1024, 2 * leads / 1000, (double)bench_rss_kb() / 1024,
           (double)(bench_rss_kb() - before) * 1024 / (double)leads);
    rp_core_close(core);
    rp_arena_fini(&arena);
    return 0;
}
