/* SPDX-License-Identifier: MIT */
/* See eval_rig.h. */
#include "unit/engine/eval_rig.h"

#include <stdlib.h>

void rig_open(struct rig *rig, struct rp_str lua)
{
    struct rp_source source = {RP_STR("rules.lua"), lua};
    struct rp_files files = {&source, 1};
    struct rp_load_options options = {0};
    struct rp_findings findings;
    struct rp_err err = {0};

    *rig = (struct rig){0};
    rp_arena_init(&rig->arena);
    if (rp_load(&rig->arena, &files, &options, &rig->rules, &findings, &err) != 0) {
        struct rp_buf out = {0};

        rp_findings_print(&out, &findings, false);
        fail_msg("the rules do not load: %s\n%.*s", err.text, RP_STR_ARG(rp_buf_view(&out)));
    }
    if (rig->rules->test_count) {
        rig->vm = rp_vm_new(rig->rules, &err);
        assert_non_null(rig->vm);
    }
    rp_fold_init(&rig->fold, rig->rules, rig->vm, &rig->arena);
}

void rig_close(struct rig *rig)
{
    rp_fold_fini(&rig->fold);
    rp_vm_free(rig->vm);
    rp_rules_free(rig->rules);
    rp_arena_fini(&rig->arena);
}

struct rp_event rig_event(struct rig *rig, const char *type, const char *id, int64_t at_ms,
                          int64_t received_ms, struct rp_str rest)
{
    struct rp_envelope envelope = {.received_ms = RIG_START_MS + received_ms, .sent_ms = RP_NEVER};
    struct rp_event event;
    struct rp_buf item = {0};
    struct rp_str message;

    rp_buf_printf(&item, "{\"type\":\"%s\",\"messageId\":\"%s\",\"anonymousId\":\"a\"", type, id);
    rp_buf_text(&item, ",\"timestamp\":\"");
    rp_time_print(&item, RIG_START_MS + at_ms);
    rp_buf_printf(&item, "\"%.*s}", RP_STR_ARG(rest));
    if (rp_event_parse(&rig->arena, rp_arena_str(&rig->arena, rp_buf_view(&item)), &envelope,
                       &event, &message) != RP_REJECT_NONE)
        fail_msg("%.*s: %.*s", RP_STR_ARG(rp_buf_view(&item)), RP_STR_ARG(message));
    rp_buf_fini(&item);
    return event;
}

static int by_order(const void *left, const void *right)
{
    struct rp_order a = rp_event_order(left), b = rp_event_order(right);

    return rp_order_cmp(&a, &b);
}

void rig_fold_sorted(struct rig *rig, struct rp_lead *lead, const struct rp_event *events,
                     size_t count)
{
    struct rp_event *sorted = RP_ARENA_ARRAY(&rig->arena, struct rp_event, count + 1);

    memcpy(sorted, events, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_order);
    rp_lead_cells_clear_fold(lead);
    for (size_t i = 0; i < count; i++) {
        struct rp_decision decision = {0};

        rp_fold_event(&rig->fold, lead, &sorted[i], &decision);
    }
}

void rig_fold_arriving(struct rig *rig, struct rp_lead *lead, const struct rp_event *events,
                       size_t count, bool judge)
{
    for (size_t i = 0; i < count; i++) {
        struct rp_decision decision = {0};

        if (rp_fold_in_order(lead, &events[i]))
            rp_fold_event(&rig->fold, lead, &events[i], &decision);
        else
            rig_fold_sorted(rig, lead, events, i + 1);
        if (judge)
            rp_judge(&rig->fold, lead, &events[i], events[i].received_ms, &decision);
    }
}

uint32_t rig_random(struct rig_random *random, uint32_t below)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random->state >> 33) % below);
}
