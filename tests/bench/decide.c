/* SPDX-License-Identifier: MIT */
/* decide RULES [EVENTS]: the decision core alone with so many generated rules: parsed events of 20
 * kinds go through fold and judge. Each rule waits for a kind, a url of its own and a size; half of
 * the events hit one, however many rules there are. Prints
 * ns an event and the time of the load. (Goal 10.) */
#include "base/when.h"
#include "common.h"
#include "engine/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 20, LEADS = 1000, DISTINCT = 4000, SIZE_LEAST = 60 };

static char *make_rules(int count)
{
    struct rp_buf text = {0};

    rp_buf_text(&text,
                "dimension \"engagement\" { half_life = \"21d\" }\nstages { \"a\", \"b\" }\n"
                "stage \"b\" { enter = at_least { engagement = 100000 }, terminal = true }\n");
    for (int i = 0; i < count; i++) {
        rp_buf_printf(
            &text,
            "score \"r%d\" { why = \"r\", on = \"Kind %d\", when = { url = \"/u%d\", size = "
            "gte(%d) }, points = 1 }\n",
            i, i % KINDS, i / KINDS, SIZE_LEAST);
    }
    return text.ptr;
}

static struct rp_event *make_events(struct rp_arena *arena, int rules)
{
    struct rp_event *events = RP_ARENA_ARRAY(arena, struct rp_event, DISTINCT);
    struct rp_envelope envelope = {.received_ms = INT64_C(1772442000000), .sent_ms = RP_NEVER};
    int urls = (rules + KINDS - 1) / KINDS;

    for (int i = 0; i < DISTINCT; i++) {
        struct rp_str item = rp_arena_printf(
            arena,
            "{\"type\":\"track\",\"event\":\"Kind %d\",\"userId\":\"u%d\",\"messageId\":\"m%d\","
            "\"properties\":{\"url\":\"/u%d\",\"size\":%d,\"color\":\"red\"},"
            "\"context\":{\"locale\":\"en-US\",\"page\":{\"path\":\"/p\"}}}",
            i % KINDS, i % LEADS, i, (i * 7919) % urls, (i / KINDS * 37) % 120);
        struct rp_str why;

        if (rp_event_parse(arena, item, &envelope, &events[i], &why) != RP_REJECT_NONE) {
            bench_die("event", why.ptr);
        }
    }
    return events;
}

int main(int argc, char **argv)
{
    int rule_count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 20;
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 400000;
    char *text = make_rules(rule_count);
    struct rp_lead *leads = calloc(LEADS, sizeof(*leads));
    struct rp_arena arena;
    struct rp_arena work;
    struct rp_files files;
    struct rp_rules *rules;
    struct rp_event *events;
    struct rp_fold fold;
    size_t grants = 0;
    double start = bench_cpu_s();
    double load;

    rp_arena_init(&arena);
    rp_arena_init(&work);
    rules = bench_rules(text, NULL, &files, &arena);
    load = bench_cpu_s() - start;
    events = make_events(&arena, rule_count);
    rp_fold_init(&fold, rules, NULL, &work);
    for (int i = 0; i < LEADS; i++) {
        rp_lead_init(&leads[i]);
        leads[i].stage = 0;
    }
    start = bench_cpu_s();
    for (long i = 0; i < count; i++) {
        struct rp_event *event = &events[i % DISTINCT];
        struct rp_decision decision = {0};
        struct rp_lead *lead = &leads[i % LEADS];

        event->received_ms = event->effective_ms = INT64_C(1772442000000) + i * 10;
        rp_fold_event(&fold, lead, event, &decision);
        rp_judge(&fold, lead, event, event->received_ms, &decision);
        grants += decision.grant_count;
        rp_arena_reset(&work);
    }
    printf("rules=%d ns/event=%.0f load_ms=%.0f rss_mb=%.0f grants=%zu\n", rule_count,
           (bench_cpu_s() - start) * 1e9 / (double)count, load * 1e3, (double)bench_rss_kb() / 1024,
           grants);
    for (int i = 0; i < LEADS; i++) {
        rp_lead_fini(&leads[i]);
    }
    free(leads);
    rp_fold_fini(&fold);
    rp_rules_free(rules);
    rp_arena_fini(&work);
    rp_arena_fini(&arena);
    free(text);
    return 0;
}
