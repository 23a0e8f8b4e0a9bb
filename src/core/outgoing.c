/* SPDX-License-Identifier: MIT */
/* Pauses and the memory of CRMs, between outbox and delivery. Invariant: while all deliveries are
 * paused no row is leased; what the core knows of pauses is what the file says. */
#include "core/outgoing.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/when.h"
#include "core/core_priv.h"
#include "core/gate.h"
#include "store/attempts.h"
#include "store/crm_rows.h"

#include <stdio.h>
#include <string.h>

#define ATTEMPTS_KEPT_MS (7 * RP_DAY)
#define PAUSED_AGAIN_MS  (15 * RP_SECOND) /* a row of what is paused is looked at so often */

int rp_core_outgoing_open(struct rp_core *core, struct rp_err *err)
{
    int status = rp_attempt_prune(core->store, rp_clock_now(&core->clock) - ATTEMPTS_KEPT_MS, err);

    return status == 0 ? rp_pauses_read(core->store, &core->pauses, err) : status;
}

const struct rp_pauses *rp_core_pauses(const struct rp_core *core)
{
    return &core->pauses;
}

int rp_core_outgoing_leased(struct rp_core *core, struct rp_arena *arena,
                            struct rp_outbox_row *rows, size_t *count, int64_t now_ms,
                            struct rp_err *err)
{
    size_t kept = 0;
    int status = 0;

    for (size_t i = 0; i < *count && status == 0; i++) {
        struct rp_outbox_row *row = &rows[i];
        bool stays;

        if (core->pauses.count > 0 && rp_pauses_cover(&core->pauses, row->kind, row->to)) {
            status = rp_outbox_finish(core->store, row->id, RP_OUTCOME_RETURNED, 0, RP_STR(""),
                                      now_ms + PAUSED_AGAIN_MS, now_ms, err);
            continue;
        }
        status = rp_gate_leased(core, arena, row, now_ms, &stays, err);
        if (status != 0 || stays) {
            continue;
        }
        if (row->kind == RP_ACTION_CRM) {
            status = rp_crm_row_get(arena, core->store, row->lead, row->to, &row->memory, err);
        }
        rows[kept++] = *row;
    }
    *count = kept;
    return status;
}

int rp_core_outgoing_ended(struct rp_core *core, const struct rp_outbox_result *result,
                           int64_t now_ms, struct rp_err *err)
{
    int status = 0;

    if (result->memory.len > 0) {
        status = rp_crm_row_set(core->store, result->id, result->memory, now_ms, err);
    }
    if (status == 0 &&
        (result->outcome == RP_OUTCOME_RETRY || result->outcome == RP_OUTCOME_DEAD)) {
        status = rp_attempt_add(core->store, result->id, now_ms, result->http_status, result->error,
                                err);
    }
    return status;
}

/* ---- What people stop and let go on -----------------------------------------------------------
 */

void rp_pauses_json(const struct rp_pauses *pauses, struct rp_jw *jw)
{
    rp_jw_array(jw);
    for (size_t i = 0; i < pauses->count; i++) {
        rp_jw_object(jw);
        rp_jw_put_text(jw, "scope", pauses->items[i].scope);
        rp_jw_put_text(jw, "reason", pauses->items[i].reason);
        rp_jw_put_text(jw, "author", pauses->items[i].author);
        rp_jw_put_time(jw, "since", pauses->items[i].since_ms);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

/* In one transaction: the row, the audit, and what is read anew of pauses. */
static int change(struct rp_core *core, const struct rp_pause *pause, bool set, struct rp_buf *out,
                  struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_pauses pauses;
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    status = rp_pause_change(core->store, pause, set, pause->since_ms, err);
    if (status == 0 && !set) {
        status =
            rp_outbox_hasten(core->store, pause->since_ms, pause->since_ms + PAUSED_AGAIN_MS, err);
    }
    if (status == 0) {
        status = rp_pauses_read(core->store, &pauses, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        return status;
    }
    core->pauses = pauses;
    rp_log(RP_LOG_WARN, set ? "paused" : "resumed", "scope=\"%s\" author=\"%s\" reason=\"%s\"",
           pause->scope, pause->author, pause->reason);
    rp_jw_object(&jw);
    rp_jw_key(&jw, "paused");
    rp_pauses_json(&core->pauses, &jw);
    rp_jw_object_end(&jw);
    return 0;
}

static void keep_text(char out[RP_PAUSE_REASON_MAX + 1], struct rp_str text)
{
    size_t len = text.len < RP_PAUSE_REASON_MAX ? text.len : RP_PAUSE_REASON_MAX;

    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) {
        len--; /* no half a character */
    }
    (void)snprintf(out, RP_PAUSE_REASON_MAX + 1, "%.*s", (int)len, text.ptr ? text.ptr : "");
}

static int ask(struct rp_core *core, struct rp_str said, struct rp_str reason, struct rp_str author,
               bool set, struct rp_buf *out, struct rp_err *err)
{
    struct rp_pause pause = {.since_ms = rp_clock_now(&core->clock)};
    int status = rp_pause_scope(said, pause.scope, err);

    if (status != 0) {
        return status;
    }
    keep_text(pause.reason, reason);
    keep_text(pause.author, author);
    return change(core, &pause, set, out, err);
}

int rp_core_pause(struct rp_core *core, struct rp_str said, struct rp_str reason,
                  struct rp_str author, struct rp_buf *out, struct rp_err *err)
{
    return ask(core, said, reason, author, true, out, err);
}

int rp_core_resume(struct rp_core *core, struct rp_str said, struct rp_str author,
                   struct rp_buf *out, struct rp_err *err)
{
    return ask(core, said, RP_STR(""), author, false, out, err);
}
