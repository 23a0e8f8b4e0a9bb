/* SPDX-License-Identifier: MIT */
/* backtest DB [LEADS] [EVENTS_A_LEAD]: makes a database of that many leads (default 500 × 10)
 * unless DB exists, with timers, late events and visitors who become known, and back-tests a
 * candidate on one thread and on two. Prints events a second (each is folded and judged under both
 * rule sets), two threads ÷ one (goal 9 for the back-test), and the most memory that it took. */
#include "core/backtest.h"

#include "common.h"
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { GROUP = 1000, DAYS = 240 };

static const char RULES[] =
    "dimension \"engagement\" { range = {0, 200}, half_life = \"21d\" }\n"
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"
    "total { fit = 1, engagement = 1 }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1 }\n"
    "score \"pricing\" { why = \"Prices\", on = \"page\", when = { path = glob \"/pricing*\" },\n"
    "  points = 8, limit = { times = 3, per = \"7d\" }, cooldown = \"30m\" }\n"
    "score \"blog\" { why = \"Blog\", on = \"page\", when = { path = glob \"/blog*\" }, points = 2 "
    "}\n"
    "score \"mail\" { why = \"Clicked\", on = \"Email Clicked\", points = 4 }\n"
    "score \"form\" { why = \"Sent a form\", on = \"Form Submitted\", points = 10, once = true }\n"
    "score \"careers\" { why = \"Jobs\", on = \"page\", when = { path = glob \"/careers*\" },\n"
    "  points = -10 }\n"
    "fit \"title\" { why = \"Job title\", field = \"title\", missing = 0, other = 0, words = {\n"
    "  { any = { \"vp\", \"director\" }, points = 20 } } }\n"
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { enter = at_least { total = %d }, leave = below { engagement = 5,\n"
    "  held = \"14d\" }, leave_to = \"lead\" }\n"
    "stage \"sql\" { from = { \"lead\", \"mql\" }, enter = did \"Demo Requested\", terminal = true "
    "}\n";

#define BEGIN INT64_C(1767225600000) /* 2026-01-01 */
#define DAY   INT64_C(86400000)

static int64_t clock_now(void *ctx)
{
    (void)ctx;
    return BEGIN + DAYS * DAY;
}

static double wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int write_event(char *text, size_t room, uint64_t number, uint64_t leads, int64_t now,
                       uint64_t *state)
{
    static const char *const paths[] = {"/pricing", "/blog/a", "/",
                                        "/about",   "/blog/b", "/careers"};
    uint64_t r = random_next(state), lead = (r >> 16) % leads, kind = (r >> 8) % 32;
    int64_t at = kind % 16 == 7 ? now - (int64_t)((r >> 40) % (uint64_t)(2 * DAY)) : now;
    const char *type = "page", *event = "";
    char who[64];

    if (kind == 0) {
        type = "identify";
    } else if (kind < 4) {
        type = "track";
        event = kind == 1   ? "\"event\":\"Demo Requested\","
                : kind == 2 ? "\"event\":\"Form Submitted\","
                            : "\"event\":\"Email Clicked\",";
        event = kind == 1 && (r >> 50) % 4 ? "\"event\":\"Email Clicked\"," : event;
    }
    if (kind == 0 && lead % 3 == 0) { /* a visitor becomes known */
        snprintf(who, sizeof(who), "\"userId\":\"u%llu\",\"anonymousId\":\"a%llu\",",
                 (unsigned long long)lead, (unsigned long long)lead);
    } else {
        snprintf(who, sizeof(who), "\"%s\":\"%c%llu\",", lead % 3 ? "userId" : "anonymousId",
                 lead % 3 ? 'u' : 'a', (unsigned long long)lead);
    }
    return snprintf(text, room,
                    "{\"type\":\"%s\",%s%s\"messageId\":\"m%llu\",\"timestamp\":%lld,"
                    "\"receivedAt\":%lld,\"properties\":{\"path\":\"%s\",\"title\":\"A page of the "
                    "site\",\"referrer\":\"https://example.com/search\"}%s}",
                    type, event, who, (unsigned long long)number, (long long)at, (long long)now,
                    paths[(r >> 3) % 6], kind == 0 ? ",\"traits\":{\"title\":\"VP Sales\"}" : "");
}

static struct rp_rules *load(int threshold, struct rp_files *files, struct rp_arena *arena)
{
    static char texts[2][sizeof(RULES) + 16];
    static int used;
    char *text = texts[used++ % 2];

    snprintf(text, sizeof(texts[0]), RULES,
             threshold); /* NOLINT(clang-diagnostic-format-nonliteral): ours */
    return bench_rules(text, NULL, files, arena);
}

static void make(const char *db, uint64_t leads, uint64_t events)
{
    static char text[GROUP * 420];
    struct rp_core_options options = {
        .db_path = db, .mode = RP_STORE_SERVE, .clock = {clock_now, NULL}, .no_actions = true};
    struct rp_batch *batch = rp_batch_new();
    uint64_t state = UINT64_C(88172645463325252);
    struct rp_err err = {0};
    struct rp_files files;
    struct rp_arena arena;
    struct rp_core *core;
    struct rp_rules *rules;
    double start = wall_s();

    rp_arena_init(&arena);
    rules = load(30, &files, &arena);
    if (rp_core_open(&options, &core, &err) != 0 ||
        rp_core_rules(core, rules, &files, RP_STR("bench"), &err) != 0) {
        bench_die(db, err.text);
    }
    for (uint64_t n = 0; n < events; n += GROUP) {
        struct rp_envelope envelope = {
            .sent_ms = RP_NEVER, .received_ms = BEGIN, .trust_received = true};
        size_t len = (size_t)snprintf(text, sizeof(text), "{\"batch\":[");

        for (uint64_t i = n; i < n + GROUP && i < events; i++) {
            int64_t now = BEGIN + (int64_t)((double)i / (double)events * (double)(DAYS * DAY));

            text[len] = ',';
            len += i > n;
            len += (size_t)write_event(text + len, sizeof(text) - len, i, leads, now, &state);
        }
        snprintf(text + len, sizeof(text) - len, "]}");
        if (rp_batch_parse(batch, rp_str_from(text), &envelope, NULL, &err) != 0 ||
            rp_core_run(core, batch, &err) != 0) {
            bench_die("run", err.text);
        }
        rp_batch_reset(batch);
        while (n % 16000 == 0 && rp_core_idle(core)) {
        }
    }
    rp_batch_free(batch);
    rp_core_close(core);
    rp_arena_fini(&arena);
    printf("backtest made leads=%llu events=%llu seconds=%.1f\n", (unsigned long long)leads,
           (unsigned long long)events, wall_s() - start);
    fflush(stdout);
}

static double play(const char *db, const struct rp_rules *candidate, unsigned threads,
                   int64_t *ret_changed)
{
    struct rp_backtest_options options = {.db_path = db,
                                          .candidate = candidate,
                                          .name = RP_STR("candidate"),
                                          .since_ms = RP_NEVER,
                                          .now_ms = BEGIN + DAYS * DAY,
                                          .workers = threads};
    struct rp_backtest result;
    struct rusage usage;
    struct rp_err err = {0};
    double rate, cpu = bench_cpu_s();

    if (rp_backtest_run(&options, &result, &err) != 0) {
        bench_die("backtest", err.text);
    }
    getrusage(RUSAGE_SELF, &usage);
    rate = (double)result.events / result.seconds;
    *ret_changed = 0;
    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        *ret_changed += result.kinds[k];
    }
    printf("backtest threads=%u seconds=%.2f ev/s=%.0f leads=%lld events=%lld decisions=%.0f,%.0f "
           "changed=%lld cpu_s=%.2f max_rss_kb=%ld\n",
           threads, result.seconds, rate, (long long)result.leads, (long long)result.events,
           result.quality[0].decisions, result.quality[1].decisions, (long long)*ret_changed,
           bench_cpu_s() - cpu, usage.ru_maxrss);
    fflush(stdout);
    rp_backtest_fini(&result);
    return rate;
}

int main(int argc, char **argv)
{
    struct rp_files files;
    struct rp_arena arena;
    struct rp_rules *candidate;
    int64_t changed, changed_too;
    double one, two;

    if (argc < 2) {
        bench_die("usage", "backtest DB [LEADS] [EVENTS_A_LEAD]");
    }
    if (access(argv[1], F_OK) != 0) {
        uint64_t leads = argc > 2 ? strtoull(argv[2], NULL, 10) : 500;

        make(argv[1], leads, leads * (argc > 3 ? strtoull(argv[3], NULL, 10) : 10));
    }
    rp_arena_init(&arena);
    candidate = load(36, &files, &arena);
    one = play(argv[1], candidate, 1, &changed);
    two = play(argv[1], candidate, 2, &changed_too);
    printf("backtest two÷one=%.2f\n", two / one);
    rp_rules_free(candidate);
    rp_arena_fini(&arena);
    return changed == changed_too ? 0 : 1;
}
