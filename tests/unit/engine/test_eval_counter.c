/* SPDX-License-Identifier: MIT */
/* Counters keep what their questions need: against a plain list of all events, in windows and since
 * a moment of receipt, for entries and for days, with late events among them, at the bound and past
 * it. */
#include "base/limits.h"
#include "engine/eval.h"
#include "unit/engine/eval_rig.h"
#include "unit/engine/groups.h"

#include <stdlib.h>

#define EVENTS 700

static const struct {
    const char *lua;
    bool days;
    uint32_t keep;
} uses[] = {
    {"count('page', { within = '300d' })", false, 256},
    {"days('page', { within = '300d' })", true, 256},
    {"count('page', { within = '300d' })", false, 3},
    {"days('page', { within = '300d' })", true, 3},
};

static uint32_t expected(const struct rp_event *events, size_t count, const struct rp_span *span,
                         bool days)
{
    uint32_t found = 0;

    for (size_t i = 0; i < count; i++) {
        bool first = true;

        if (events[i].effective_ms <= span->after_ms || events[i].effective_ms > span->until_ms ||
            events[i].received_ms < span->received_ms)
            continue;
        for (size_t j = 0; days && j < i; j++)
            first &= events[j].effective_ms / RP_DAY != events[i].effective_ms / RP_DAY ||
                     events[j].effective_ms <= span->after_ms ||
                     events[j].effective_ms > span->until_ms ||
                     events[j].received_ms < span->received_ms;
        found += first;
    }
    return found;
}

static int by_order(const void *left, const void *right)
{
    struct rp_order a = rp_event_order(left), b = rp_event_order(right);

    return rp_order_cmp(&a, &b);
}

static void check_use(size_t use, uint64_t seed, bool late)
{
    struct rig_random random = {seed};
    struct rp_event events[EVENTS];
    struct rp_buf lua = {0};
    struct rp_lead lead;
    struct rig rig;

    rp_buf_printf(&lua,
                  "dimension 'engagement' { decay = 'none' }\n"
                  "dimension 'habits' { kind = 'state' }\n"
                  "fit 'f' { why = 'F', dimension = 'habits', count = %s,\n"
                  "  bands = { { below = %u, points = 0 }, { points = 1 } } }\n",
                  uses[use].lua, uses[use].keep);
    rig_open(&rig, rp_buf_view(&lua));
    for (unsigned i = 0; i < EVENTS; i++) {
        int64_t at = (int64_t)rig_random(&random, 400 * 24) * RP_HOUR;
        char id[16];

        snprintf(id, sizeof(id), "m%05u", i);
        events[i] =
            rig_event(&rig, "page", id, at,
                      at + (late ? (int64_t)rig_random(&random, 900) * RP_HOUR : 0), RP_STR(""));
    }
    qsort(events, EVENTS, sizeof(*events), by_order);
    rp_lead_init(&lead);
    for (size_t i = 0; i < EVENTS; i++) {
        struct rp_decision decision = {0};
        struct rp_scratch *s = rig.fold.scratch;
        int64_t now = events[i].effective_ms;
        struct rp_span spans[3] = {rp_span_within(now, 20 * RP_DAY), rp_span_within(now, 0),
                                   rp_span_within(now, 300 * RP_DAY)};

        rp_fold_event(&rig.fold, &lead, &events[i], &decision);
        spans[1].received_ms = now - (int64_t)rig_random(&random, 60) * RP_DAY;
        for (size_t k = 0; k < RP_COUNT(spans); k++) {
            uint32_t want = expected(events, i + 1, &spans[k], uses[use].days);
            uint32_t keep = rig.rules->counters[0].keep;
            uint32_t got = uses[use].days ? rp_counter_days(s, 0, &spans[k])
                                          : rp_counter_count(s, 0, &spans[k]);

            /* Up to what is kept the answer is exact; above, it is at least that. */
            if (want < keep ? got != want : got < keep)
                fail_msg("use %zu, seed %llu, event %zu, span %zu: %u instead of %u (keeps %u)",
                         use, (unsigned long long)seed, i, k, got, want, keep);
            assert_true(got <= RP_WINDOW_ENTRIES_MAX);
        }
    }
    rp_lead_fini(&lead);
    rig_close(&rig);
    rp_buf_fini(&lua);
}

static void counters_are_exact(void **state)
{
    (void)state;
    for (size_t use = 0; use < RP_COUNT(uses); use++) {
        check_use(use, 7 + use, false);
        check_use(use, 70 + use, true);
    }
}

int rp_test_eval_counter(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_exact),
    };

    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
