/* SPDX-License-Identifier: MIT */
/* Plays the authors' tests. Each has a core and a store in memory and a clock that stands still
 * until the next moment; what is played goes through rp_core_run like any request. Knows the order
 * of a test; what is expected, what is shown and what is covered are files of their own. */
#include "core/trial.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/trial_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define GIVEN "given-"

enum { TIMERS_A_RUN = 100 };

static int64_t virtual_now(void *ctx)
{
    const struct rp_playing *p = ctx;

    return p->now_ms;
}

bool rp_event_is_given(const struct rp_event *event)
{
    return rp_str_starts(event->message_id, RP_STR(GIVEN));
}

/* ---- Looking --------------------------------------------------------------------------------- */

static void count_fired(void *ctx, struct rp_look *look, size_t event, struct rp_lead *lead,
                        const struct rp_decision *decision)
{
    uint8_t *marks = ctx;

    (void)lead;
    if (rp_event_is_given(&look->view.history.events[event]))
        return;
    rp_test_asked(&look->view.fold, decision, marks);
    for (uint32_t i = 0; i < look->view.fold.rules->score_count; i++)
        look->fired[i] += (marks[i] & RP_GAVE) != 0;
}

/* An action is caused once, however many parts it has; parts that are held back do not count. */
static void count_sent(struct rp_look *look)
{
    const struct rp_rules *rules = look->view.fold.rules;

    for (uint32_t a = 0; a < rules->action_count; a++) {
        for (uint32_t part = 0; part < rules->actions[a].part_count; part++) {
            uint32_t count = 0;

            for (size_t i = 0; i < look->view.action_count; i++) {
                const struct rp_outbox_row *row = &look->view.actions[i];

                count += row->part == part && row->state != RP_OUTBOX_HELD &&
                         rp_str_eq(row->action, rules->actions[a].name);
            }
            look->sent[a] = count > look->sent[a] ? count : look->sent[a];
        }
    }
}

bool rp_row_is_given(const struct rp_look *look, int64_t event)
{
    for (size_t i = 0; i < look->view.history.count; i++)
        if (look->view.history.events[i].id == event)
            return rp_event_is_given(&look->view.history.events[i]);
    return false;
}

int rp_look_open(struct rp_playing *p, struct rp_look *ret_look, struct rp_err *err)
{
    struct rp_look look = {0};
    struct rp_arena *arena = &p->reader->arena;
    int status = rp_reader_begin(p->reader, err);
    int64_t lead = rp_identity_lead(rp_core_store(p->core), p->node);
    uint8_t *marks;

    if (status == 0)
        status = rp_view_open(p->reader, lead, p->now_ms, &look.view, err);
    if (status != 0)
        return rp_reader_end(p->reader, status);
    look.view.fold.model = p->test->model;
    look.fired = RP_ARENA_ARRAY(arena, uint32_t, p->rules.score_count + 1);
    look.sent = RP_ARENA_ARRAY(arena, uint32_t, p->rules.action_count + 1);
    marks = RP_ARENA_ARRAY(arena, uint8_t, p->rules.score_count + 1);
    rp_look_replay(&look, NULL, count_fired, marks);
    count_sent(&look);
    while (look.first_move < look.view.move_count &&
           rp_row_is_given(&look, look.view.moves[look.first_move].event))
        look.first_move++;
    *ret_look = look;
    return 0;
}

void rp_look_close(struct rp_playing *p, struct rp_look *look)
{
    rp_view_close(&look->view);
    (void)rp_reader_end(p->reader, 0);
}

void rp_look_replay(struct rp_look *look, rp_replay_fn *before, rp_replay_fn *after, void *ctx)
{
    struct rp_view *view = &look->view;
    rp_trace_fn *trace = view->fold.trace;
    struct rp_lead lead;

    view->fold.trace = NULL;
    rp_lead_init(&lead);
    rp_lead_copy(&lead, &view->lead);
    rp_lead_cells_clear_fold(&lead);
    for (size_t i = 0; i < view->history.count; i++) {
        struct rp_decision decision = {0};

        if (view->history.events[i].effective_ms > view->at_ms)
            break;
        if (before)
            before(ctx, look, i, &lead, NULL);
        rp_fold_event(&view->fold, &lead, &view->history.events[i], &decision);
        if (after)
            after(ctx, look, i, &lead, &decision);
    }
    rp_lead_fini(&lead);
    view->fold.trace = trace;
}

/* ---- Playing --------------------------------------------------------------------------------- */

static void write_event(struct rp_playing *p, struct rp_str members, struct rp_str id,
                        int64_t ago_ms, struct rp_buf *out)
{
    rp_buf_text(out, "{\"messageId\":\"");
    rp_buf_str(out, id);
    rp_buf_text(out, "\",\"timestamp\":\"");
    rp_time_print(out, p->now_ms - ago_ms);
    rp_buf_text(out, "\",\"receivedAt\":\"");
    rp_time_print(out, p->now_ms);
    rp_buf_text(out, "\",");
    rp_buf_str(out, members);
    rp_buf_text(out, "}");
}

/* Takes a body through the core. *ret_refused: what an item was refused for; "" when none was. */
static int take(struct rp_playing *p, struct rp_str body, struct rp_str *ret_refused,
                struct rp_err *err)
{
    struct rp_envelope envelope = {
        .received_ms = p->now_ms, .sent_ms = RP_NEVER, .trust_received = true};
    struct rp_batch *batch = rp_batch_new();
    int status = rp_batch_parse(batch, body, &envelope, NULL, err);

    *ret_refused = RP_STR("");
    if (status == 0)
        status = rp_core_run(p->core, batch, err);
    for (size_t i = 0; status == 0 && i < batch->item_count; i++) {
        const struct rp_item *item = &batch->items[i];

        if (item->verdict == RP_VERDICT_REJECTED) {
            struct rp_str message =
                item->message.len ? item->message : rp_str_from(rp_reject_text(item->reject));

            *ret_refused = rp_arena_str(&p->result->arena, message);
        } else if (item->verdict == RP_VERDICT_ACCEPTED && p->node == 0) {
            p->node = item->event.node;
        }
    }
    rp_batch_free(batch);
    return status;
}

/* What is known before: brought by an identify and a stage set by hand, which cause no action. */
static int play_given(struct rp_playing *p, struct rp_err *err)
{
    const struct rp_test *test = p->test;
    struct rp_buf body = {0};
    struct rp_jw jw = rp_jw(&body);
    struct rp_buf event = {0}, members = {0};
    struct rp_str refused;
    int status;

    rp_jw_object(&jw);
    rp_jw_key(&jw, "batch");
    rp_jw_array(&jw);
    write_event(p, test->event, RP_STR(GIVEN "1"), 0, &event);
    rp_jw_raw(&jw, rp_buf_view(&event));
    if (test->stage.len > 0) {
        struct rp_jw inner = rp_jw(&members);

        rp_buf_reset(&event);
        rp_buf_text(&members, "\"type\":\"track\",\"event\":\"Stage Set\","
                              "\"anonymousId\":\"test-browser\",\"properties\":");
        rp_jw_object(&inner);
        rp_jw_put_str(&inner, "stage", test->stage);
        rp_jw_object_end(&inner);
        write_event(p, rp_buf_view(&members), RP_STR(GIVEN "2"), 0, &event);
        rp_jw_raw(&jw, rp_buf_view(&event));
    }
    rp_jw_array_end(&jw);
    rp_jw_object_end(&jw);
    p->core->no_actions = p->core->fold.no_sequences = true;
    status = take(p, rp_buf_view(&body), &refused, err);
    p->core->no_actions = p->core->fold.no_sequences = false;
    if (status == 0 && refused.len > 0)
        rp_trial_fail(p, test->place, 0, RP_STR("given"), RP_STR("a lead"), refused);
    rp_buf_fini(&body);
    rp_buf_fini(&event);
    rp_buf_fini(&members);
    return status;
}

static int play_event(struct rp_playing *p, const struct rp_test_moment *moment, struct rp_err *err)
{
    struct rp_buf body = {0};
    struct rp_str refused, id = moment->message_id;
    char text[16];
    int status;

    if (id.len == 0) {
        snprintf(text, sizeof(text), "play-%06u", p->played);
        id = rp_str_from(text);
    }
    p->played++;
    write_event(p, moment->event, id, moment->ago_ms, &body);
    status = take(p, rp_buf_view(&body), &refused, err);
    if (status == 0 && refused.len > 0)
        rp_trial_fail(p, moment->place, moment->after_ms, moment->label,
                      RP_STR("an event that is taken"), refused);
    rp_buf_fini(&body);
    return status;
}

/* What falls due until the next moment is judged then, each at its own time. */
static int pass_time(struct rp_playing *p, int64_t until_ms, struct rp_err *err)
{
    int count = 1;

    while (count > 0) {
        p->now_ms = until_ms;
        count = rp_core_timers_run(p->core, until_ms, TIMERS_A_RUN, err);
    }
    return count;
}

static int check_moment(struct rp_playing *p, const struct rp_test_moment *moment,
                        struct rp_err *err)
{
    struct rp_look look;
    int status;

    if (p->node == 0) {
        rp_trial_check(p, moment, NULL);
        return 0;
    }
    status = rp_look_open(p, &look, err);
    if (status != 0)
        return status;
    rp_trial_check(p, moment, &look);
    if (!p->out->ok && p->out->trace.len == 0)
        p->out->trace = rp_trial_trace(p, moment, &look);
    if (p->coverage)
        rp_goals_mark(p, &look, true);
    rp_look_close(p, &look);
    return 0;
}

static int play_moments(struct rp_playing *p, const struct rp_trial_options *options,
                        struct rp_err *err)
{
    int status = p->test->given ? play_given(p, err) : 0;
    struct rp_look look;

    for (uint32_t i = 0; i < p->test->moment_count && status == 0; i++) {
        const struct rp_test_moment *moment = &p->test->moments[i];

        if (options->deadline_us && rp_mono_us() > options->deadline_us)
            return rp_err_set(err, RIPEN_EBUDGET, "the tests take too long: stopped in \"%.*s\"",
                              RP_STR_ARG(p->test->name));
        status = pass_time(p, p->test->at_ms + moment->after_ms, err);
        if (status == 0)
            status =
                moment->event.len > 0 ? play_event(p, moment, err) : check_moment(p, moment, err);
    }
    if (status == 0 && p->coverage && p->node != 0) {
        status = rp_look_open(p, &look, err);
        if (status == 0) {
            rp_goals_mark(p, &look, false);
            rp_look_close(p, &look);
        }
    }
    return status;
}

static int play_test(struct rp_playing *p, const struct rp_trial_options *options,
                     struct rp_err *err)
{
    struct rp_core_options core = {.db_path = ":memory:",
                                   .mode = RP_STORE_MEMORY,
                                   .clock = {virtual_now, p},
                                   .lent_rules = true};
    struct rp_files none = {0};
    int status;

    p->now_ms = p->test->at_ms;
    status = rp_core_open(&core, &p->core, err);
    if (status == 0)
        status = rp_core_rules(p->core, &p->rules, &none, RP_STR("test"), err);
    if (status == 0) {
        p->core->fold.model = p->test->model;
        status = rp_reader_open(NULL, rp_core_store(p->core), &p->rules, &p->reader, err);
    }
    if (status == 0)
        status = play_moments(p, options, err);
    rp_reader_close(p->reader);
    rp_core_close(p->core);
    return status;
}

/* ---- The run --------------------------------------------------------------------------------- */

static int run_test(const struct rp_rules *rules, const struct rp_test *test,
                    const struct rp_trial_options *options, struct rp_trial_result *result,
                    struct rp_err *err)
{
    struct rp_playing p = {.test = test,
                           .rules = *rules,
                           .result = result,
                           .out = &result->tests[result->test_count++],
                           .coverage = options->coverage};
    int status;

    *p.out = (struct rp_trial_test){
        .name = rp_arena_str(&result->arena, test->name),
        .file = rp_arena_str(&result->arena, rules->sources[test->place.file].path),
        .line = test->place.line,
        .ok = true};
    status = play_test(&p, options, err);
    result->passed += p.out->ok;
    result->failed += !p.out->ok;
    return status;
}

int rp_trial_run(const struct rp_rules *rules, const struct rp_trial_options *options,
                 struct rp_trial_result *ret_result, struct rp_err *err)
{
    const struct rp_test_set *set = rules->test_set;
    int status = 0;

    RP_ASSERT(set != NULL);
    *ret_result = (struct rp_trial_result){0};
    rp_arena_init(&ret_result->arena);
    ret_result->tests =
        RP_ARENA_ARRAY(&ret_result->arena, struct rp_trial_test, set->test_count + 1);
    if (options->coverage)
        rp_goals_new(rules, ret_result);
    for (uint32_t i = 0; i < set->test_count && status == 0; i++) {
        if (!options->wants || options->wants(options->ctx, set->tests[i].name))
            status = run_test(rules, &set->tests[i], options, ret_result, err);
    }
    if (options->coverage)
        rp_goals_count(ret_result);
    if (status == 0 && ret_result->test_count == 0)
        status =
            set->test_count == 0
                ? rp_err_set(err, RIPEN_ENOTFOUND, "there are no tests: write some in tests/*.lua")
                : rp_err_set(err, RIPEN_ENOTFOUND, "none of the %u tests has such a name",
                             set->test_count);
    return status;
}

void rp_trial_result_fini(struct rp_trial_result *result)
{
    rp_arena_fini(&result->arena);
    *result = (struct rp_trial_result){0};
}
