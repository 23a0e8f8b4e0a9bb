/* SPDX-License-Identifier: MIT */
/* The rows of sequences. What an instance is stands in the lead's cells, the row says it again for
 * people; both are written in one transaction, the cells with the lead (RP_LEAD_SAVE), since no
 * event could bring them back. */
#include "core/sequences.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "base/log.h"
#include "core/core_priv.h"
#include "engine/timers.h"
#include "model/sequence.h"
#include "store/audit.h"
#include "store/people.h"
#include "store/reports.h"
#include "store/sequences.h"

#include <string.h>

/* ---- What a decision did --------------------------------------------------------------------- */

/* The instance that the change is about. */
static struct rp_instance *instance_of(const struct rp_lead *lead,
                                       const struct rp_sequence_change *change)
{
    uint32_t count;
    struct rp_instance *list = rp_instances(lead, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (list[i].sequence == change->sequence && list[i].number == change->number) {
            return &list[i];
        }
    }
    RP_UNREACHABLE();
}

static bool is_last_of_it(const struct rp_decision *decision, size_t at)
{
    for (size_t i = at + 1; i < decision->sequence_count; i++) {
        if (decision->sequences[i].sequence == decision->sequences[at].sequence &&
            decision->sequences[i].number == decision->sequences[at].number) {
            return false;
        }
    }
    return true;
}

/* The row as the lead's cells have it now. */
static int put_row(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                   const struct rp_sequence_change *change, struct rp_err *err)
{
    struct rp_instance *in = instance_of(&lead->lead, change);
    struct rp_sequence_row row = {
        .id = in->row,
        .lead = lead->lead.id,
        .event = event ? event->id : 0,
        .sequence = change->name,
        .step = change->step,
        .in = *in,
        .generation = core->rules->number,
        .started_by = change->mark == RP_SEQUENCE_STARTED ? change->reason : RP_STR(""),
        .reason = change->mark == RP_SEQUENCE_ENDED ? change->reason : RP_STR(""),
    };

    return rp_sequence_put(core->store, &row, &in->row, err);
}

static int record_change(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                         const struct rp_decision *decision, size_t at, int64_t now_ms,
                         struct rp_err *err)
{
    const struct rp_sequence_change *change = &decision->sequences[at];
    int status = 0;

    if (change->mark == RP_SEQUENCE_STARTED || is_last_of_it(decision, at)) {
        status = put_row(core, lead, event, change, err);
    }
    if (status == 0 && change->mark == RP_SEQUENCE_STEP) {
        status =
            rp_sequence_step_add(core->store, lead->lead.id, instance_of(&lead->lead, change)->row,
                                 change->step, now_ms, err);
    }
    return status;
}

int rp_core_sequences_record(struct rp_core *core, struct rp_cached *lead,
                             const struct rp_event *event, const struct rp_decision *decision,
                             int64_t now_ms, struct rp_err *err)
{
    int status = 0;

    for (size_t i = 0; i < decision->sequence_count && status == 0; i++) {
        status = record_change(core, lead, event, decision, i, now_ms, err);
        core->stats.sequences_started += decision->sequences[i].mark == RP_SEQUENCE_STARTED;
        core->stats.sequence_steps += decision->sequences[i].mark == RP_SEQUENCE_STEP;
    }
    lead->lead.flags |= RP_LEAD_SAVE;
    return status;
}

/* ---- Merges ---------------------------------------------------------------------------------- */

int rp_core_sequences_merged(struct rp_core *core, const struct rp_cached *from,
                             const struct rp_cached *into, struct rp_err *err)
{
    uint32_t count;

    (void)rp_instances(&from->lead, &count);
    if (count == 0) {
        return 0;
    }
    return rp_sequence_merged(core->store, from->lead.id,
                              rp_arena_printf(&core->arena, "merged into %s", into->lead.public_id),
                              err);
}

static int bring_back(struct rp_core *core, struct rp_cached *from, struct rp_sequence_row *row,
                      int64_t now_ms, struct rp_err *err)
{
    if (row->in.state == RP_INSTANCE_MERGED) {
        row->in.state = (uint8_t)row->was;
        row->reason = RP_STR("");
        if (row->was == RP_INSTANCE_RUNNING && row->in.due_ms && row->in.due_ms <= now_ms) {
            row->in.state = RP_INSTANCE_PAUSED;
            row->reason = RP_STR("its wait ended while the lead was merged; resume it by hand");
        }
        int status = rp_sequence_put(core->store, row, &row->id, err);

        if (status != 0) {
            return status;
        }
    }
    (void)rp_instance_add(&from->lead, &row->in);
    return 0;
}

int rp_core_sequences_unmerged(struct rp_core *core, struct rp_cached *from, int64_t now_ms,
                               struct rp_err *err)
{
    struct rp_sequence_row *rows;
    size_t count;
    int status = rp_sequence_list(&core->arena, core->store, from->lead.id, &rows, &count, err);
    uint32_t known;

    (void)rp_instances(&from->lead, &known);
    for (size_t i = 0; i < count && known == 0 && status == 0; i++) {
        status = bring_back(core, from, &rows[i], now_ms, err);
    }
    return status;
}

/* ---- What people decide ---------------------------------------------------------------------- */

/* EINPUT unless the rules can go on with it. */
static int check_resume(struct rp_core *core, const struct rp_sequence_ask *ask,
                        const struct rp_sequence_row *row, struct rp_str *step, struct rp_err *err)
{
    uint32_t index = rp_rules_sequence(core->rules, row->sequence);
    const struct rp_sequence *sequence = index == RP_NONE ? NULL : &core->rules->sequences[index];

    *step = ask->step.len ? ask->step : row->step;
    if (!sequence) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "the rules have no sequence \"%.*s\" any more; cancel it, or put the "
                          "sequence back",
                          RP_STR_ARG(row->sequence));
    }
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        if (rp_str_eq(sequence->steps[i].name, *step)) {
            return 0;
        }
    }
    return rp_err_set(err, RIPEN_EINPUT,
                      "sequence \"%.*s\" has no step \"%.*s\"; name one of its steps with --step",
                      RP_STR_ARG(row->sequence), RP_STR_ARG(*step));
}

/* Its first moment in that step: nothing of it is done yet. */
static void put_at(struct rp_instance *in, struct rp_str step, int64_t now_ms)
{
    in->step = rp_hash(step);
    in->entered_ms = now_ms;
    in->due_ms = 0;
    in->passed = 0;
    in->waits = RP_WAIT_NONE;
}

static int change_one(struct rp_core *core, struct rp_cached *lead,
                      const struct rp_sequence_ask *ask, struct rp_sequence_row *row,
                      int64_t now_ms, struct rp_err *err)
{
    struct rp_sequence_change key = {.sequence = row->in.sequence, .number = row->in.number};
    struct rp_instance *in = instance_of(&lead->lead, &key);
    struct rp_str step = row->step;
    int status = 0;

    row->in = *in;
    row->reason = ask->reason;
    switch (ask->verb) {
    case RP_SEQUENCE_PAUSE:
        row->in.state = RP_INSTANCE_PAUSED;
        break;
    case RP_SEQUENCE_RESUME:
        status = check_resume(core, ask, row, &step, err);
        row->in.state = RP_INSTANCE_RUNNING;
        row->reason = RP_STR("");
        if (ask->step.len) {
            put_at(&row->in, step, now_ms);
        }
        break;
    case RP_SEQUENCE_CANCEL:
        row->in.state = RP_INSTANCE_CANCELLED;
        row->in.waits = RP_WAIT_NONE;
        row->in.due_ms = 0;
        row->in.entered_ms = now_ms;
        break;
    }
    if (status != 0) {
        return status;
    }
    row->step = step;
    row->generation = core->rules->number;
    *in = row->in;
    lead->lead.flags |= RP_LEAD_SAVE;
    status = rp_sequence_put(core->store, row, &row->id, err);
    if (status == 0 && ask->verb == RP_SEQUENCE_RESUME && ask->step.len) {
        status = rp_sequence_step_add(core->store, lead->lead.id, row->id, step, now_ms, err);
    }
    return status;
}

static bool is_asked(const struct rp_sequence_ask *ask, const struct rp_sequence_row *row)
{
    if (ask->sequence.len && !rp_str_eq(ask->sequence, row->sequence)) {
        return false;
    }
    switch (ask->verb) {
    case RP_SEQUENCE_PAUSE:
        return row->in.state == RP_INSTANCE_RUNNING;
    case RP_SEQUENCE_RESUME:
        return row->in.state == RP_INSTANCE_PAUSED ||
               (ask->step.len && row->in.state == RP_INSTANCE_RUNNING);
    case RP_SEQUENCE_CANCEL:
        return rp_instance_is_live(row->in.state);
    }
    RP_UNREACHABLE();
}

/* What was due before comes before what a person decides now, at its own time. */
static int catch_up(struct rp_core *core, struct rp_cached *lead, int64_t now_ms,
                    struct rp_err *err)
{
    int status = rp_core_complete(core, lead, err);

    return status == 0 ? rp_core_timers_before(core, lead, now_ms, err) : status;
}

/* Goes on with what waits no longer; now. */
static int judge_now(struct rp_core *core, struct rp_cached *lead, int64_t now_ms,
                     struct rp_err *err)
{
    struct rp_decision decision = {0};
    int status = 0;

    if (now_ms >= lead->lead.judged_ms) {
        rp_core_act_as(core, &lead->lead);
        rp_judge(&core->fold, &lead->lead, NULL, now_ms, &decision);
        status = rp_core_record(core, lead, NULL, &decision, now_ms, err);
    }
    if (status == 0) {
        rp_core_timer_derive(core, lead);
    }
    return status;
}

static int change_all(struct rp_core *core, struct rp_cached *lead,
                      const struct rp_sequence_ask *ask, int64_t now_ms, struct rp_jw *jw,
                      size_t *changed, struct rp_err *err)
{
    static const char *const verbs[] = {"sequence-pause", "sequence-resume", "sequence-cancel"};
    struct rp_sequence_row *rows;
    size_t count;
    int status = rp_sequence_list(&core->arena, core->store, lead->lead.id, &rows, &count, err);

    for (size_t i = 0; i < count && status == 0; i++) {
        if (!is_asked(ask, &rows[i])) {
            continue;
        }
        struct rp_audit_row audit = {.at_ms = now_ms,
                                     .actor = ask->author,
                                     .verb = rp_str_from(verbs[ask->verb]),
                                     .subject = rp_str_from(lead->lead.public_id),
                                     .detail = rows[i].sequence};

        ++*changed;
        status = change_one(core, lead, ask, &rows[i], now_ms, err);
        rp_jw_str(jw, rows[i].sequence);
        if (status == 0) {
            status = rp_audit_add(core->store, &audit, err);
        }
    }
    if (status == 0 && *changed == 0) {
        status = rp_err_set(err, RIPEN_ENOTFOUND,
                            "%s is in no%s sequence%s%.*s that could be %s; `ripen sequence show` "
                            "tells where it is",
                            lead->lead.public_id, ask->verb == RP_SEQUENCE_RESUME ? " paused" : "",
                            ask->sequence.len ? " " : "", RP_STR_ARG(ask->sequence),
                            ask->verb == RP_SEQUENCE_PAUSE    ? "paused"
                            : ask->verb == RP_SEQUENCE_RESUME ? "resumed"
                                                              : "cancelled");
    }
    return status;
}

static int ask_lead(struct rp_core *core, const struct rp_sequence_ask *ask, struct rp_jw *jw,
                    struct rp_err *err)
{
    int64_t now_ms = rp_clock_now(&core->clock);
    struct rp_cached *lead = NULL;
    size_t changed = 0;
    bool goes_on;
    int64_t id;
    int status = rp_lead_find(core->store, ask->lead, &id, err);

    if (status == 0) {
        status = rp_core_lead(core, id, &lead, err);
    }
    if (status != 0) {
        return status;
    }
    rp_core_touch(core, lead);
    goes_on = ask->verb == RP_SEQUENCE_RESUME && !rp_aside_has(core, id);
    rp_jw_object(jw);
    rp_jw_put_text(jw, "lead", lead->lead.public_id);
    rp_jw_key(jw, "sequences");
    rp_jw_array(jw);
    if (goes_on) {
        status = catch_up(core, lead, now_ms, err);
    }
    if (status == 0) {
        status = change_all(core, lead, ask, now_ms, jw, &changed, err);
    }
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
    if (status == 0 && goes_on) {
        status = judge_now(core, lead, now_ms, err);
    } else if (status == 0) {
        rp_core_timer_derive(core, lead);
    }
    if (status == 0) {
        rp_core_dirty(core, lead);
        status = rp_core_save(core, lead, err);
    }
    return status;
}

int rp_core_sequence_ask(struct rp_core *core, const struct rp_sequence_ask *ask,
                         struct rp_buf *out, struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    int status = core->stale ? rp_core_recover(core, err) : 0;

    if (status == 0) {
        status = rp_store_begin(core->store, err);
    }
    if (status != 0) {
        return status;
    }
    status = ask_lead(core, ask, &jw, err);
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        core->stale = true;
        rp_buf_reset(out);
    }
    rp_core_unpin(core);
    return status == 0 ? rp_core_sequences_look(core, false, err) : status;
}

/* ---- What rules no longer know --------------------------------------------------------------- */

struct look {
    struct rp_core *core;
    bool tell;
};

static bool is_known(const struct rp_rules *rules, const struct rp_sequence_count *place)
{
    uint32_t index = rp_rules_sequence(rules, place->sequence);
    const struct rp_sequence *sequence = index == RP_NONE ? NULL : &rules->sequences[index];

    for (uint32_t i = 0; sequence && i < sequence->step_count; i++) {
        if (rp_str_eq(sequence->steps[i].name, place->step)) {
            return true;
        }
    }
    return false;
}

static void look_at(void *ctx, const struct rp_sequence_count *place)
{
    const struct look *look = ctx;
    struct rp_core *core = look->core;
    int64_t count;

    if (is_known(core->rules, place)) {
        return;
    }
    count = rp_sequence_place_count(core->store, place->sequence, place->step);
    core->stats.sequences_stuck += (uint64_t)count;
    if (look->tell) {
        rp_log(RP_LOG_WARN, "sequence",
               "sequence=\"%.*s\" step=\"%.*s\" leads=%lld problem=\"the rules do not have it any "
               "more: paused until it is back, or `ripen sequence resume --step` or `cancel` "
               "decides\"",
               RP_STR_ARG(place->sequence), RP_STR_ARG(place->step), (long long)count);
    }
}

int rp_core_sequences_look(struct rp_core *core, bool tell, struct rp_err *err)
{
    struct look look = {core, tell};

    core->stats.sequences_stuck = 0;
    return rp_sequence_places(core->store, look_at, &look, err);
}
