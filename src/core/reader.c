/* SPDX-License-Identifier: MIT */
/* Answers questions from the file. Reads one snapshot a question; follows the active generation. */
#include "core/reader.h"

#include "base/mem.h"
#include "base/when.h"
#include "core/reader_priv.h"
#include "engine/load.h"
#include "store/generations.h"
#include "store/reports.h"

#include <stdlib.h>
#include <string.h>

static void drop_own_rules(struct rp_reader *reader)
{
    rp_vm_free(reader->vm);
    rp_rules_free(reader->own_rules);
    reader->vm = NULL;
    reader->own_rules = NULL;
    if (reader->owns_rules) {
        reader->rules = NULL;
    }
}

static int load_active(struct rp_reader *reader, struct rp_err *err)
{
    struct rp_generation_row row;
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_files files;
    int status = rp_generation_get(&reader->arena, reader->store, 0, &row, err);

    if (status == RIPEN_ENOTFOUND) {
        return rp_err_set(err, status,
                          "no rules were loaded into this database yet; start "
                          "`ripen serve` or `ripen import` with it first");
    }
    if (status == 0 && reader->rules && reader->rules->number == row.number) {
        return 0;
    }
    if (status == 0) {
        status = rp_files_unpack(&reader->arena, row.sources, &files, err);
    }
    if (status != 0) {
        return status;
    }
    options.disabled =
        rp_generation_disabled(&reader->arena, row.disabled, &options.disabled_count);
    drop_own_rules(reader);
    status = rp_load(&reader->arena, &files, &options, &reader->own_rules, &findings, err);
    if (status == 0) {
        reader->own_rules->number = row.number;
        reader->rules = reader->own_rules;
        reader->vm = rp_vm_new(reader->rules, err);
        status = reader->vm ? 0 : RIPEN_ERULE;
    }
    return status;
}

int rp_reader_open(const char *db_path, struct rp_store *store, const struct rp_rules *rules,
                   struct rp_reader **ret_reader, struct rp_err *err)
{
    struct rp_reader *reader = rp_calloc(1, sizeof(*reader));
    int status = 0;

    rp_arena_init(&reader->arena);
    rp_arena_init(&reader->recent_arena);
    reader->store = store;
    reader->rules = rules;
    reader->owns_store = store == NULL;
    reader->owns_rules = rules == NULL;
    if (!store) {
        status = rp_store_open(db_path, RP_STORE_READ, &reader->store, err);
    }
    if (status == 0 && rules) {
        reader->vm = rp_vm_new(rules, err);
        status = reader->vm ? 0 : RIPEN_ERULE;
    }
    if (status != 0) {
        rp_reader_close(reader);
        return status;
    }
    *ret_reader = reader;
    return 0;
}

void rp_reader_close(struct rp_reader *reader)
{
    if (!reader) {
        return;
    }
    drop_own_rules(reader);
    rp_arena_fini(&reader->arena);
    rp_arena_fini(&reader->recent_arena);
    if (reader->owns_store) {
        rp_store_close(reader->store);
    }
    free(reader);
}

void rp_reader_model(struct rp_reader *reader, struct rp_str name)
{
    reader->model_name = name;
}

static int find_model(struct rp_reader *reader, struct rp_err *err)
{
    reader->model = 0;
    if (reader->model_name.len > 0) {
        reader->model = rp_rules_model(reader->rules, reader->model_name);
    }
    if (reader->model != RP_NONE) {
        return 0;
    }
    reader->model = 0;
    return rp_err_set(err, RIPEN_ENOTFOUND, "no model is named \"%.*s\" in the active rules",
                      RP_STR_ARG(reader->model_name));
}

int rp_reader_begin(struct rp_reader *reader, struct rp_err *err)
{
    int status = reader->owns_store ? rp_store_snapshot(reader->store, err) : 0;

    rp_arena_reset(&reader->arena);
    rp_arena_reset(&reader->recent_arena);
    if (status == 0 && reader->owns_rules) {
        status = load_active(reader, err);
    }
    if (status == 0) {
        status = find_model(reader, err);
    }
    if (status == 0) {
        status = rp_trying_load(&reader->recent_arena, reader->store, reader->rules,
                                &reader->trying, err);
    }
    return status == 0 ? rp_recent_load(&reader->recent_arena, reader->store, &reader->recent, err)
                       : status;
}

uint32_t rp_reader_model_of(const struct rp_reader *reader, const struct rp_lead *lead)
{
    return reader->model_name.len > 0 ? reader->model : rp_trying_model(&reader->trying, lead);
}

int rp_reader_end(struct rp_reader *reader, int status)
{
    if (reader->owns_store) {
        rp_store_snapshot_end(reader->store);
    }
    rp_arena_reset(&reader->arena);
    return status;
}

static int open_named(struct rp_reader *reader, struct rp_str lead, int64_t at_ms,
                      struct rp_view *ret_view, struct rp_err *err)
{
    int64_t id;
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        status = rp_lead_find(reader->store, lead, &id, err);
    }
    return status == 0 ? rp_view_open(reader, id, at_ms, ret_view, err) : status;
}

int rp_reader_lead(struct rp_reader *reader, struct rp_str lead, int64_t now_ms,
                   enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_view view;
    int status = open_named(reader, lead, now_ms, &view, err);

    if (status == 0) {
        if (format == RP_FORMAT_JSON) {
            rp_view_json(&view, true, &jw);
        } else {
            rp_view_text(&view, colour, out);
        }
        rp_view_close(&view);
    }
    return rp_reader_end(reader, status);
}

int rp_reader_explain(struct rp_reader *reader, struct rp_str lead, int64_t at_ms,
                      enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_view view;
    int status = open_named(reader, lead, at_ms, &view, err);

    (void)colour;
    if (status == 0) {
        if (format == RP_FORMAT_JSON) {
            rp_jw_object(&jw);
            rp_view_explain_head(&view, &jw);
            rp_explain_json(view.explain, &view.fold, &view.lead, at_ms, &jw);
            rp_jw_object_end(&jw);
        } else {
            rp_explain_text(view.explain, &view.fold, &view.lead, at_ms, out);
            rp_view_held_text(&view, out);
        }
        rp_view_close(&view);
    }
    return rp_reader_end(reader, status);
}

/* Which event the words before it are about. */
static void tell_event(const struct rp_event *event, struct rp_buf *out)
{
    struct rp_buf when = {0};

    rp_time_print(&when, event->effective_ms);
    rp_buf_printf(out, " (%s%s%.*s of %.10s %.5s, the newest that the rule waits for)",
                  rp_event_type_name(event->type), event->name.len ? " " : "",
                  RP_STR_ARG(event->name), when.ptr, when.ptr + 11);
    rp_buf_fini(&when);
}

/* The newest event of the rule's kinds decides what is told; the cells as they were before it. */
static bool why_not_rule(struct rp_view *view, uint32_t rule, struct rp_buf *out)
{
    const struct rp_score *score = &view->fold.rules->scores[rule];
    bool fires;

    for (size_t i = view->history.count; i-- > 0;) {
        struct rp_history before = {view->history.events, i};
        const struct rp_event *event = &view->history.events[i];

        if (event->effective_ms <= view->at_ms && rp_event_is_kind(&view->fold, event, score)) {
            view->fold.trace = NULL;
            rp_history_fold(&view->fold, &view->lead, &before, INT64_MAX, NULL, NULL);
            fires = rp_why_not_rule(&view->fold, &view->lead, rule, event, out);
            if (score->enabled)
                tell_event(event, out);
            return fires;
        }
    }
    rp_buf_printf(out, "\"%.*s\" waits for", RP_STR_ARG(score->name));
    for (uint32_t i = 0; i < score->on_count; i++) {
        rp_buf_printf(out, "%s \"%.*s\"", i ? " or" : "",
                      RP_STR_ARG(view->fold.rules->kinds[score->on[i]].name));
    }
    rp_buf_printf(out, ", and this lead has no such event among its %zu", view->history.count);
    return false;
}

int rp_reader_why_not(struct rp_reader *reader, struct rp_str lead, struct rp_str what,
                      int64_t now_ms, enum rp_format format, struct rp_buf *out, bool *ret_fires,
                      struct rp_err *err)
{
    struct rp_buf words = {0};
    struct rp_view view;
    int status = open_named(reader, lead, now_ms, &view, err);

    if (status == 0) {
        uint32_t stage = rp_rules_stage(reader->rules, what);
        uint32_t rule = rp_rules_score(reader->rules, what);
        uint32_t action = rp_rules_action(reader->rules, what);

        if (stage != RP_NONE) {
            *ret_fires = rp_why_not_stage(&view.fold, &view.lead, stage, now_ms, &words);
        } else if (rule != RP_NONE) {
            *ret_fires = why_not_rule(&view, rule, &words);
        } else if (action != RP_NONE) {
            *ret_fires = rp_why_not_action(&view.fold, &view.lead, action, now_ms, &words);
        } else {
            status =
                rp_err_set(err, RIPEN_ENOTFOUND, "no score rule, stage or action is named \"%.*s\"",
                           RP_STR_ARG(what));
        }
        rp_view_close(&view);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        struct rp_jw jw = rp_jw(out);

        rp_jw_object(&jw);
        rp_jw_put_bool(&jw, "fires", *ret_fires);
        rp_jw_put_str(&jw, "why", rp_buf_view(&words));
        rp_jw_object_end(&jw);
    } else if (status == 0) {
        rp_buf_str(out, rp_buf_view(&words));
    }
    rp_buf_fini(&words);
    return rp_reader_end(reader, status);
}

int rp_reader_try(struct rp_reader *reader, const int64_t *leads, size_t lead_count, int64_t now_ms,
                  enum rp_format format, bool colour, struct rp_jw *jw, struct rp_buf *out,
                  struct rp_err *err)
{
    int status = rp_reader_begin(reader, err);

    for (size_t i = 0; i < lead_count && status == 0; i++) {
        struct rp_view view;

        status = rp_view_open(reader, leads[i], now_ms, &view, err);
        if (status != 0) {
            break;
        }
        if (format == RP_FORMAT_JSON) {
            rp_view_json(&view, false, jw);
        } else {
            rp_buf_text(out, i ? "\n" : "");
            rp_view_text(&view, colour, out);
            rp_buf_text(out, "\nPoints\n");
            rp_explain_text(view.explain, &view.fold, &view.lead, now_ms, out);
        }
        rp_view_close(&view);
        rp_arena_reset(&reader->arena);
    }
    return rp_reader_end(reader, status);
}
