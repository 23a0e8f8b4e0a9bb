/* SPDX-License-Identifier: MIT */
/* Amendments. Those that are corrections become events of the lead, sent by Ripen itself and judged
 * like any other; un-merge and forgetting change who is who; the rest goes to the file that knows
 * tasks, sequences, deliveries, experiments or the suppression list. A table says which verb needs
 * what; what is wrong is told before anything is done. */
#include "core/amend.h"

#include "base/hash.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/num.h"
#include "base/text.h"
#include "core/bulk.h"
#include "core/core_priv.h"
#include "core/evaluate.h"
#include "core/gate.h"
#include "core/outgoing.h"
#include "core/own_event.h"
#include "core/people.h"
#include "core/sequences.h"
#include "core/tasks.h"
#include "model/correction.h"
#include "model/owner.h"
#include "store/dedup.h"
#include "store/events.h"
#include "store/reports.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* The members of a body; points as written. */
struct asked {
    struct rp_str lead, stage, points, dimension, reason, author, until, message_id, text, scope,
        task, outcome, owner, experiment, sequence, step, after;
};

static const struct {
    const char *name;
    size_t at;
    bool number;
} members[] = {
    {"lead", offsetof(struct asked, lead), false},
    {"stage", offsetof(struct asked, stage), false},
    {"points", offsetof(struct asked, points), true},
    {"dimension", offsetof(struct asked, dimension), false},
    {"reason", offsetof(struct asked, reason), false},
    {"author", offsetof(struct asked, author), false},
    {"as", offsetof(struct asked, author), false}, /* of tasks: the same as author */
    {"until", offsetof(struct asked, until), false},
    {"messageId", offsetof(struct asked, message_id), false},
    {"text", offsetof(struct asked, text), false},
    {"scope", offsetof(struct asked, scope), false},
    {"owner", offsetof(struct asked, owner), false},
    {"task", offsetof(struct asked, task), true},
    {"outcome", offsetof(struct asked, outcome), false},
    {"sequence", offsetof(struct asked, sequence), false},
    {"step", offsetof(struct asked, step), false},
    {"experiment", offsetof(struct asked, experiment), false},
    {"after", offsetof(struct asked, after), true},
};

static struct rp_str *member(struct asked *asked, size_t i)
{
    return (struct rp_str *)(void *)((char *)asked + members[i].at);
}

static int read_member(struct rp_json *json, struct asked *asked, struct rp_err *err)
{
    struct rp_str key = json->string;
    struct rp_str raw;
    size_t i = 0;
    enum rp_json_token token;

    while (i < RP_COUNT(members) && !rp_str_is(key, members[i].name)) {
        i++;
    }
    if (i == RP_COUNT(members)) {
        return rp_err_set(err, RIPEN_EINPUT, "\"%.*s\" is nothing that can be said here",
                          RP_STR_ARG(key));
    }
    if (members[i].number) {
        token = rp_json_skip(json, &raw);
        *member(asked, i) = raw;
    } else {
        token = rp_json_next(json);
        *member(asked, i) = json->string;
    }
    if (token != (members[i].number ? RP_JSON_NUMBER : RP_JSON_STRING)) {
        return rp_err_set(err, RIPEN_EINPUT, "\"%s\" is a %s", members[i].name,
                          members[i].number ? "number" : "text");
    }
    return 0;
}

static int read_asked(struct rp_arena *arena, struct rp_str body, struct asked *ret_asked,
                      struct rp_err *err)
{
    struct asked asked = {0};
    struct rp_json json;
    enum rp_json_token token;
    int status = 0;

    rp_json_init(&json, arena, body);
    if (rp_json_next(&json) != RP_JSON_OBJECT) {
        return rp_err_set(err, RIPEN_EINPUT, "what is asked for is a JSON object");
    }
    while (status == 0 && (token = rp_json_next(&json)) == RP_JSON_KEY) {
        status = read_member(&json, &asked, err);
    }
    if (status == 0 && (token == RP_JSON_ERROR || rp_json_next(&json) != RP_JSON_END)) {
        status = rp_err_set(err, RIPEN_EINPUT, "not JSON at byte %zu", json.at);
    }
    *ret_asked = asked;
    return status;
}

/* ---- Corrections: events that Ripen sends ------------------------------------------------------
 */

/* The lead is not among the properties. */
static void write_properties(const struct asked *asked, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);
    struct asked copy = *asked;

    rp_jw_object(&jw);
    copy.lead = RP_STR("");
    for (size_t i = 0; i < RP_COUNT(members); i++) {
        struct rp_str value = *member(&copy, i);

        if (i > 0 && members[i].at == members[i - 1].at) {
            continue; /* another name for the same */
        }
        if (value.len > 0 && members[i].number) {
            rp_jw_key(&jw, members[i].name);
            rp_jw_raw(&jw, value);
        } else if (value.len > 0) {
            rp_jw_put_str(&jw, members[i].name, value);
        }
    }
    rp_jw_object_end(&jw);
}

/* The lead whose event has this messageId; two leads may each have one. */
static int lead_of_message(struct rp_core *core, struct rp_str message_id, int64_t *ret_lead,
                           struct rp_err *err)
{
    enum { CANDIDATES_MAX = 64 };
    int64_t rows[CANDIDATES_MAX];
    int count = rp_dedup_find(core->store, rp_hash_keyed(rp_store_secret(core->store), message_id),
                              rows, CANDIDATES_MAX, err);
    int status = count < 0 ? count : 0;

    *ret_lead = 0;
    for (int i = 0; i < count && status == 0; i++) {
        struct rp_event event;
        int64_t prev;
        int64_t lead;

        status = rp_event_read(&core->arena, core->store, rows[i], &event, &prev, err);
        if (status == RIPEN_ENOTFOUND) {
            status = 0;
            continue;
        }
        if (status != 0 || !rp_str_eq(event.message_id, message_id)) {
            continue;
        }
        lead = rp_identity_lead(core->store, event.node);
        if (*ret_lead != 0 && lead != *ret_lead) {
            return rp_err_set(err, RIPEN_EINPUT,
                              "several leads have an event \"%.*s\"; name the lead too",
                              RP_STR_ARG(message_id));
        }
        *ret_lead = lead;
    }
    return status == 0 && *ret_lead == 0
               ? rp_err_set(err, RIPEN_ENOTFOUND, "there is no event \"%.*s\"",
                            RP_STR_ARG(message_id))
               : status;
}

/* What the fold would find wrong is told to the person who asks. */
static int check(struct rp_core *core, enum rp_correction correction, const struct asked *asked,
                 struct rp_err *err)
{
    const struct rp_rules *rules = core->rules;
    uint32_t dim = asked->dimension.len ? rp_rules_dim(rules, asked->dimension) : 0;
    int64_t until;
    double points;

    if (correction == RP_CORRECTION_STAGE && rp_rules_stage(rules, asked->stage) == RP_NONE) {
        return rp_err_set(err, RIPEN_EINPUT, "no stage is named \"%.*s\"",
                          RP_STR_ARG(asked->stage));
    }
    if (correction == RP_CORRECTION_OWNER && asked->owner.len > RP_OWNER_MAX) {
        return rp_err_set(err, RIPEN_EINPUT, "an owner's address has at most %d bytes",
                          RP_OWNER_MAX);
    }
    if (correction != RP_CORRECTION_POINTS) {
        return 0;
    }
    if (!rp_number_parse(asked->points, &points) || fabs(points) > RP_POINTS_MAX) {
        return rp_err_set(err, RIPEN_EINPUT, "points must be a number from -%d to %d, not %.*s",
                          RP_POINTS_MAX, RP_POINTS_MAX, RP_STR_ARG(asked->points));
    }
    if (dim == RP_NONE || (asked->dimension.len && rules->dims[dim].by != RP_NONE)) {
        return rp_err_set(err, RIPEN_EINPUT, "no dimension \"%.*s\" takes points by hand",
                          RP_STR_ARG(asked->dimension));
    }
    if (asked->until.len && !rp_time_parse(asked->until, &until)) {
        return rp_err_set(err, RIPEN_EINPUT, "until \"%.*s\" is no time; write it like 2026-03-02",
                          RP_STR_ARG(asked->until));
    }
    return 0;
}

/* Whoever refused a lead is not given it again within its cool-down, by nobody. */
static int check_owner(struct rp_core *core, int64_t id, const struct asked *asked,
                       struct rp_err *err)
{
    struct rp_cached *lead;
    struct rp_owner owner;
    struct rp_buf until = {0};
    int status = rp_core_lead(core, id, &lead, err);

    if (status != 0) {
        return status;
    }
    rp_owner_get(&lead->lead, &owner);
    if (rp_clock_now(&core->clock) < owner.barred_ms &&
        rp_str_eq(rp_text_fold(&core->arena, asked->owner),
                  rp_text_fold(&core->arena, owner.refuser))) {
        rp_time_print(&until, owner.barred_ms);
        status =
            rp_err_set(err, RIPEN_EDENIED, "%.*s rejected this lead and cools down until %.10s",
                       RP_STR_ARG(owner.refuser), until.ptr);
        rp_buf_fini(&until);
    }
    return status;
}

static int correct(struct rp_core *core, enum rp_correction correction, const struct asked *asked,
                   struct rp_buf *out, struct rp_err *err)
{
    struct rp_buf properties = {0};
    int64_t lead = 0;
    int status = check(core, correction, asked, err);

    if (status == 0) {
        status = asked->lead.len ? rp_lead_find(core->store, asked->lead, &lead, err)
                                 : lead_of_message(core, asked->message_id, &lead, err);
    }
    if (status == 0 && correction == RP_CORRECTION_OWNER) {
        status = check_owner(core, lead, asked, err);
    }
    if (status == 0) {
        write_properties(asked, &properties);
        status = rp_core_own_event(core, lead, rp_correction_event(correction), RP_STR(""),
                                   rp_buf_view(&properties), out, err);
    }
    rp_buf_fini(&properties);
    return status;
}

/* ---- Who is who ------------------------------------------------------------------------------ */

static int unmerge(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                   struct rp_err *err)
{
    struct rp_unmerged unmerged;
    struct rp_jw jw = rp_jw(out);
    int status = rp_core_unmerge(core, asked->lead, asked->author, &unmerged, err);

    if (status == 0) {
        rp_jw_object(&jw);
        rp_jw_put_text(&jw, "lead", unmerged.lead);
        rp_jw_put_text(&jw, "other", unmerged.other);
        rp_jw_object_end(&jw);
    }
    return status;
}

static int forget(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                  struct rp_err *err)
{
    struct rp_forget forgotten;
    struct rp_jw jw = rp_jw(out);
    int status = rp_core_forget(core, asked->lead, &forgotten, err);

    if (status == 0) {
        rp_jw_object(&jw);
        rp_jw_put_int(&jw, "leads", (int64_t)forgotten.leads);
        rp_jw_put_int(&jw, "events", (int64_t)forgotten.events);
        rp_jw_put_int(&jw, "actions", (int64_t)forgotten.actions);
        rp_jw_object_end(&jw);
    }
    return status;
}

/* ---- Deliveries ------------------------------------------------------------------------------ */

static int pause_it(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                    struct rp_err *err)
{
    return rp_core_pause(core, asked->scope, asked->reason, asked->author, out, err);
}

static int resume_it(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                     struct rp_err *err)
{
    return rp_core_resume(core, asked->scope, asked->author, out, err);
}

/* ---- Tasks ----------------------------------------------------------------------------------- */

static struct rp_task_ask of_task(const struct asked *asked)
{
    return (struct rp_task_ask){.task = asked->task,
                                .author = asked->author,
                                .outcome = asked->outcome,
                                .reason = asked->reason,
                                .until = asked->until,
                                .text = asked->text};
}

static int task_claim(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                      struct rp_err *err)
{
    struct rp_task_ask ask = of_task(asked);

    return rp_core_task_claim(core, &ask, out, err);
}

static int task_note(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                     struct rp_err *err)
{
    struct rp_task_ask ask = of_task(asked);

    return rp_core_task_note(core, &ask, out, err);
}

static int task_done(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                     struct rp_err *err)
{
    struct rp_task_ask ask = of_task(asked);

    return rp_core_task_done(core, &ask, out, err);
}

/* ---- Sequences ------------------------------------------------------------------------------- */

static int of_sequence(struct rp_core *core, enum rp_sequence_verb verb, const struct asked *asked,
                       struct rp_buf *out, struct rp_err *err)
{
    struct rp_sequence_ask ask = {.verb = verb,
                                  .lead = asked->lead,
                                  .sequence = asked->sequence,
                                  .step = asked->step,
                                  .reason = asked->reason,
                                  .author = asked->author};

    return rp_core_sequence_ask(core, &ask, out, err);
}

static int sequence_pause(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                          struct rp_err *err)
{
    return of_sequence(core, RP_SEQUENCE_PAUSE, asked, out, err);
}

static int sequence_resume(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                           struct rp_err *err)
{
    return of_sequence(core, RP_SEQUENCE_RESUME, asked, out, err);
}

static int sequence_cancel(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                           struct rp_err *err)
{
    return of_sequence(core, RP_SEQUENCE_CANCEL, asked, out, err);
}

static int evaluate(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                    struct rp_err *err)
{
    return rp_core_evaluate_portion(core, asked->stage, asked->after, rp_clock_now(&core->clock),
                                    out, err);
}

/* ---- Experiments ------------------------------------------------------------------------------
 */

static int experiment_start(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                            struct rp_err *err)
{
    return rp_core_experiment_start(core, asked->experiment, asked->author, out, err);
}

static int experiment_stop(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                           struct rp_err *err)
{
    return rp_core_experiment_stop(core, asked->experiment, asked->reason, asked->author,
                                   RP_EXPERIMENT_STOPPED, out, err);
}

static int experiment_promoted(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                               struct rp_err *err)
{
    return rp_core_experiment_stop(core, asked->experiment, asked->reason, asked->author,
                                   RP_EXPERIMENT_PROMOTED, out, err);
}

/* ---- The suppression list --------------------------------------------------------------------
 */

static int suppress_it(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                       struct rp_err *err)
{
    return rp_core_suppress(core, asked->lead, asked->reason, asked->author, out, err);
}

static int unsuppress_it(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
                         struct rp_err *err)
{
    return rp_core_unsuppress(core, asked->lead, asked->reason, asked->author, out, err);
}

/* ---- Verbs ----------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    enum rp_correction correction; /* NONE: `run` */
    int (*run)(struct rp_core *core, const struct asked *asked, struct rp_buf *out,
               struct rp_err *err);
    const char *needs[3]; /* members */
} verbs[] = {
    {"stage", RP_CORRECTION_STAGE, NULL, {"lead", "stage", "reason"}},
    {"points", RP_CORRECTION_POINTS, NULL, {"lead", "points", "reason"}},
    {"void", RP_CORRECTION_VOID, NULL, {"messageId", "reason"}},
    {"note", RP_CORRECTION_NOTE, NULL, {"lead", "text"}},
    {"assign", RP_CORRECTION_OWNER, NULL, {"lead", "owner", "reason"}},
    {"unmerge", RP_CORRECTION_NONE, unmerge, {"lead"}},
    {"forget", RP_CORRECTION_NONE, forget, {"lead"}},
    {"evaluate", RP_CORRECTION_NONE, evaluate, {0}},
    {"experiment_start", RP_CORRECTION_NONE, experiment_start, {"experiment"}},
    {"experiment_stop", RP_CORRECTION_NONE, experiment_stop, {"experiment", "reason"}},
    {"experiment_promoted", RP_CORRECTION_NONE, experiment_promoted, {"experiment", "reason"}},
    {"task-claim", RP_CORRECTION_NONE, task_claim, {"task"}},
    {"task-note", RP_CORRECTION_NONE, task_note, {"task", "text"}},
    {"task-done", RP_CORRECTION_NONE, task_done, {"task"}},
    {"sequence-pause", RP_CORRECTION_NONE, sequence_pause, {"lead"}},
    {"sequence-resume", RP_CORRECTION_NONE, sequence_resume, {"lead"}},
    {"sequence-cancel", RP_CORRECTION_NONE, sequence_cancel, {"lead"}},
    {"pause", RP_CORRECTION_NONE, pause_it, {"scope"}},
    {"resume", RP_CORRECTION_NONE, resume_it, {"scope"}},
    {"suppress", RP_CORRECTION_NONE, suppress_it, {"lead"}},
    {"unsuppress", RP_CORRECTION_NONE, unsuppress_it, {"lead", "reason"}},
};

static const struct verb *find_verb(struct rp_str name)
{
    for (size_t i = 0; i < RP_COUNT(verbs); i++) {
        if (rp_str_is(name, verbs[i].name)) {
            return &verbs[i];
        }
    }
    return NULL;
}

bool rp_amend_knows(struct rp_str verb)
{
    return find_verb(verb) != NULL || rp_str_is(verb, "bulk");
}

static int check_needs(const struct verb *verb, struct asked *asked, struct rp_err *err)
{
    for (size_t n = 0; n < RP_COUNT(verb->needs) && verb->needs[n]; n++) {
        for (size_t i = 0; i < RP_COUNT(members); i++) {
            if (strcmp(verb->needs[n], members[i].name) == 0 && member(asked, i)->len == 0) {
                return rp_err_set(err, RIPEN_EINPUT, "%s needs \"%s\"", verb->name, verb->needs[n]);
            }
        }
    }
    return 0;
}

int rp_core_amend(struct rp_core *core, struct rp_str verb, struct rp_str body,
                  struct rp_str author, struct rp_buf *out, struct rp_err *err)
{
    const struct verb *found = find_verb(verb);
    struct rp_arena arena;
    struct asked asked;
    int status;

    if (rp_str_is(verb, "bulk")) {
        return rp_core_bulk(core, body, author, out, err);
    }
    if (!found) {
        return rp_err_set(err, RIPEN_ENOTFOUND, "\"%.*s\" is nothing that can be asked for",
                          RP_STR_ARG(verb));
    }
    rp_arena_init(&arena);
    status = read_asked(&arena, body, &asked, err);
    if (status == 0) {
        asked.author = asked.author.len ? asked.author : author;
        status = check_needs(found, &asked, err);
    }
    if (status == 0) {
        status = found->run ? found->run(core, &asked, out, err)
                            : correct(core, found->correction, &asked, out, err);
    }
    rp_arena_fini(&arena);
    return status;
}
