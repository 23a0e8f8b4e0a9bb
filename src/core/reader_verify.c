/* SPDX-License-Identifier: MIT */
/* Law 1, checked: every state on file equals, byte for byte, the fold of its lead's events, for
 * every model; its total and scores are those that SQL readers see; contributions are those that
 * were recorded, where nothing can have changed them since (one node, never part of a merge, events
 * that came in order, received under the generation in force); and the sources of that generation
 * still have its hash. Leads whose newest events lie behind the watermark, or whose state belongs
 * to other rules, are to be written or rebuilt anyway: they are counted, not compared. */
#include "base/json_write.h"
#include "base/limits.h"
#include "base/mem.h"
#include "core/reader_priv.h"
#include "core/rules.h"
#include "core/verify.h"
#include "model/correction.h"
#include "store/generations.h"
#include "store/people.h"
#include "store/states.h"
#include "store/verify.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 512, WORKERS_MAX = 16 };

/* One pass over a share of the leads. */
struct pass {
    struct rp_reader *reader;
    struct rp_fold fold;
    struct rp_verified found;
    struct rp_buf *out;
    size_t told;
    int64_t every;           /* n-th lead */
    int64_t share, shares;   /* of the pages */
    int64_t activated_ms;    /* of the generation in force; a clock may be put back, so also … */
    int64_t activated_event; /* … the newest event then */
};

/* A lead under verification. */
struct check {
    struct rp_lead stored, folded;
    struct rp_history history;
    bool one_node, in_order;
    struct rp_buf words; /* what differs; empty: nothing */
};

static const char *kind_of_cell(uint32_t key)
{
    static const char *const names[] = {
        [RP_CELL_NEWEST] = "its newest event",
        [RP_CELL_TRAIT] = "a trait",
        [RP_CELL_SUM] = "a sum of points",
        [RP_CELL_SUM_BY] = "points by a field",
        [RP_CELL_RULE] = "the hits of a rule",
        [RP_CELL_ONCE] = "the keys of a once_per rule",
        [RP_CELL_GROUP] = "the points of a group",
        [RP_CELL_COUNT] = "a counter",
        [RP_CELL_STATE] = "a score from the profile",
        [RP_CELL_OTHER] = "traits that no rule names",
    };
    uint32_t kind = key >> 27;

    return kind < RP_COUNT(names) && names[kind] ? names[kind] : "its state";
}

static bool next_fold_cell(const struct rp_lead *lead, uint32_t *at, uint32_t *key,
                           const void **bytes, uint32_t *len)
{
    bool more;

    do {
        more = rp_lead_cell_next(lead, at, key, bytes, len);
    } while (more && *key < rp_cell_key(RP_CELL_FOLD, 0, 0));
    return more;
}

/* NULL: the fold's cells of both are equal; else what differs first. What decisions and identity
 * keep is no fold. */
static const char *difference(const struct rp_lead *a, const struct rp_lead *b)
{
    uint32_t at_a = 0, at_b = 0, key_a, key_b, len_a, len_b;
    const void *bytes_a, *bytes_b;

    for (;;) {
        bool more_a = next_fold_cell(a, &at_a, &key_a, &bytes_a, &len_a);
        bool more_b = next_fold_cell(b, &at_b, &key_b, &bytes_b, &len_b);

        if (!more_a && !more_b) {
            return NULL;
        }
        if (!more_a || !more_b) {
            return kind_of_cell(more_a ? key_a : key_b);
        }
        if (key_a != key_b || len_a != len_b || memcmp(bytes_a, bytes_b, len_a) != 0) {
            return kind_of_cell(key_a < key_b ? key_a : key_b);
        }
    }
}

static void say(struct check *check, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct check *check, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    rp_buf_printf(&check->words, "%s%s", check->words.len > 0 ? "; " : "", text);
}

/* A line for each lead that differs. */
static void tell(struct pass *pass, const struct check *check)
{
    if (pass->told++ < RP_VERIFY_TOLD_MAX) {
        rp_buf_printf(pass->out, "%s: %s\n", check->stored.public_id, check->words.ptr);
    }
}

/* Scores as they are written beside the cells. */
static struct rp_str scores_of(struct pass *pass, const struct rp_lead *lead, uint32_t model,
                               int64_t at_ms)
{
    struct rp_buf buf = {0};
    struct rp_jw jw = rp_jw(&buf);
    struct rp_str text;

    rp_jw_object(&jw);
    for (uint32_t dim = 0; dim < pass->fold.rules->dim_count; dim++) {
        rp_jw_key_str(&jw, pass->fold.rules->dims[dim].name);
        rp_jw_milli(&jw, rp_lead_score(&pass->fold, lead, model, dim, at_ms));
    }
    rp_jw_object_end(&jw);
    text = rp_arena_str(&pass->reader->arena, rp_buf_view(&buf));
    rp_buf_fini(&buf);
    return text;
}

static int check_scores(struct pass *pass, struct check *check, struct rp_err *err)
{
    uint32_t acting = rp_trying_model(&pass->reader->trying, &check->stored);
    uint32_t models = pass->fold.rules->experiment_count ? pass->fold.rules->model_count : 1;
    struct rp_written written;
    struct rp_str scores;
    int64_t total;
    int status =
        rp_written_get(&pass->reader->arena, pass->reader->store, check->stored.id, &written, err);

    if (status != 0) {
        return status;
    }
    /* Written before an experiment was started or stopped, they are those of whose model acted
     * then.
     */
    for (uint32_t m = 0; m < models; m++) {
        if (rp_lead_score(&pass->fold, &check->folded, m, RP_NONE, written.scored_ms) ==
                written.total &&
            rp_str_eq(scores_of(pass, &check->folded, m, written.scored_ms), written.scores)) {
            return 0;
        }
    }
    total = rp_lead_score(&pass->fold, &check->folded, acting, RP_NONE, written.scored_ms);
    scores = scores_of(pass, &check->folded, acting, written.scored_ms);
    if (total != written.total || !rp_str_eq(scores, written.scores)) {
        say(check, "on file its scores are %.*s and %.3f in total; by its %zu events %.*s and %.3f",
            RP_STR_ARG(written.scores), (double)written.total / 1000, check->history.count,
            RP_STR_ARG(scores), (double)total / 1000);
    }
    return 0;
}

/* As core/record.c writes them. */
static struct rp_str granted_of(struct pass *pass, const struct rp_decision *decision)
{
    struct rp_store *store = pass->reader->store;
    struct rp_buf buf = {0};
    struct rp_str text;

    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct rp_grant *grant = &decision->grants[i];

        if (grant->granted != 0 && grant->model == 0) {
            rp_buf_printf(
                &buf, "%c[%lld,%lld,%lld]", buf.len ? ',' : '[',
                (long long)rp_store_name_find(store, pass->fold.rules->scores[grant->rule].name),
                (long long)rp_store_name_find(store, pass->fold.rules->dims[grant->dim].name),
                (long long)grant->granted);
        }
    }
    rp_buf_text(&buf, buf.len ? "]" : "");
    text = rp_arena_str(&pass->reader->arena, rp_buf_view(&buf));
    rp_buf_fini(&buf);
    return text;
}

/* Events without recorded points were perhaps judged in the background: only a record that says
 * something else counts. */
static int check_granted(struct pass *pass, struct check *check, const struct rp_event *event,
                         const struct rp_decision *decision, struct rp_err *err)
{
    struct rp_str granted, expected;
    int status;

    if (!check->one_node || !check->in_order || event->received_ms <= pass->activated_ms ||
        event->id <= pass->activated_event || decision->adjusted.granted != 0) {
        return 0;
    }
    status =
        rp_written_granted(&pass->reader->arena, pass->reader->store, event->id, &granted, err);
    if (status != 0 || granted.len == 0) {
        return status;
    }
    expected = granted_of(pass, decision);
    if (!rp_str_eq(granted, expected) &&
        !rp_people_apart_ever(pass->reader->store, check->stored.id)) {
        say(check, "event %.*s is recorded with the points %.*s, and gives %.*s",
            RP_STR_ARG(event->message_id), RP_STR_ARG(granted), RP_STR_ARG(expected));
    }
    return 0;
}

static void look_at_history(struct check *check, int64_t *ret_newest)
{
    const struct rp_history *history = &check->history;

    *ret_newest = 0;
    check->one_node = check->in_order = true;
    for (size_t i = 0; i < history->count; i++) {
        const struct rp_event *event = &history->events[i];

        check->one_node = check->one_node && event->node == history->events[0].node;
        check->in_order = check->in_order && event->id > *ret_newest &&
                          !(event->flags & RP_EVENT_BASE) && /* what it holds may have come late */
                          rp_event_correction(event) != RP_CORRECTION_VOID;
        *ret_newest = event->id > *ret_newest ? event->id : *ret_newest;
    }
}

static int compare(struct pass *pass, struct check *check, struct rp_err *err)
{
    const char *differs;
    int64_t newest;
    int status = 0;

    look_at_history(check, &newest);
    if (newest > check->stored.through) {
        pass->found.skipped++;
        return 0;
    }
    rp_lead_copy(&check->folded, &check->stored);
    rp_lead_cells_clear_fold(&check->folded);
    for (size_t i = 0; i < check->history.count && status == 0; i++) {
        struct rp_decision decision = {0};

        rp_fold_event(&pass->fold, &check->folded, &check->history.events[i], &decision);
        status = check_granted(pass, check, &check->history.events[i], &decision, err);
    }
    differs = difference(&check->stored, &check->folded);
    if (differs) {
        say(check, "its state is not the fold of its %zu events: %s differs", check->history.count,
            differs);
    }
    if (status == 0) {
        status = check_scores(pass, check, err);
    }
    if (check->words.len > 0) {
        tell(pass, check);
        pass->found.different++;
    } else {
        pass->found.same++;
    }
    return status;
}

static int verify_lead(struct pass *pass, int64_t id, struct rp_err *err)
{
    struct rp_reader *reader = pass->reader;
    struct check check = {0};
    struct rp_str stage;
    int status;

    rp_lead_init(&check.stored);
    rp_lead_init(&check.folded);
    status = rp_state_load(reader->store, id, &check.stored, &stage, err);
    if (status == RIPEN_ENOTFOUND ||
        (status == 0 && check.stored.generation != reader->rules->number)) {
        pass->found.skipped++;
        status = 0;
    } else if (status == 0) {
        rp_recent_apply(&reader->recent, &check.stored);
        status = rp_history_load(&reader->arena, reader->store, &check.stored, NULL, 0,
                                 &check.history, err);
        if (status == 0) {
            status = compare(pass, &check, err);
        }
    }
    rp_buf_fini(&check.words);
    rp_lead_fini(&check.stored);
    rp_lead_fini(&check.folded);
    return status;
}

/* A page: one snapshot. Returns how many leads it had, < 0 an error. */
static int verify_page(struct pass *pass, int64_t *after, int64_t page, struct rp_err *err)
{
    struct rp_reader *reader = pass->reader;
    int64_t ids[PAGE];
    int got = 0;
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        got = rp_state_ids(reader->store, *after, ids, PAGE, err);
    }
    if (got > 0 && page % pass->shares == pass->share) {
        struct rp_arena *arena = &reader->arena;

        rp_fold_init(&pass->fold, reader->rules, reader->vm, arena);
        for (int i = 0; i < got && status == 0; i++) {
            if (ids[i] % pass->every == 0) {
                status = verify_lead(pass, ids[i], err);
                rp_arena_reset(arena);
            }
        }
        rp_fold_fini(&pass->fold);
    }
    if (got > 0) {
        *after = ids[got - 1];
    }
    status = rp_reader_end(reader, status);
    return status != 0 ? status : got;
}

/* The sources of the generation in force, once a pass. */
static int verify_rules(struct pass *pass, struct rp_err *err)
{
    struct rp_generation_row row;
    int status = rp_reader_begin(pass->reader, err);

    if (status == 0) {
        status = rp_generation_get(&pass->reader->arena, pass->reader->store, 0, &row, err);
    }
    if (status == 0) {
        pass->activated_ms = row.activated_ms;
        pass->activated_event = rp_store_meta(pass->reader->store, RP_META_ACTIVATED_EVENT, 0);
        if (pass->share == 0 && !rp_str_is(row.hash, pass->reader->rules->hash)) {
            rp_buf_printf(pass->out,
                          "generation %u: its sources do not have its hash %.*s any more\n",
                          row.number, RP_STR_ARG(row.hash));
            pass->found.different++;
        }
    }
    return rp_reader_end(pass->reader, status);
}

static int verify_share(struct pass *pass, struct rp_err *err)
{
    int64_t after = 0;
    int64_t page = 0;
    int got = verify_rules(pass, err);

    do {
        got = got < 0 ? got : verify_page(pass, &after, page++, err);
    } while (got > 0);
    if (pass->told > RP_VERIFY_TOLD_MAX) {
        rp_buf_printf(pass->out, "… and %zu more\n", pass->told - RP_VERIFY_TOLD_MAX);
    }
    return got;
}

int rp_reader_verify(struct rp_reader *reader, struct rp_verified *ret_verified, struct rp_buf *out,
                     struct rp_err *err)
{
    struct pass pass = {.reader = reader, .out = out, .every = 1, .shares = 1};
    int status = verify_share(&pass, err);

    *ret_verified = pass.found;
    return status;
}

/* ---- Threads ----------------------------------------------------------------------------------
 */

struct worker {
    pthread_t thread;
    struct pass pass;
    struct rp_buf out;
    struct rp_err err;
    int status;
};

static void *worker_main(void *arg)
{
    struct worker *worker = arg;

    worker->status = verify_share(&worker->pass, &worker->err);
    return NULL;
}

static int start_worker(struct worker *worker, const struct rp_verify_options *options,
                        struct rp_err *err)
{
    int status = rp_reader_open(options->db_path, NULL, NULL, &worker->pass.reader, err);

    worker->pass.out = &worker->out;
    worker->pass.every = 1;
    if (status == 0 && options->sample > 0) {
        int64_t leads = rp_state_count(worker->pass.reader->store);

        worker->pass.every = leads / (int64_t)options->sample;
        worker->pass.every = worker->pass.every > 0 ? worker->pass.every : 1;
    }
    if (status == 0 && pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
        status = rp_err_set(err, RIPEN_EIO, "no thread could be started to verify");
    }
    if (status != 0) {
        rp_reader_close(worker->pass.reader);
        worker->pass.reader = NULL;
    }
    return status;
}

int rp_verify_file(const struct rp_verify_options *options, struct rp_verified *ret_verified,
                   struct rp_buf *out, struct rp_err *err)
{
    unsigned count = options->workers < 1             ? 1
                     : options->workers > WORKERS_MAX ? WORKERS_MAX
                                                      : options->workers;
    struct worker *workers = rp_calloc(count, sizeof(*workers));
    int status = 0;

    *ret_verified = (struct rp_verified){0};
    for (unsigned i = 0; i < count && status == 0; i++) {
        workers[i].pass.share = i;
        workers[i].pass.shares = count;
        status = start_worker(&workers[i], options, err);
    }
    for (unsigned i = 0; i < count; i++) {
        struct worker *worker = &workers[i];

        if (!worker->pass.reader) {
            continue;
        }
        pthread_join(worker->thread, NULL);
        if (status == 0 && worker->status != 0) {
            status = worker->status;
            if (err) {
                *err = worker->err;
            }
        }
        ret_verified->same += worker->pass.found.same;
        ret_verified->different += worker->pass.found.different;
        ret_verified->skipped += worker->pass.found.skipped;
        rp_buf_str(out, rp_buf_view(&worker->out));
        rp_buf_fini(&worker->out);
        rp_reader_close(worker->pass.reader);
    }
    free(workers);
    return status;
}
