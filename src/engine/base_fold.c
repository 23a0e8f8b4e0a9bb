/* SPDX-License-Identifier: MIT */
/* A base goes into a lead's cells. Under the rules that made it, and with nothing before it, the
 * cells are taken as they were. Under other rules, or behind what a merge brought, it is taken as
 * granted: traits and touches by name; points into the dimension of that name, fading as the rule
 * of that name says or else as the dimension's first rule; hits and once-keys of rules of the same
 * name; the newest events into counters that ask for an event by its name alone; void messages.
 * What names nothing any more is left out. */
#include "engine/base_event.h"
#include "engine/eval.h"
#include "model/consent.h"

#include <string.h>

enum { MODELS_MAX = 32 }; /* what a cell's key can tell apart */

/* ---- Profile --------------------------------------------------------------------------------- */

static void take_traits(struct rp_scratch *s, struct rp_lead *lead, const struct rp_event *base,
                        struct rp_base_reader *reader)
{
    for (int part = 0; part < 2; part++) {
        struct rp_event event = *base;

        event.type = part ? RP_GROUP : RP_IDENTIFY;
        event.flags = 0;
        event.body = rp_base_str(reader);
        if (rp_event_body_parse(s->arena, &event) != 0)
            continue;
        rp_bind_event(s, lead, &event, base->effective_ms);
        (void)rp_profile_merge(s, lead);
    }
    rp_bind_event(s, lead, base, base->effective_ms);
}

/* The newest events: for counters of a name, and the newest activity. */
static void take_seen(struct rp_scratch *s, struct rp_lead *lead, const struct rp_event *base,
                      struct rp_base_reader *reader)
{
    static const struct rp_prop nothing = {.next = 1, .type = RP_OBJECT};

    for (uint32_t left = rp_base_u32(reader); left > 0 && !reader->bad; left--) {
        struct rp_base_seen seen = rp_base_seen(reader);
        struct rp_event event = *base;

        if (seen.flags & RP_EVENT_ROBOT)
            continue; /* records once held them too */
        event.type = seen.type;
        event.flags = seen.flags;
        event.name = seen.name;
        event.effective_ms = seen.at_ms;
        event.received_ms = seen.received_ms;
        event.props = &nothing;
        event.prop_count = 1;
        rp_bind_event(s, lead, &event, seen.at_ms);
        rp_bind_kinds(s);
        rp_counters_add(s, lead);
        rp_active_note(s, lead);
    }
    rp_bind_event(s, lead, base, base->effective_ms);
}

static void take_fields(struct rp_scratch *s, struct rp_lead *lead, struct rp_base_reader *reader)
{
    const struct rp_rules *rules = s->rules;

    while (rp_base_u32(reader) != 0) {
        uint32_t home = rp_base_u32(reader), group_only = rp_base_u32(reader);
        struct rp_str key = rp_base_str(reader), cell = rp_base_str(reader);

        for (uint32_t i = 0; i < rules->field_count && cell.len > 0; i++) {
            const struct rp_field *field = &rules->fields[i];

            if ((uint32_t)field->home != home || field->group_only != (group_only != 0) ||
                !rp_str_eq(field->key, key))
                continue;
            memcpy(rp_lead_cell_resize(lead, rp_cell_key(RP_CELL_TRAIT, 0, i), (uint32_t)cell.len),
                   cell.ptr, cell.len);
            rp_bind_forget(s, i);
        }
    }
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static void take_hits(struct rp_scratch *s, struct rp_lead *lead, struct rp_base_reader *reader)
{
    while (rp_base_u32(reader) != 0) {
        uint32_t rule = rp_rules_score(s->rules, rp_base_str(reader));
        struct rp_str hits = rp_base_str(reader), once = rp_base_str(reader);

        if (rule != RP_NONE)
            rp_points_recall(s, lead, rule, hits, once);
    }
}

static void take_voided(struct rp_lead *lead, struct rp_base_reader *reader)
{
    struct rp_str hashes = rp_base_str(reader);
    uint32_t key = rp_cell_key(RP_CELL_VOIDED, 0, 0), len;

    if (hashes.len == 0)
        return;
    (void)rp_lead_cell(lead, key, &len);
    memcpy((uint8_t *)rp_lead_cell_resize(lead, key, len + (uint32_t)hashes.len) + len, hashes.ptr,
           hashes.len);
}

static void show(struct rp_scratch *s, const struct rp_event *base,
                 const struct rp_base_grant *grant, uint32_t model, uint32_t rule, uint32_t dim,
                 uint32_t sum)
{
    struct rp_trace_row row = {
        .grant = {.rule = rule,
                  .model = (uint16_t)model,
                  .dim = (uint16_t)dim,
                  .asked = grant->asked,
                  .granted = grant->granted,
                  .cut = grant->cut,
                  .evidence = grant->evidence,
                  .key = grant->key},
        .sum = sum,
        .event = base->id,
        .at_ms = grant->at_ms,
        .until_ms = grant->until_ms,
        .message_id = base->message_id,
        .event_name = grant->event_name,
        .why = grant->why,
    };

    if (rule == RP_NONE && !grant->by_hand) {
        row.event_name = grant->rule;
        row.why = RP_STR("Granted by a rule that is gone");
    }
    if (s->fold->trace)
        s->fold->trace(s->fold->trace_ctx, &row);
}

/* Which models the base has grants of; *ret_control: the control's name, whose grants come first.
 */
static void models_known(const struct rp_rules *rules, struct rp_base_reader reader,
                         bool known[MODELS_MAX], struct rp_str *ret_control)
{
    *ret_control = RP_STR("");
    for (uint32_t left = rp_base_u32(&reader); left > 0 && !reader.bad; left--) {
        struct rp_str name = rp_base_grant(&reader).model;
        uint32_t model = rp_rules_model(rules, name);

        if (ret_control->len == 0)
            *ret_control = name;
        if (model < MODELS_MAX)
            known[model] = true;
    }
}

static void take_grants(struct rp_scratch *s, struct rp_lead *lead, const struct rp_event *base,
                        struct rp_base_reader *reader, bool as_it_was)
{
    bool known[MODELS_MAX] = {false};
    struct rp_str control;

    models_known(s->rules, *reader, known, &control);
    for (uint32_t left = rp_base_u32(reader); left > 0 && !reader->bad; left--) {
        struct rp_base_grant grant = rp_base_grant(reader);
        uint32_t rule = grant.by_hand ? RP_NONE : rp_rules_score(s->rules, grant.rule);
        uint32_t dim = rp_rules_dim(s->rules, grant.dim);
        struct rp_event event = *base;

        if (dim == RP_NONE || reader->bad || (grant.granted == 0 && !as_it_was))
            continue;
        event.effective_ms = grant.at_ms;
        if (grant.by_hand) {
            if (!as_it_was)
                rp_adjust_restore(s, lead, dim, grant.granted, grant.until_ms, base->effective_ms);
            show(s, base, &grant, 0, RP_NONE, dim, RP_NONE);
            continue;
        }
        for (uint32_t m = 0; m < s->rules->model_count; m++) {
            bool lent = !as_it_was && !known[m] && rp_str_eq(grant.model, control);
            uint32_t sum;

            if (!lent && !rp_str_eq(grant.model, s->rules->models[m].name))
                continue;
            s->event = &event;
            s->model = m;
            sum = rp_points_sum(s, rule, dim);
            if (sum == RP_NONE ||
                (!as_it_was && !rp_points_restore(s, lead, rule, dim, grant.granted, grant.key)))
                continue;
            show(s, base, &grant, m, rule, dim, sum);
        }
        s->event = base;
        s->model = s->fold->model;
    }
}

/* ---- The base -------------------------------------------------------------------------------- */

/* False: damaged. */
static bool take_cells(struct rp_lead *lead, struct rp_str cells)
{
    struct rp_lead checked;
    bool good;

    rp_lead_init(&checked);
    good = cells.len % 8 == 0 && rp_lead_cells_set(&checked, cells.ptr, cells.len) == 0;
    if (good)
        rp_lead_cells_fold_set(lead, checked.cells, checked.cells_len);
    rp_lead_fini(&checked);
    return good;
}

static void skip_to_grants(struct rp_base_reader *reader)
{
    (void)rp_base_str(reader);
    (void)rp_base_str(reader);
    for (uint32_t left = rp_base_u32(reader); left > 0 && !reader->bad; left--)
        (void)rp_base_seen(reader);
    while (rp_base_u32(reader) != 0) {
        (void)rp_base_u32(reader);
        (void)rp_base_u32(reader);
        (void)rp_base_str(reader);
        (void)rp_base_str(reader);
    }
    while (rp_base_u32(reader) != 0) {
        (void)rp_base_str(reader);
        (void)rp_base_str(reader);
        (void)rp_base_str(reader);
    }
    (void)rp_base_str(reader);
}

bool rp_base_fold(struct rp_scratch *s, struct rp_lead *lead, const struct rp_event *event,
                  bool first)
{
    struct rp_base_reader reader;
    uint32_t generation;
    struct rp_str cells;

    if (!rp_base_open(s->arena, event, &reader))
        return false;
    generation = rp_base_u32(&reader);
    cells = rp_base_str(&reader);
    (void)rp_base_str(&reader); /* nodes */
    if (first && generation != 0 && generation == s->rules->number && take_cells(lead, cells)) {
        if (s->fold->trace) {
            skip_to_grants(&reader);
            take_grants(s, lead, event, &reader, true);
        }
        return true;
    }
    take_traits(s, lead, event, &reader);
    take_seen(s, lead, event, &reader);
    take_fields(s, lead, &reader);
    take_hits(s, lead, &reader);
    take_voided(lead, &reader);
    take_grants(s, lead, event, &reader, false);
    if (reader.at < reader.end) /* older records end here */
        rp_consent_join(lead, rp_base_str(&reader));
    return false;
}
