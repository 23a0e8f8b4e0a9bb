/* SPDX-License-Identifier: MIT */
/* late RULES DB [EVENTS]: what late events cost. Groups of 400 events of 10,000 leads through whole
 * runs into a file, four times: in order; one in five some seconds late; one in five some hours
 * late; each anywhere in the last month. Prints events a second of CPU. */
#include "common.h"
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEADS = 10000, GROUP = 400 };

static int64_t now_ms = INT64_C(1772442000000);
static uint64_t dice;

static int64_t clock_now(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static uint64_t roll(uint64_t limit)
{
    uint64_t z = dice += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % limit;
}

struct kind {
    const char *name;
    uint64_t one_in, span_ms;
};

static void send_group(struct rp_core *core, struct rp_batch *batch, const struct kind *kind,
                       uint64_t first)
{
    static char text[GROUP * 400];
    struct rp_envelope envelope = {.sent_ms = RP_NEVER, .trust_received = true};
    struct rp_err err = {0};
    size_t len = (size_t)snprintf(text, sizeof(text), "{\"batch\":[");

    for (uint64_t i = 0; i < GROUP; i++) {
        int64_t at = now_ms - (int64_t)(GROUP - i);

        if (kind->one_in && roll(kind->one_in) == 0) {
            at -= (int64_t)roll(kind->span_ms);
        }
        len += (size_t)snprintf(
            text + len, sizeof(text) - len,
            "%s{\"type\":\"page\",\"userId\":\"user-%llu\",\"messageId\":\"m-%llu\","
            "\"timestamp\":%lld,\"receivedAt\":%lld,\"properties\":{\"path\":\"/%s\","
            "\"title\":\"A page of the site\",\"referrer\":\"https://example.com/search\"}}",
            i ? "," : "", (unsigned long long)roll(LEADS), (unsigned long long)(first + i),
            (long long)at, (long long)now_ms, roll(4) ? "blog" : "pricing");
    }
    snprintf(text + len, sizeof(text) - len, "]}");
    envelope.received_ms = now_ms;
    if (rp_batch_parse(batch, rp_str_from(text), &envelope, NULL, &err) != 0 ||
        rp_core_run(core, batch, &err) != 0 || batch->accepted != GROUP) {
        bench_die("run", err.text);
    }
    rp_batch_reset(batch);
}

static void measure(const char *dir, const char *db, const struct kind *kind, uint64_t events)
{
    struct rp_core_options options = {
        .db_path = db, .mode = RP_STORE_SERVE, .clock = {clock_now, NULL}, .set_aside = true};
    struct rp_batch *batch = rp_batch_new();
    struct rp_core_stats stats;
    struct rp_core *core;
    struct rp_files files;
    struct rp_arena arena;
    struct rp_err err = {0};
    double start;

    unlink(db);
    dice = 1;
    rp_arena_init(&arena);
    if (rp_core_open(&options, &core, &err) != 0 ||
        rp_core_rules(core, bench_rules(NULL, dir, &files, &arena), &files, RP_STR("bench"),
                      &err) != 0) {
        bench_die(db, err.text);
    }
    start = bench_cpu_s();
    for (uint64_t n = 0; n < events; n += GROUP) {
        now_ms += GROUP; /* a thousand events a second */
        send_group(core, batch, kind, n);
    }
    rp_core_stats(core, &stats);
    printf("late kind=%s ev/s=%.0f events=%llu refolds=%llu aside=%llu rss_kb=%ld\n", kind->name,
           (double)events / (bench_cpu_s() - start), (unsigned long long)stats.events,
           (unsigned long long)stats.refolds, (unsigned long long)stats.leads_aside,
           bench_rss_kb());
    fflush(stdout);
    rp_batch_free(batch);
    rp_core_close(core);
    rp_arena_fini(&arena);
    unlink(db);
}

int main(int argc, char **argv)
{
    static const struct kind kinds[] = {
        {"in_order", 0, 0},
        {"seconds_late", 5, 10000},
        {"hours_late", 5, UINT64_C(8) * 3600000},
        {"anywhere", 1, UINT64_C(30) * 86400000},
    };

    if (argc < 3) {
        bench_die("usage", "late RULES DB [EVENTS]");
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        measure(argv[1], argv[2], &kinds[i], argc > 3 ? strtoull(argv[3], NULL, 10) : 400000);
    }
    return 0;
}
