/* SPDX-License-Identifier: MIT */
/* dedup DB [EVENTS]: what it costs to know every messageId for ever, without an index. Adds so many
 * (default 1,000,000) in groups of 1,000, each asked for first, then asks for some of them again.
 * Prints CPU nanoseconds an event: asking for a new id, remembering it, writing and merging the
 * runs (with the commits), asking for a known one; and what stays in memory and on disk an event.
 */
#include "store/dedup.h"

#include "base/hash.h"
#include "common.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { GROUP = 1000, AGAIN = 100000 };

static uint64_t hash_of(const struct rp_store *store, uint64_t i)
{
    char id[64];
    int len = snprintf(id, sizeof(id), "message-%llu", (unsigned long long)i);

    return rp_hash_keyed(rp_store_secret(store), (struct rp_str){id, (size_t)len});
}

static int find(struct rp_store *store, uint64_t i)
{
    struct rp_err err = {0};
    int64_t rows[4];
    int got = rp_dedup_find(store, hash_of(store, i), rows, 4, &err);

    if (got < 0) {
        bench_die("find", err.text);
    }
    return got;
}

struct cost {
    double find, add, flush, again;
    uint64_t false_hits, found;
};

static void add_group(struct rp_store *store, uint64_t first, struct cost *cost)
{
    struct rp_err err = {0};
    double at = bench_cpu_s(), then;

    if (rp_store_begin(store, &err) != 0) {
        bench_die("begin", err.text);
    }
    for (uint64_t i = first; i < first + GROUP; i++) {
        cost->false_hits += (uint64_t)find(store, i);
    }
    then = bench_cpu_s();
    cost->find += then - at;
    for (uint64_t i = first; i < first + GROUP; i++) {
        rp_dedup_add(store, hash_of(store, i), (int64_t)i + 1);
    }
    at = bench_cpu_s();
    cost->add += at - then;
    if (rp_dedup_flush(store, &err) != 0 || rp_store_commit(store, &err) != 0) {
        bench_die("flush", err.text);
    }
    rp_store_checkpoint(store, 4000);
    cost->flush += bench_cpu_s() - at;
}

int main(int argc, char **argv)
{
    uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    struct rp_store *store = NULL;
    struct rp_err err = {0};
    struct cost cost = {0};
    struct stat file;
    double at;

    if (argc < 2) {
        bench_die("usage", "dedup DB [EVENTS]");
    }
    if (rp_store_open(argv[1], RP_STORE_SERVE, &store, &err) != 0 ||
        rp_dedup_open(store, &err) != 0) {
        bench_die(argv[1], err.text);
    }
    for (uint64_t first = 0; first < events; first += GROUP) {
        add_group(store, first, &cost);
    }
    at = bench_cpu_s();
    for (uint64_t i = 0; i < AGAIN; i++) {
        cost.found += find(store, i * 7919 % events) > 0;
    }
    cost.again = bench_cpu_s() - at;
    if (cost.found != AGAIN) {
        bench_die("find", "an id that was remembered is not known");
    }
    rp_store_checkpoint(store, 0);
    printf("dedup events=%llu new_ns=%.0f remember_ns=%.0f write_ns=%.0f known_ns=%.0f "
           "candidates=%llu memory_b=%.1f",
           (unsigned long long)events, cost.find * 1e9 / (double)events,
           cost.add * 1e9 / (double)events, cost.flush * 1e9 / (double)events,
           cost.again * 1e9 / AGAIN, (unsigned long long)cost.false_hits,
           (double)rp_dedup_bytes(store) / (double)events);
    rp_store_close(store);
    printf(" disk_b=%.1f\n", stat(argv[1], &file) == 0 ? (double)file.st_size / (double)events : 0);
    return 0;
}
