/* SPDX-License-Identifier: MIT */
/* The public library (include/ripen/ripen.h) over a core and a reader on one store. A handle owns
 * both; what it hands out lives in its arena or its buffer until the next call. Knows no loop, no
 * socket and no thread; time comes from the host. Invariant: a handle without a core answers every
 * call with the status of its opening. */
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/reader.h"
#include "core/retry.h"
#include "store/generations.h"

#include <ripen/ripen.h>

#include <stdlib.h>

#define MAGIC 0x6e706972u

enum { TIMERS_A_CALL = 1000 }; /* judged when the host comes by */

struct ripen {
    uint32_t magic;
    struct rp_core *core; /* NULL: the opening failed */
    struct rp_reader *reader;
    struct rp_clock clock;
    struct rp_arena arena;        /* of the call under way */
    struct rp_arena leases_arena; /* of what the last lease handed out */
    struct rp_buf out, message;
    struct lease {
        int64_t id;
        int attempts; /* this one included */
    } * leases;       /* given out and not ended */
    size_t lease_count, lease_cap;
    int open_status;
    struct rp_err err;
};

static int fail(ripen *handle, int status)
{
    rp_buf_reset(&handle->message);
    if (handle->err.file[0]) {
        rp_buf_printf(&handle->message, "%s:%d: ", handle->err.file, handle->err.line);
    }
    rp_buf_text(&handle->message,
                handle->err.text[0] ? handle->err.text : ripen_status_text(status));
    return status;
}

/* Starts a call: what the last one handed out is gone. */
static int enter(ripen *handle)
{
    RP_CHECK_OBJ(handle, MAGIC);
    if (!handle->core) {
        return handle->open_status;
    }
    rp_arena_reset(&handle->arena);
    rp_buf_reset(&handle->out);
    rp_buf_reset(&handle->message);
    handle->err = (struct rp_err){0};
    return RIPEN_OK;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static int read_files(ripen *handle, const char *rules_dir, struct rp_files *ret_files)
{
    struct rp_generation_row row;
    int status;

    if (rules_dir) {
        return rp_files_read(&handle->arena, rules_dir, ret_files, &handle->err);
    }
    status = rp_generation_get(&handle->arena, rp_core_store(handle->core), 0, &row, &handle->err);
    if (status == RIPEN_ENOTFOUND) {
        return rp_err_set(&handle->err, status,
                          "the store has no rules yet; give a rules_dir when it is opened first");
    }
    return status == 0 ? rp_files_unpack(&handle->arena, row.sources, ret_files, &handle->err)
                       : status;
}

/* Findings become the message: what is wrong, with its places. */
static int load_rules(ripen *handle, const char *rules_dir)
{
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules;
    struct rp_files files;
    int status = read_files(handle, rules_dir, &files);

    if (status == 0) {
        status = rp_load(&handle->arena, &files, &options, &rules, &findings, &handle->err);
    }
    if (status == RIPEN_ERULE && findings.count > 0) {
        rp_findings_print(&handle->message, &findings, false);
        return status;
    }
    if (status == 0) {
        status = rp_core_rules(handle->core, rules, &files, RP_STR("library"), &handle->err);
    }
    if (status == 0) {
        status = rp_reader_open(NULL, rp_core_store(handle->core), rp_core_active(handle->core),
                                &handle->reader, &handle->err);
    }
    return status == 0 ? 0 : fail(handle, status);
}

int ripen_open(const struct ripen_options *options, ripen **ret_ripen)
{
    ripen *opened;
    struct rp_core_options core = {.clock = rp_clock_system()};
    int status;

    *ret_ripen = NULL;
    if (options->size < sizeof(*options) || !options->db_path) {
        return RIPEN_EINPUT;
    }
    opened = rp_calloc(1, sizeof(*opened));
    opened->magic = MAGIC;
    rp_arena_init(&opened->arena);
    rp_arena_init(&opened->leases_arena);
    if (options->now_ms) {
        core.clock = (struct rp_clock){options->now_ms, options->ctx};
    }
    core.db_path = options->db_path;
    core.mode = strcmp(options->db_path, ":memory:") == 0 ? RP_STORE_MEMORY : RP_STORE_SERVE;
    opened->clock = core.clock;
    status = rp_core_open(&core, &opened->core, &opened->err);
    status = status == 0 ? load_rules(opened, options->rules_dir) : fail(opened, status);
    if (status != 0) {
        rp_core_close(opened->core);
        opened->core = NULL;
        opened->open_status = status;
    }
    rp_arena_reset(&opened->arena);
    *ret_ripen = opened;
    return status;
}

void ripen_close(ripen *handle)
{
    if (!handle) {
        return;
    }
    RP_CHECK_OBJ(handle, MAGIC);
    rp_reader_close(handle->reader);
    rp_core_close(handle->core);
    rp_arena_fini(&handle->arena);
    rp_arena_fini(&handle->leases_arena);
    free(handle->leases);
    rp_buf_fini(&handle->out);
    rp_buf_fini(&handle->message);
    handle->magic = 0;
    free(handle);
}

const char *ripen_message(const ripen *handle)
{
    return handle && handle->message.ptr && handle->message.len > 0 ? handle->message.ptr : "";
}

/* ---- Events ---------------------------------------------------------------------------------- */

int ripen_ingest(ripen *handle, const char *json, size_t size, struct ripen_verdicts *ret_verdicts)
{
    struct rp_envelope envelope = {.sent_ms = RP_NEVER};
    struct rp_batch *batch;
    int status = enter(handle);

    if (status != 0) {
        return status;
    }
    if (size > RP_BODY_MAX) {
        rp_err_set(&handle->err, RIPEN_ELIMIT, "%zu bytes; one call takes at most %d", size,
                   RP_BODY_MAX);
        return fail(handle, RIPEN_ELIMIT);
    }
    batch = rp_batch_new();
    envelope.received_ms = rp_clock_now(&handle->clock);
    status = rp_batch_parse(batch, (struct rp_str){json, size}, &envelope, NULL, &handle->err);
    if (status == 0) {
        status = rp_core_run(handle->core, batch, &handle->err);
    }
    if (status == 0) {
        rp_batch_answer(batch, &handle->out);
        *ret_verdicts = (struct ripen_verdicts){.accepted = batch->accepted,
                                                .duplicates = batch->duplicates,
                                                .rejected = batch->rejected + batch->beyond,
                                                .json = handle->out.ptr};
        (void)rp_core_timers_run(handle->core, envelope.received_ms, TIMERS_A_CALL, NULL);
        (void)rp_core_idle(handle->core);
    }
    rp_batch_free(batch);
    return status == 0 ? 0 : fail(handle, status);
}

/* ---- Questions ------------------------------------------------------------------------------- */

int ripen_lead(ripen *handle, const char *lead, const char **ret_json)
{
    int status = enter(handle);

    if (status == 0) {
        status = rp_reader_lead(handle->reader, rp_str_from(lead), rp_clock_now(&handle->clock),
                                RP_FORMAT_JSON, false, &handle->out, &handle->err);
        status = status == 0 ? 0 : fail(handle, status);
    }
    if (status == 0) {
        *ret_json = handle->out.ptr;
    }
    return status;
}

int ripen_explain(ripen *handle, const char *lead, int64_t at_ms, const char **ret_json)
{
    int status = enter(handle);

    if (status == 0) {
        int64_t at = at_ms != 0 ? at_ms : rp_clock_now(&handle->clock);

        status = rp_reader_explain(handle->reader, rp_str_from(lead), at, RP_FORMAT_JSON, false,
                                   &handle->out, &handle->err);
        status = status == 0 ? 0 : fail(handle, status);
    }
    if (status == 0) {
        *ret_json = handle->out.ptr;
    }
    return status;
}

/* ---- The outbox ------------------------------------------------------------------------------ */

/* Forgets a lease; the attempts that were made with it (1 when another handle leased the row). */
static int end_lease(ripen *handle, int64_t id)
{
    for (size_t i = 0; i < handle->lease_count; i++) {
        if (handle->leases[i].id == id) {
            int attempts = handle->leases[i].attempts;

            handle->leases[i] = handle->leases[--handle->lease_count];
            return attempts;
        }
    }
    return 1;
}

static void note_lease(ripen *handle, int64_t id, int attempts)
{
    (void)end_lease(handle, id);
    if (handle->lease_count == handle->lease_cap) {
        handle->leases = rp_grow(handle->leases, &handle->lease_cap, handle->lease_count + 1,
                                 sizeof(*handle->leases));
    }
    handle->leases[handle->lease_count++] = (struct lease){id, attempts};
}

int ripen_outbox_lease(ripen *handle, int64_t lease_ms, size_t max,
                       const struct ripen_action **ret_actions, size_t *ret_count)
{
    struct rp_outbox_row *rows;
    struct ripen_action *actions;
    size_t count;
    int status = enter(handle);

    if (status != 0) {
        return status;
    }
    rp_arena_reset(&handle->leases_arena);
    status =
        rp_core_timers_run(handle->core, rp_clock_now(&handle->clock), TIMERS_A_CALL, &handle->err);
    if (status < 0) {
        return fail(handle, status);
    }
    status = rp_core_outbox_claim(handle->core, &handle->leases_arena, RP_WAY_ANY, lease_ms, max,
                                  &rows, &count, &handle->err);
    if (status != 0) {
        return fail(handle, status);
    }
    actions = RP_ARENA_ARRAY(&handle->leases_arena, struct ripen_action, count + 1);
    for (size_t i = 0; i < count; i++) {
        actions[i] = (struct ripen_action){
            .id = rows[i].id,
            .key = rp_arena_str(&handle->leases_arena, rows[i].key).ptr,
            .kind = rp_action_kind_name(rows[i].kind),
            .to = rp_arena_str(&handle->leases_arena, rows[i].to).ptr,
            .body = rp_arena_str(&handle->leases_arena, rows[i].body).ptr,
            .attempts = rows[i].attempts - 1, /* the lease counts as one */
        };
        note_lease(handle, rows[i].id, rows[i].attempts);
    }
    *ret_actions = actions;
    *ret_count = count;
    return RIPEN_OK;
}

static int finish(ripen *handle, const struct rp_outbox_result *result)
{
    int status = rp_core_outbox_finish(handle->core, result, 1, &handle->err);

    return status == 0 ? 0 : fail(handle, status);
}

int ripen_outbox_done(ripen *handle, int64_t id)
{
    struct rp_outbox_result result = {.id = id, .outcome = RP_OUTCOME_DELIVERED};
    int status = enter(handle);

    if (status != 0) {
        return status;
    }
    (void)end_lease(handle, id);
    return finish(handle, &result);
}

int ripen_outbox_failed(ripen *handle, int64_t id, int may_retry, const char *reason)
{
    struct rp_outbox_result result = {.id = id, .outcome = RP_OUTCOME_DEAD};
    int status = enter(handle);
    int attempts;

    if (status != 0) {
        return status;
    }
    attempts = end_lease(handle, id);
    result.error = rp_str_from(reason);
    if (may_retry) {
        uint32_t draw;

        rp_random(&draw, sizeof(draw));
        result.outcome = rp_retry_decide(0, attempts, -1, (double)draw / 4294967296.0,
                                         rp_clock_now(&handle->clock), &result.due_ms);
    }
    return finish(handle, &result);
}

int64_t ripen_outbox_due_ms(ripen *handle)
{
    int64_t due;

    if (enter(handle) != 0) {
        return -1;
    }
    due = rp_outbox_due(rp_core_store(handle->core), RP_WAY_ANY);
    return due == RP_NEVER ? -1 : due;
}
