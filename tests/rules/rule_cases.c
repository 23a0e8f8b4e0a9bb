/* SPDX-License-Identifier: MIT */
/* Runs golden cases: loads the rules, folds and judges the events in the order of their arrival,
 * and compares. Besides what a case expects, every case is checked for what must always hold: a
 * fold of the same events from the beginning gives the same cells, byte by byte, and the rows of
 * the explanation sum to the values.
 *
 *   rule_cases FILE…        status: 0, 1 when an expectation failed, 2 when a file is malformed */
#include "base/buf.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/fold.h"
#include "engine/load.h"
#include "engine/timers.h"
#include "rules/case_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define START_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

/* One case while it runs. */
struct run {
    const char *path;
    const struct golden_case *golden;
    struct rp_arena *arena;
    struct rp_rules *rules;
    struct rp_vm *vm;
    struct rp_fold fold;
    struct rp_lead lead;
    struct rp_event *events; /* in the order of their arrival */
    size_t event_count, event_cap;
    int64_t now_ms;
    struct rp_buf moves;    /* "visitor>lead:known lead>mql:at_least" */
    struct rp_buf times;    /* when: "0s 1h" */
    struct rp_buf statuses; /* "mql.open:entered mql.attempting:did" */
    struct rp_buf owners;   /* "lea@acme.test:action@1h -:rejected@2h" */
    struct rp_turns turns;
    struct rp_str turn;     /* who got the lead last, of whatever team */
    size_t judged;          /* timers */
    struct rp_decision all; /* intents and faults of all events */
    struct rp_trace_row *rows;
    size_t row_count, row_cap;
    struct rp_explain *explain;
    size_t excluded;
    int failed;
};

static void fail(struct run *run, int line, const char *what, struct rp_str want, struct rp_str got)
{
    fprintf(stderr, "%s:%d: [%.*s] %s: expected %.*s, got %.*s\n", run->path, line,
            RP_STR_ARG(run->golden->name), what, RP_STR_ARG(want), RP_STR_ARG(got));
    run->failed++;
}

_Noreturn static void give_up(const struct run *run, int line, const char *what)
{
    fprintf(stderr, "%s:%d: [%.*s] %s\n", run->path, line, RP_STR_ARG(run->golden->name), what);
    exit(2);
}

/* ---- Turns of teams ---------------------------------------------------------------------------
 */

static struct rp_str last_turn(void *ctx, struct rp_arena *arena, struct rp_str team)
{
    const struct run *run = ctx;

    (void)arena;
    (void)team;
    return run->turn;
}

/* Everybody but zoe@acme.test, who has few, has many. */
static int64_t owned(void *ctx, struct rp_str owner)
{
    (void)ctx;
    return rp_str_is(owner, "zoe@acme.test") ? 3 : 40;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static bool load_rules(struct run *run)
{
    struct rp_source sources[16];
    struct rp_files files = {sources, run->golden->file_count};
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_buf out = {0};
    struct rp_err err = {0};

    for (size_t i = 0; i < files.count; i++)
        sources[i] = (struct rp_source){run->golden->files[i].path, run->golden->files[i].text};
    for (size_t i = 1; i < files.count; i++) { /* byte order of paths */
        for (size_t j = i; j > 0 && rp_str_cmp(sources[j - 1].path, sources[j].path) > 0; j--) {
            struct rp_source swap = sources[j];

            sources[j] = sources[j - 1];
            sources[j - 1] = swap;
        }
    }
    if (rp_load(run->arena, &files, &options, &run->rules, &findings, &err) != 0) {
        rp_findings_print(&out, &findings, false);
        fprintf(stderr, "%s:%d: [%.*s] the rules do not load: %s\n%.*s", run->path,
                run->golden->line, RP_STR_ARG(run->golden->name), err.text,
                RP_STR_ARG(rp_buf_view(&out)));
        rp_buf_fini(&out);
        return false;
    }
    if (run->rules->test_count)
        run->vm = rp_vm_new(run->rules, &err);
    rp_fold_init(&run->fold, run->rules, run->vm, run->arena);
    run->turns = (struct rp_turns){.ctx = run, .last = last_turn, .owned = owned};
    run->fold.turns = &run->turns;
    return true;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static int64_t offset(const struct run *run, int line, struct rp_str text)
{
    int64_t ms;

    if (!rp_duration_parse(text, &ms))
        give_up(run, line, "an event starts with a duration");
    return ms;
}

/* The item's JSON: `%d` in it becomes the number of the repetition, `%03d` with three digits. */
static struct rp_str item_json(struct run *run, const struct case_line *line, struct rp_str rest,
                               unsigned number, int64_t at_ms)
{
    struct rp_str type = rest.len && rest.ptr[0] == '{' ? rest : case_word(&rest);
    struct rp_buf out = {0}, body = {0};
    struct rp_str text;
    size_t name = 0;

    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] == '%' && i + 1 < rest.len && rest.ptr[i + 1] == 'd') {
            rp_buf_printf(&body, "%u", number);
            i++;
        } else if (rp_str_starts((struct rp_str){rest.ptr + i, rest.len - i}, RP_STR("%03d"))) {
            rp_buf_printf(&body, "%03u", number);
            i += 3;
        } else {
            rp_buf_char(&body, rest.ptr[i]);
        }
    }
    rest = rp_arena_str(run->arena, rp_buf_view(&body));
    rp_buf_fini(&body);
    if (type.len && type.ptr[0] == '{')
        return rest;
    while (name < rest.len && rest.ptr[name] != '{')
        name++;
    rp_buf_printf(&out, "{\"type\":\"%.*s\",\"anonymousId\":\"a\",\"messageId\":\"m%05zu\"",
                  RP_STR_ARG(type), run->event_count + 1);
    rp_buf_text(&out, ",\"timestamp\":\"");
    rp_time_print(&out, at_ms);
    rp_buf_char(&out, '"');
    text = case_trim((struct rp_str){rest.ptr, name});
    if (text.len)
        rp_buf_printf(&out, ",\"%s\":\"%.*s\"", rp_str_is(type, "track") ? "event" : "name",
                      RP_STR_ARG(text));
    if (name < rest.len)
        rp_buf_printf(&out, ",\"%s\":%.*s",
                      rp_str_is(type, "identify") || rp_str_is(type, "group") ? "traits"
                                                                              : "properties",
                      (int)(rest.len - name), rest.ptr + name);
    rp_buf_char(&out, '}');
    text = rp_arena_str(run->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    (void)line;
    return text;
}

static int by_order(const void *left, const void *right)
{
    struct rp_order a = rp_event_order(left), b = rp_event_order(right);

    return rp_order_cmp(&a, &b);
}

/* All events known so far, from the beginning; the rows are those of this fold. */
static void fold_all(struct run *run, struct rp_lead *lead, struct rp_decision *of_last)
{
    const struct rp_event *last = &run->events[run->event_count - 1];
    struct rp_event *sorted = RP_ARENA_ARRAY(run->arena, struct rp_event, run->event_count);

    memcpy(sorted, run->events, run->event_count * sizeof(*sorted));
    qsort(sorted, run->event_count, sizeof(*sorted), by_order);
    rp_lead_cells_clear_fold(lead);
    for (size_t i = 0; i < run->event_count; i++) {
        struct rp_decision decision = {0};

        rp_fold_event(&run->fold, lead, &sorted[i], &decision);
        if (rp_str_eq(sorted[i].message_id, last->message_id) && of_last)
            *of_last = decision;
    }
}

static void keep_owners(struct run *run, const struct rp_decision *decision, int64_t now_ms)
{
    static const char *const by[] = {
        [RP_ASSIGNED_ACTION] = "action", [RP_ASSIGNED_TRAIT] = "trait",
        [RP_ASSIGNED_PERSON] = "person", [RP_ASSIGNED_REJECTED] = "rejected",
        [RP_ASSIGNED_MERGED] = "merged",
    };

    for (size_t i = 0; i < decision->assigned_count; i++) {
        const struct rp_assignment *assigned = &decision->assigned[i];

        rp_buf_printf(&run->owners, "%s%.*s:%s@", run->owners.len ? " " : "",
                      RP_STR_ARG(assigned->owner.len ? assigned->owner : RP_STR("-")),
                      by[assigned->by]);
        rp_duration_print(&run->owners, now_ms - START_MS);
        if (assigned->team.len)
            run->turn = assigned->owner;
    }
}

static void keep_decision(struct run *run, const struct rp_decision *decision, int64_t now_ms)
{
    struct rp_decision *all = &run->all;

    for (size_t i = 0; i < decision->move_count; i++) {
        const struct rp_move *move = &decision->moves[i];

        rp_buf_printf(&run->moves, "%s%.*s>%.*s:%.*s", run->moves.len ? " " : "",
                      RP_STR_ARG(run->rules->stages[move->from].name),
                      RP_STR_ARG(run->rules->stages[move->to].name), RP_STR_ARG(move->because));
        rp_buf_text(&run->times, run->times.len ? " " : "");
        rp_duration_print(&run->times, now_ms - START_MS);
    }
    for (size_t i = 0; i < decision->status_count; i++) {
        const struct rp_status_move *move = &decision->statuses[i];
        const struct rp_stage *stage = &run->rules->stages[move->stage];

        rp_buf_printf(&run->statuses, "%s%.*s.%.*s:%.*s@", run->statuses.len ? " " : "",
                      RP_STR_ARG(stage->name), RP_STR_ARG(stage->statuses[move->to].name),
                      RP_STR_ARG(move->because));
        rp_duration_print(&run->statuses, now_ms - START_MS);
    }
    for (size_t i = 0; i < decision->intent_count; i++) {
        all->intents =
            rp_grow(all->intents, &all->intent_cap, all->intent_count + 1, sizeof(*all->intents));
        all->intents[all->intent_count++] = decision->intents[i];
    }
    for (size_t i = 0; i < decision->fault_count; i++) {
        all->faults =
            rp_grow(all->faults, &all->fault_cap, all->fault_count + 1, sizeof(*all->faults));
        all->faults[all->fault_count++] = decision->faults[i];
    }
    keep_owners(run, decision, now_ms);
    run->excluded += decision->excluded;
}

/* What the host does with facts: here the newest object replaces the older. */
static void keep_facts(struct run *run, struct rp_str facts)
{
    if (facts.len)
        memcpy(
            rp_lead_cell_resize(&run->lead, rp_cell_key(RP_CELL_FACTS, 0, 0), (uint32_t)facts.len),
            facts.ptr, facts.len);
}

/* Judges what time brings up to a moment, as the server does. */
static void run_timers(struct run *run, int64_t until_ms)
{
    struct rp_timer timer;

    while (run->event_count && (timer = rp_timer_next(&run->fold, &run->lead, false)).at_ms &&
           timer.at_ms <= until_ms) {
        struct rp_decision decision = {0};

        if (timer.at_ms <= run->lead.judged_ms || run->judged++ > 10000)
            give_up(run, run->golden->line, "timers do not come to an end");
        rp_judge(&run->fold, &run->lead, NULL, timer.at_ms, &decision);
        keep_decision(run, &decision, timer.at_ms);
        keep_facts(run, decision.facts_set);
    }
}

static void take_event(struct run *run, const struct case_line *line, struct rp_str item,
                       int64_t received_ms, uint32_t flags)
{
    struct rp_envelope envelope = {.received_ms = received_ms,
                                   .sent_ms = RP_NEVER,
                                   .public_key = (flags & RP_EVENT_PUBLIC) != 0,
                                   .flags = flags};
    struct rp_decision decision = {0};
    struct rp_str message;
    struct rp_event *event;

    run->events = rp_grow(run->events, &run->event_cap, run->event_count + 1, sizeof(*event));
    event = &run->events[run->event_count];
    if (rp_event_parse(run->arena, item, &envelope, event, &message) != RP_REJECT_NONE) {
        fprintf(stderr, "%s:%d: %.*s: %.*s\n", run->path, line->line, RP_STR_ARG(item),
                RP_STR_ARG(message));
        exit(2);
    }
    run_timers(run, event->received_ms);
    event = &run->events[run->event_count];
    event->id = (int64_t)++run->event_count;
    if (!run->lead.created_ms)
        run->lead.created_ms = event->received_ms;
    run->now_ms = event->received_ms;
    if (rp_fold_in_order(&run->lead, event)) {
        rp_fold_event(&run->fold, &run->lead, event, &decision);
    } else {
        rp_fold_before(&run->fold, &run->lead, event->received_ms);
        fold_all(run, &run->lead, &decision);
    }
    rp_judge(&run->fold, &run->lead, event, event->received_ms, &decision);
    keep_decision(run, &decision, event->received_ms);
    keep_facts(run, decision.facts_set);
}

static void run_event_line(struct run *run, const struct case_line *line)
{
    struct rp_str rest = line->text, when = case_word(&rest), word;
    const char *tilde = memchr(when.ptr, '~', when.len);
    int64_t received, happened, step = 0;
    uint32_t flags = 0;
    unsigned times = 1;

    if (tilde) {
        size_t head = (size_t)(tilde - when.ptr);

        received = offset(run, line->line, (struct rp_str){when.ptr, head});
        happened = offset(run, line->line, (struct rp_str){tilde + 1, when.len - head - 1});
    } else {
        received = happened = offset(run, line->line, when);
    }
    if (rest.len > 1 && rest.ptr[0] == 'x' && rest.ptr[1] >= '0' && rest.ptr[1] <= '9') {
        word = case_word(&rest);
        times = (unsigned)strtoul(word.ptr + 1, NULL, 10);
        step = offset(run, line->line, case_word(&rest));
    }
    for (bool more = true; more;) {
        struct rp_str ahead = rest;

        word = case_word(&ahead);
        more = rp_str_is(word, "crm") || rp_str_is(word, "public");
        if (more) {
            flags |= rp_str_is(word, "crm") ? RP_EVENT_CRM : RP_EVENT_PUBLIC;
            rest = ahead;
        }
    }
    if (rp_str_is(rest, "wait")) {
        run->now_ms = START_MS + received;
        run_timers(run, run->now_ms);
        return;
    }
    for (unsigned i = 0; i < times; i++) {
        int64_t at = START_MS + happened + (int64_t)i * step;

        take_event(run, line, item_json(run, line, rest, i, at),
                   START_MS + received + (int64_t)i * step, flags);
    }
}

/* ---- What always holds ----------------------------------------------------------------------- */

static void trace_row(void *ctx, const struct rp_trace_row *row)
{
    struct run *run = ctx;

    run->rows = rp_grow(run->rows, &run->row_cap, run->row_count + 1, sizeof(*run->rows));
    run->rows[run->row_count] = *row;
    run->rows[run->row_count++].grant.cut = rp_arena_str(run->arena, row->grant.cut);
    rp_explain_trace(run->explain, row);
}

/* The sum of the "value"s of the rows, and the value itself, in an explanation's JSON. */
static bool sums(struct rp_arena *arena, struct rp_str json_text, struct rp_str *ret_wrong)
{
    struct rp_json json;
    enum rp_json_token token;
    struct rp_str key = {0}, dim = {0};
    int64_t value = 0, sum = 0;
    bool by = false, right = true;
    int depth = 0;

    rp_json_init(&json, arena, json_text);
    while ((token = rp_json_next(&json)) > RP_JSON_END) {
        if (token == RP_JSON_KEY) {
            key = json.string;
            if (depth == 2) {
                dim = key;
                sum = 0;
                by = false;
            }
            by |= depth == 3 && rp_str_is(key, "values");
        } else if (token == RP_JSON_NUMBER && rp_str_is(key, "value")) {
            if (depth == 3)
                value = rp_milli_round(json.number);
            else
                sum += rp_milli_round(json.number);
        }
        depth += token == RP_JSON_OBJECT || token == RP_JSON_ARRAY;
        depth -= token == RP_JSON_OBJECT_END || token == RP_JSON_ARRAY_END;
        if (token == RP_JSON_OBJECT_END && depth == 2 && !by && sum != value) {
            *ret_wrong = dim;
            right = false;
        }
    }
    return right && token == RP_JSON_END;
}

static void check_laws(struct run *run)
{
    struct rp_str wrong = RP_STR("the explanation's JSON");
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_lead again;

    rp_lead_init(&again);
    rp_lead_copy(&again, &run->lead);
    run->explain = rp_explain_new(run->rules, run->fold.model);
    run->fold.trace = trace_row;
    run->fold.trace_ctx = run;
    fold_all(run, &again, NULL);
    if (again.cells_len != run->lead.cells_len ||
        (again.cells_len && memcmp(again.cells, run->lead.cells, again.cells_len) != 0))
        fail(run, run->golden->line, "law", RP_STR("the cells of a fold from the beginning"),
             RP_STR("others"));
    rp_jw_object(&jw);
    rp_explain_json(run->explain, &run->fold, &again, run->now_ms, &jw);
    rp_jw_object_end(&jw);
    if (!sums(run->arena, rp_buf_view(&out), &wrong))
        fail(run, run->golden->line, "rows do not sum", wrong, rp_buf_view(&out));
    rp_buf_fini(&out);
    rp_lead_fini(&again);
}

/* ---- Expectations ---------------------------------------------------------------------------- */

static struct rp_str printed(struct run *run, struct rp_buf *buf)
{
    struct rp_str text = rp_arena_str(run->arena, rp_buf_view(buf));

    rp_buf_fini(buf);
    return text;
}

static struct rp_str count_text(struct run *run, size_t count)
{
    return rp_arena_printf(run->arena, "%zu", count);
}

static struct rp_str milli_text(struct run *run, int64_t value)
{
    struct rp_buf buf = {0};

    rp_milli_print(&buf, value);
    return printed(run, &buf);
}

/* fired RULE, cut RULE NAME, granted RULE */
static struct rp_str got_grants(struct run *run, struct rp_str word, struct rp_str rest)
{
    uint32_t rule = rp_rules_score(run->rules, case_word(&rest));
    size_t count = 0;
    int64_t sum = 0;

    for (size_t i = 0; i < run->row_count; i++) {
        const struct rp_grant *grant = &run->rows[i].grant;

        if (grant->rule != rule || grant->model != run->fold.model)
            continue;
        sum += grant->granted;
        count += rp_str_is(word, "fired") ? grant->granted != 0 : rp_str_eq(grant->cut, rest);
    }
    return rp_str_is(word, "granted") ? milli_text(run, sum) : count_text(run, count);
}

/* action NAME, body NAME, cause NAME, held NAME: of the newest row */
static struct rp_str got_intents(struct run *run, struct rp_str word, struct rp_str name)
{
    const struct rp_intent *newest = NULL;
    size_t count = 0;

    for (size_t i = 0; i < run->all.intent_count; i++) {
        const struct rp_intent *intent = &run->all.intents[i];

        if (rp_str_eq(run->rules->actions[intent->action].name, name)) {
            newest = intent;
            count++;
        }
    }
    if (rp_str_is(word, "action"))
        return count_text(run, count);
    if (!newest)
        return RP_STR("(no such row)");
    if (rp_str_is(word, "body"))
        return newest->body;
    return rp_str_is(word, "cause") ? newest->cause : newest->held;
}

static struct rp_str got_why_not(struct run *run, struct rp_str name)
{
    struct rp_buf out = {0};
    uint32_t stage = rp_rules_stage(run->rules, name), rule = rp_rules_score(run->rules, name);
    struct rp_event *last = &run->events[run->event_count - 1];
    struct rp_lead before;

    if (stage != RP_NONE) {
        rp_why_not_stage(&run->fold, &run->lead, stage, run->now_ms, &out);
        return printed(run, &out);
    }
    if (rule == RP_NONE)
        return RP_STR("(no such stage or rule)");
    rp_lead_init(&before);
    run->event_count--;
    if (run->event_count)
        fold_all(run, &before, NULL);
    run->event_count++;
    rp_why_not_rule(&run->fold, &before, rule, last, &out);
    rp_lead_fini(&before);
    return printed(run, &out);
}

/* "held@21d:lead in_stage@60d:evangelist" */
static struct rp_str got_timers(struct run *run)
{
    struct rp_buf out = {0};
    size_t count;
    struct rp_timer *timers = rp_timer_list(&run->fold, &run->lead, run->now_ms, &count);

    for (size_t i = 0; i < count; i++) {
        rp_buf_printf(&out, "%s%s@", i ? " " : "", rp_timer_kind_name(timers[i].kind));
        rp_duration_print(&out, timers[i].at_ms - START_MS);
        rp_buf_printf(&out, ":%.*s", RP_STR_ARG(timers[i].what));
    }
    return printed(run, &out);
}

static struct rp_str got_lead(struct run *run, struct rp_str word, struct rp_str rest)
{
    struct rp_str text = RP_STR("(unknown)");
    uint32_t field;

    if (rp_str_is(word, "stage"))
        return run->lead.stage < run->rules->stage_count ? run->rules->stages[run->lead.stage].name
                                                         : text;
    if (rp_str_is(word, "moves"))
        return rp_arena_str(run->arena, rp_buf_view(&run->moves));
    if (rp_str_is(word, "times"))
        return rp_arena_str(run->arena, rp_buf_view(&run->times));
    if (rp_str_is(word, "statuses"))
        return rp_arena_str(run->arena, rp_buf_view(&run->statuses));
    if (rp_str_is(word, "status"))
        return rp_status_name(run->rules, &run->lead);
    if (rp_str_is(word, "owners"))
        return rp_arena_str(run->arena, rp_buf_view(&run->owners));
    if (rp_str_is(word, "timers"))
        return got_timers(run);
    if (rp_str_is(word, "judged"))
        return count_text(run, run->judged);
    if (rp_str_is(word, "grade"))
        return rp_lead_grade(&run->fold, &run->lead, run->fold.model, run->now_ms);
    if (rp_str_is(word, "faults"))
        return count_text(run, run->all.fault_count);
    if (rp_str_is(word, "excluded"))
        return count_text(run, run->excluded);
    if (rp_str_is(word, "segment")) {
        field = rp_rules_segment(run->rules, rest);
        if (field == RP_NONE)
            return RP_STR("(no such segment)");
        return rp_lead_holds(&run->fold, &run->lead, run->rules->segments[field].when, run->now_ms)
                   ? RP_STR("yes")
                   : RP_STR("no");
    }
    if (rp_str_is(word, "top"))
        return rp_explain_top(run->explain, &run->fold, &run->lead, run->now_ms, 3);
    field = rp_rules_field(run->rules, rest);
    if (field == RP_NONE)
        return RP_STR("(no such field)");
    rp_lead_field(&run->fold, &run->lead, field, run->now_ms, &text);
    return text;
}

static struct rp_str got_value(struct run *run, int line, struct rp_str name, struct rp_str rest)
{
    uint32_t dim = rp_str_is(name, "total") ? RP_NONE : rp_rules_dim(run->rules, name);
    int64_t at = run->now_ms;

    if (dim == RP_NONE && !rp_str_is(name, "total"))
        give_up(run, line, "an expectation names neither a dimension nor anything else known");
    if (rest.len && rest.ptr[0] == '@')
        at = START_MS + offset(run, line, (struct rp_str){rest.ptr + 1, rest.len - 1});
    return milli_text(run, rp_lead_score(&run->fold, &run->lead, run->fold.model, dim, at));
}

static bool one_of_words(struct rp_str word, const char *words)
{
    struct rp_str rest = rp_str_from(words);

    while (rest.len) {
        if (rp_str_eq(case_word(&rest), word))
            return true;
    }
    return false;
}

/* The explanation's text, its lines joined by " / ". */
static struct rp_str got_explain(struct run *run)
{
    struct rp_buf out = {0}, line = {0};

    rp_explain_text(run->explain, &run->fold, &run->lead, run->now_ms, &out);
    for (size_t i = 0; i + 1 < out.len; i++) {
        bool blank = out.ptr[i] == ' ' || out.ptr[i] == '\n';

        if (out.ptr[i] == '\n')
            rp_buf_text(&line, " /");
        if (!blank)
            rp_buf_char(&line, out.ptr[i]);
        else if (line.len && line.ptr[line.len - 1] != ' ')
            rp_buf_char(&line, ' ');
    }
    rp_buf_fini(&out);
    return printed(run, &line);
}

/* "total", "grade", "scores" as JSON. */
static struct rp_str got_scores(struct run *run)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    rp_jw_object(&jw);
    rp_lead_scores_json(&run->fold, &run->lead, run->fold.model, run->now_ms, &jw);
    rp_jw_object_end(&jw);
    return printed(run, &out);
}

/* `model = NAME` chooses the one that acts and is read, before anything happens. */
static void choose_model(struct run *run)
{
    for (size_t i = 0; i < run->golden->expect_count; i++) {
        struct rp_str rest = run->golden->expects[i].text;

        if (!rp_str_is(case_word(&rest), "model"))
            continue;
        (void)case_word(&rest);
        run->fold.model = rp_rules_model(run->rules, case_trim(rest));
        if (run->fold.model == RP_NONE)
            give_up(run, run->golden->expects[i].line, "there is no such model");
    }
}

static void check_expect(struct run *run, const struct case_line *line)
{
    const char *equal = memmem(line->text.ptr, line->text.len, " = ", 3);
    size_t head = equal ? (size_t)(equal - line->text.ptr) : line->text.len - 2;
    struct rp_str rest = {line->text.ptr, head}, word = case_word(&rest), got;
    struct rp_str want = equal ? case_trim((struct rp_str){equal + 3, line->text.len - head - 3})
                               : (struct rp_str){0};

    if (!equal && !rp_str_ends(line->text, RP_STR(" =")))
        give_up(run, line->line, "an expectation is WHAT = VALUE");
    if (one_of_words(word, "fired cut granted"))
        got = got_grants(run, word, rest);
    else if (one_of_words(word, "action body cause held"))
        got = got_intents(run, word, rest);
    else if (rp_str_is(word, "model"))
        got = run->rules->models[run->fold.model].name;
    else if (rp_str_is(word, "explain"))
        got = got_explain(run);
    else if (rp_str_is(word, "fault"))
        got = run->all.fault_count ? run->all.faults[0].message : (struct rp_str){0};
    else if (rp_str_is(word, "scores"))
        got = got_scores(run);
    else if (rp_str_is(word, "why-not"))
        got = got_why_not(run, rest);
    else if (one_of_words(word, "stage moves times status statuses timers judged grade faults "
                                "excluded top field owners segment"))
        got = got_lead(run, word, rest);
    else
        got = got_value(run, line->line, word, rest);
    if (!rp_str_eq(got, want))
        fail(run, line->line, rp_arena_str(run->arena, (struct rp_str){line->text.ptr, head}).ptr,
             want, got);
}

static int run_case(const char *path, const struct golden_case *golden, struct rp_arena *arena)
{
    struct run run = {.path = path, .golden = golden, .arena = arena};

    rp_lead_init(&run.lead);
    if (!load_rules(&run))
        return 1;
    choose_model(&run);
    for (size_t i = 0; i < golden->event_count; i++)
        run_event_line(&run, &golden->events[i]);
    if (golden->event_count == 0 || golden->expect_count == 0)
        give_up(&run, golden->line, "a case has events and expectations");
    check_laws(&run);
    run.fold.trace = NULL;
    for (size_t i = 0; i < golden->expect_count; i++)
        check_expect(&run, &golden->expects[i]);
    rp_explain_free(run.explain);
    rp_fold_fini(&run.fold);
    rp_vm_free(run.vm);
    rp_rules_free(run.rules);
    rp_lead_fini(&run.lead);
    rp_buf_fini(&run.moves);
    rp_buf_fini(&run.times);
    rp_buf_fini(&run.statuses);
    rp_buf_fini(&run.owners);
    free(run.rows);
    free(run.events);
    free(run.all.intents);
    free(run.all.faults);
    return run.failed;
}

static struct rp_buf read_file(const char *path)
{
    struct rp_buf text = {0};
    char bytes[4096];
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        exit(2);
    }
    for (size_t n; (n = fread(bytes, 1, sizeof(bytes), file)) > 0;)
        rp_buf_add(&text, bytes, n);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    size_t ran = 0, failed = 0;

    for (int i = 1; i < argc; i++) {
        struct rp_buf text = read_file(argv[i]);
        struct golden_case *cases;
        struct rp_arena arena;
        size_t count;

        rp_arena_init(&arena);
        cases = case_file_parse(&arena, argv[i], rp_buf_view(&text), &count);
        for (size_t c = 0; c < count; c++)
            failed += run_case(argv[i], &cases[c], &arena) != 0;
        ran += count;
        free(cases);
        rp_arena_fini(&arena);
        rp_buf_fini(&text);
    }
    printf("%zu cases, %zu failed\n", ran, failed);
    return failed || ran == 0;
}
