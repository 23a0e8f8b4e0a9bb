/* SPDX-License-Identifier: MIT */
/* Writes a decision down: stage moves, outbox rows with their keys, faults, facts. All inside the
 * transaction of the event that caused them; the key of an action is made of what caused it, so
 * that no retry, restart or second judgement can write it twice. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "core/assign.h"
#include "core/core_priv.h"
#include "core/gate.h"
#include "core/sequences.h"
#include "store/decisions.h"
#include "store/outbox.h"
#include "store/timers.h"

#include <string.h>

/* Decimal digits backwards from `end`; returns where they start. */
static char *digits(char *end, int64_t value)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--end = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *--end = '-';
    }
    return end;
}

/* "[rule,dimension,thousandths]"; returns where it ends. */
static char *grant_text(const struct rp_core *core, const struct rp_grant *grant, char *at)
{
    uint32_t rule = grant->rule == RP_NONE ? core->rules->score_count : grant->rule;
    const int64_t numbers[3] = {core->score_names[rule], core->dim_names[grant->dim],
                                grant->granted};

    for (int n = 0; n < 3; n++) {
        char text[24];
        const char *from = digits(text + sizeof(text), numbers[n]);
        size_t len = (size_t)(text + sizeof(text) - from);

        *at++ = n ? ',' : '[';
        memcpy(at, from, len);
        at += len;
    }
    *at++ = ']';
    return at;
}

/* On the path of every event that scores: no printf. */
struct rp_str rp_core_granted(struct rp_core *core, const struct rp_decision *decision)
{
    enum { ROW_MAX = 72 };
    size_t count = decision->grant_count + (decision->adjusted.granted != 0);
    char *start = count ? rp_arena_alloc(&core->arena, count * ROW_MAX + 1) : NULL;
    char *at = start;

    for (size_t i = 0; i < count; i++) {
        const struct rp_grant *grant =
            i < decision->grant_count ? &decision->grants[i] : &decision->adjusted;

        if (grant->granted == 0 || grant->model != 0) {
            continue;
        }
        *at = at == start ? '[' : ',';
        at = grant_text(core, grant, at + 1);
    }
    if (at == start) {
        return RP_STR("");
    }
    *at++ = ']';
    return (struct rp_str){start, (size_t)(at - start)};
}

static int record_moves(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                        const struct rp_decision *decision, int64_t now_ms, int64_t *ret_last,
                        struct rp_err *err)
{
    *ret_last = 0;
    for (size_t i = 0; i < decision->move_count; i++) {
        const struct rp_move *move = &decision->moves[i];
        struct rp_move_row row = {
            .lead = lead->lead.id,
            .event = event ? event->id : 0,
            .from = core->rules->stages[move->from].name,
            .to = core->rules->stages[move->to].name,
            .because = move->because,
            .reasons = move->reasons,
            .at_ms = now_ms,
            .generation = core->rules->number,
            .passing = move->passing,
        };
        int status = rp_move_add(core->store, &row, ret_last, err);

        if (status != 0) {
            return status;
        }
        core->stats.moves++;
    }
    return 0;
}

static struct rp_str status_name(const struct rp_stage *stage, uint32_t status)
{
    return status < stage->status_count ? stage->statuses[status].name : RP_STR("");
}

static int record_statuses(struct rp_core *core, const struct rp_cached *lead,
                           const struct rp_event *event, const struct rp_decision *decision,
                           int64_t now_ms, struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; i < decision->status_count && status == 0; i++) {
        const struct rp_status_move *move = &decision->statuses[i];
        const struct rp_stage *stage = &core->rules->stages[move->stage];
        struct rp_status_row row = {
            .lead = lead->lead.id,
            .event = event ? event->id : 0,
            .stage = stage->name,
            .from = status_name(stage, move->from),
            .to = status_name(stage, move->to),
            .because = move->because,
            .at_ms = now_ms,
            .generation = core->rules->number,
        };

        status = rp_status_add(core->store, &row, err);
    }
    return status;
}

static enum rp_outbox_state first_state(const struct rp_intent *intent)
{
    if (intent->held.len > 0) {
        return RP_OUTBOX_HELD;
    }
    switch (intent->kind) {
    case RP_ACTION_TASK:
        return RP_OUTBOX_OPEN;
    case RP_ACTION_SET:
    case RP_ACTION_ASSIGN:
        return RP_OUTBOX_DELIVERED;
    case RP_ACTION_WEBHOOK:
    case RP_ACTION_NOTIFY:
    case RP_ACTION_EMAIL:
    case RP_ACTION_CRM:
        return RP_OUTBOX_PENDING;
    }
    RP_UNREACHABLE();
}

/* All items of a request are received in one millisecond: the event tells two entries into a stage
 * apart. A step is done once, whatever it was that ended the wait before it. */
static void key_of(const struct rp_lead *lead, const struct rp_event *event,
                   const struct rp_intent *intent, struct rp_str action, char key[32])
{
    struct rp_digest *digest = rp_digest_new(NULL, 0);
    uint32_t part[2] = {intent->part, (uint32_t)intent->kind};

    rp_digest_part(digest, rp_str_from(lead->public_id));
    rp_digest_part(digest, intent->cause);
    rp_digest_part(digest, event && !intent->step.len ? event->message_id : RP_STR(""));
    rp_digest_part(digest, action);
    rp_digest_part(digest, (struct rp_str){(const char *)part, sizeof(part)});
    rp_digest_part(digest, intent->to);
    memcpy(key, "act_", 4);
    rp_digest_end(digest, key + 4);
}

/* A server that delivers nothing records what it would send. Nobody wants it sent weeks later, when
 * deliveries are on: a person may let single rows go. */
static void keep_dry(const struct rp_core *core, struct rp_outbox_row *row)
{
    if (core->dry_run && row->state == RP_OUTBOX_PENDING) {
        row->state = RP_OUTBOX_HELD;
        row->error = RP_STR(RP_OUTBOX_DRY_RUN);
    }
}

static int record_intents(struct rp_core *core, struct rp_cached *lead,
                          const struct rp_event *event, const struct rp_decision *decision,
                          int64_t now_ms, int64_t move, struct rp_err *err)
{
    rp_core_hold_out(core, lead, decision);
    for (size_t i = 0; i < decision->intent_count; i++) {
        const struct rp_intent *intent = &decision->intents[i];
        char key[32];
        struct rp_outbox_row row = {
            .lead = lead->lead.id,
            .event = event ? event->id : 0,
            .move = move,
            .action = intent->step.len ? intent->step : core->rules->actions[intent->action].name,
            .to = intent->to,
            .body = intent->body,
            .error = intent->held,
            .kind = intent->kind,
            .part = intent->part,
            .state = first_state(intent),
            .created_ms = now_ms,
            .due_ms = now_ms,
            .lease_ms = RP_NEVER,
            .done_ms = first_state(intent) == RP_OUTBOX_DELIVERED ? now_ms : RP_NEVER,
        };
        int64_t id;
        int status;

        key_of(&lead->lead, event, intent, row.action, key);
        row.key = rp_str_from(key);
        status = rp_gate_intent(core, lead, intent, &row, err);
        if (status != 0) {
            return status;
        }
        keep_dry(core, &row);
        status = rp_outbox_add(core->store, &row, &id, err);
        if (status != 0 && status != RIPEN_EDENIED) { /* EDENIED: decided before, under this key */
            return status;
        }
        core->stats.intents += status == 0;
        if (status == 0 && intent->kind == RP_ACTION_TASK && row.state == RP_OUTBOX_OPEN) {
            status = rp_core_task(core, lead, intent, id, err);
            if (status != 0) {
                return status;
            }
        }
    }
    return 0;
}

int rp_core_record(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                   const struct rp_decision *decision, int64_t now_ms, struct rp_err *err)
{
    int64_t move;
    int status = record_moves(core, lead, event, decision, now_ms, &move, err);

    if (status == 0) {
        status = record_statuses(core, lead, event, decision, now_ms, err);
    }
    if (status == 0 && (decision->assigned_count || decision->owner_told)) {
        status = rp_core_assigned(core, lead, event, decision, now_ms, err);
    }
    if (status == 0 && decision->sequence_count) {
        status = rp_core_sequences_record(core, lead, event, decision, now_ms, err);
    }
    if (status == 0 && !core->no_actions) {
        status = record_intents(core, lead, event, decision, now_ms, move, err);
    }
    for (size_t i = 0; i < decision->fault_count && status == 0; i++) {
        status = rp_fault_add(core->store, event ? event->id : 0, &decision->faults[i], err);
        core->stats.faults++;
    }
    if (status == 0 && decision->facts_set.len > 0) {
        status = rp_core_facts_merge(&core->arena, &lead->lead, decision->facts_set);
        lead->lead.flags |= RP_LEAD_SAVE; /* no event could bring them back */
    }
    return status;
}

/* Copies the members of an object that `other` does not have again. */
static int copy_members(struct rp_arena *arena, struct rp_jw *jw, struct rp_str object,
                        struct rp_str other)
{
    struct rp_json json;

    rp_json_init(&json, arena, object);
    if (rp_json_next(&json) != RP_JSON_OBJECT) {
        return RIPEN_EINPUT;
    }
    while (rp_json_next(&json) == RP_JSON_KEY) {
        struct rp_str key = json.string;
        struct rp_str raw;
        struct rp_json probe;
        bool again = false;

        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR) {
            return RIPEN_EINPUT;
        }
        if (other.len > 0) {
            rp_json_init(&probe, arena, other);
            (void)rp_json_next(&probe);
            while (!again && rp_json_next(&probe) == RP_JSON_KEY) {
                again = rp_str_eq(probe.string, key);
                (void)rp_json_skip(&probe, NULL);
            }
        }
        if (!again && !rp_str_is(raw, "null")) {
            rp_jw_key_str(jw, key);
            rp_jw_raw(jw, raw);
        }
    }
    return 0;
}

int rp_core_facts_merge(struct rp_arena *arena, struct rp_lead *lead, struct rp_str facts)
{
    uint32_t key = rp_cell_key(RP_CELL_FACTS, 0, 0);
    uint32_t len = 0;
    const char *old = rp_lead_cell(lead, key, &len);
    struct rp_buf buf = {0};
    struct rp_jw jw = rp_jw(&buf);
    int status = 0;

    rp_jw_object(&jw);
    if (old) {
        status = copy_members(arena, &jw, (struct rp_str){old, len}, facts);
    }
    if (status == 0) {
        status = copy_members(arena, &jw, facts, RP_STR(""));
    }
    rp_jw_object_end(&jw);
    if (status == 0) {
        memcpy(rp_lead_cell_resize(lead, key, (uint32_t)buf.len), buf.ptr, buf.len);
    }
    rp_buf_fini(&buf);
    return status;
}
