/* SPDX-License-Identifier: MIT */
/* Tasks are claimed, noted on and done by people. */
#include "core/tasks.h"

#include "base/json_write.h"
#include "base/num.h"
#include "base/when.h"
#include "core/own_event.h"
#include "store/reports.h"

#include <string.h>

int rp_task_parse(struct rp_str text, int64_t *ret_id, struct rp_err *err)
{
    double number;

    if (rp_number_parse(text, &number) && number >= 1 && number <= 9e15 &&
        number == (double)(int64_t)number) {
        *ret_id = (int64_t)number;
        return 0;
    }
    return rp_err_set(err, RIPEN_EINPUT, "\"%.*s\" is no task; `ripen tasks` shows their numbers",
                      RP_STR_ARG(text));
}

/* ---- Transactions ---------------------------------------------------------------------------- */

typedef int change_fn(struct rp_core *core, int64_t id, const struct rp_task_ask *ask,
                      struct rp_err *err);

/* Makes one change and writes the task as it is then. */
static int change(struct rp_core *core, int64_t id, const struct rp_task_ask *ask, change_fn *make,
                  struct rp_buf *out, struct rp_err *err)
{
    struct rp_store *store = core->store;
    struct rp_jw jw = rp_jw(out);
    struct rp_task_row row;
    struct rp_arena arena;
    int status = core->stale ? rp_core_recover(core, err) : 0;

    rp_arena_init(&arena);
    if (status == 0) {
        status = rp_store_begin(store, err);
    }
    if (status != 0) {
        goto out;
    }
    status = make(core, id, ask, err);
    if (status == 0) {
        status = rp_task_get(&arena, store, id, &row, err);
    }
    if (status == 0) {
        status = rp_store_commit(store, err);
    }
    if (status != 0) {
        rp_store_rollback(store);
        goto out;
    }
    rp_task_json(&row, rp_clock_now(&core->clock), &jw);
out:
    rp_arena_fini(&arena);
    return status;
}

static int who_and_what(const struct rp_task_ask *ask, int64_t *ret_id, struct rp_err *err)
{
    enum { WHO_MAX = 254 };
    int status = rp_task_parse(ask->task, ret_id, err);

    if (status == 0 && (ask->author.len == 0 || ask->author.len > WHO_MAX)) {
        status = rp_err_set(err, RIPEN_EINPUT, "say who you are, in at most %d bytes", WHO_MAX);
    }
    return status;
}

static int make_claim(struct rp_core *core, int64_t id, const struct rp_task_ask *ask,
                      struct rp_err *err)
{
    return rp_task_claim(core->store, id, ask->author, rp_clock_now(&core->clock), err);
}

int rp_core_task_claim(struct rp_core *core, const struct rp_task_ask *ask, struct rp_buf *out,
                       struct rp_err *err)
{
    int64_t id;
    int status = who_and_what(ask, &id, err);

    return status ? status : change(core, id, ask, make_claim, out, err);
}

static int make_note(struct rp_core *core, int64_t id, const struct rp_task_ask *ask,
                     struct rp_err *err)
{
    return rp_task_note(core->store, id, ask->author, ask->text, rp_clock_now(&core->clock), err);
}

int rp_core_task_note(struct rp_core *core, const struct rp_task_ask *ask, struct rp_buf *out,
                      struct rp_err *err)
{
    int64_t id;
    int status = who_and_what(ask, &id, err);

    return status ? status : change(core, id, ask, make_note, out, err);
}

/* ---- Done ------------------------------------------------------------------------------------ */

static const char *event_of(struct rp_str outcome)
{
    static const struct {
        const char *outcome, *event;
    } events[] = {
        {"accepted", "Lead Accepted"}, {"attempted", "Contact Attempted"},
        {"meeting", "Meeting Booked"}, {"postponed", "Lead Postponed"},
        {"rejected", "Lead Rejected"},
    };

    for (size_t i = 0; i < RP_COUNT(events); i++) {
        if (rp_str_is(outcome, events[i].outcome)) {
            return events[i].event;
        }
    }
    return "Task Done";
}

static void put_if(struct rp_jw *jw, const char *key, struct rp_str text)
{
    if (text.len > 0) {
        rp_jw_put_str(jw, key, text);
    }
}

static void write_properties(const struct rp_task_row *row, const struct rp_task_ask *ask,
                             struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_int(&jw, "task", row->id);
    put_if(&jw, "action", row->action);
    put_if(&jw, "outcome", ask->outcome);
    put_if(&jw, "reason", ask->reason);
    put_if(&jw, "recontact_on", ask->until);
    put_if(&jw, "note", ask->text);
    put_if(&jw, "author", ask->author);
    rp_jw_object_end(&jw);
}

/* Whether it may be done by now: told before the event is sent. */
static int check_open(struct rp_core *core, struct rp_arena *arena, int64_t id,
                      struct rp_task_row *ret_row, struct rp_err *err)
{
    int status = rp_task_get(arena, core->store, id, ret_row, err);

    if (status == 0 && ret_row->done_ms != RP_NEVER) {
        return rp_err_set(err, RIPEN_EDENIED, "task %lld was done by %.*s", (long long)id,
                          RP_STR_ARG(ret_row->done_by));
    }
    if (status == 0 && ret_row->cancelled) {
        return rp_err_set(err, RIPEN_EDENIED, "task %lld was cancelled", (long long)id);
    }
    return status;
}

static int make_done(struct rp_core *core, int64_t id, const struct rp_task_ask *ask,
                     struct rp_err *err)
{
    int64_t now_ms = rp_clock_now(&core->clock);
    int status = rp_task_done(core->store, id, ask->author, ask->outcome, now_ms, err);

    return status == 0 && ask->text.len > 0
               ? rp_task_note(core->store, id, ask->author, ask->text, now_ms, err)
               : status;
}

int rp_core_task_done(struct rp_core *core, const struct rp_task_ask *ask, struct rp_buf *out,
                      struct rp_err *err)
{
    struct rp_buf properties = {0};
    struct rp_buf verdicts = {0};
    struct rp_task_row row;
    struct rp_arena arena;
    int64_t id;
    int64_t lead;
    int64_t until;
    int status = who_and_what(ask, &id, err);

    rp_arena_init(&arena);
    if (status == 0 && ask->until.len > 0 && !rp_time_parse(ask->until, &until)) {
        status = rp_err_set(err, RIPEN_EINPUT,
                            "\"%.*s\" is no day to call back; write it like 2026-09-01",
                            RP_STR_ARG(ask->until));
    }
    if (status == 0) {
        status = check_open(core, &arena, id, &row, err);
    }
    if (status == 0) { /* it may have become part of another */
        status = rp_lead_find(core->store, row.lead_public_id, &lead, err);
    }
    if (status == 0) {
        write_properties(&row, ask, &properties);
        status = rp_core_own_event(core, lead, event_of(ask->outcome),
                                   rp_arena_printf(&arena, "done_%.*s", RP_STR_ARG(row.key)),
                                   rp_buf_view(&properties), &verdicts, err);
    }
    if (status == 0) {
        status = change(core, id, ask, make_done, out, err);
    }
    rp_buf_fini(&properties);
    rp_buf_fini(&verdicts);
    rp_arena_fini(&arena);
    return status;
}
