/* SPDX-License-Identifier: MIT */
/* report funnel: for each stage who came in, who went on, how long it took, who fell back; and why
 * sales said no. Counted from the decisions on record, lead by lead: a stay begins with a decision
 * (the first stage's with the lead) and ends with the next. Time in a stage is that of Kaplan and
 * Meier, so that those who are still there count: an average over those who left would make young
 * leads vanish. Printed by report_funnel_print.c. */
#include "core/report_funnel.h"

#include "base/json_read.h"
#include "base/mem.h"
#include "core/history.h"
#include "model/stats.h"
#include "store/report_rows.h"
#include "store/states.h"
#include "store/verify.h"

#include <math.h>
#include <stdlib.h>

/* A lead while its decisions are read. */
struct stay {
    uint32_t stage;
    int64_t from_ms, to_ms; /* to: RP_NEVER while it is there */
    bool passing;
};
/* When a lead became an mql. */
struct decided {
    int64_t lead, at_ms;
};
struct walk {
    struct rp_funnel *funnel;
    struct rp_reader *reader;
    const struct rp_report_query *query;
    struct rp_by *by;
    int64_t until_ms;
    uint32_t *stage_of; /* number of a name → stage of the active rules, RP_NONE */
    size_t name_count;
    int64_t lead; /* 0: none yet */
    struct stay *stays;
    size_t stay_count, stay_cap;
    int64_t mql_ms;
    struct decided *decided; /* by lead */
    size_t decided_count, decided_cap;
};

static void group_room(struct rp_funnel *funnel, size_t groups)
{
    size_t stages = funnel->rules->stage_count;

    while (funnel->group_count < groups) {
        funnel->groups = rp_grow(funnel->groups, &funnel->group_cap, funnel->group_count + 1,
                                 sizeof(*funnel->groups));
        funnel->groups[funnel->group_count++] = (struct rp_funnel_group){
            .stages = rp_calloc(stages + 1, sizeof(struct rp_funnel_stage)),
            .moves = rp_calloc(stages * stages + 1, sizeof(int64_t))};
    }
}

static void add_time(struct rp_funnel_stage *stage, double ms, bool ended)
{
    if (stage->time_count == stage->time_cap) {
        size_t cap = stage->time_cap;

        stage->times =
            rp_grow(stage->times, &stage->time_cap, stage->time_count + 1, sizeof(*stage->times));
        stage->ended = rp_grow(stage->ended, &cap, stage->time_count + 1, sizeof(*stage->ended));
    }
    stage->times[stage->time_count] = ms;
    stage->ended[stage->time_count++] = ended;
}

static bool is_forward(const struct rp_rules *rules, uint32_t from, uint32_t to)
{
    return !rules->stages[to].side && (rules->stages[from].side || to > from);
}

/* Whether the lead came into a later stage of the main line behind stay `at`. */
static bool went_on(const struct walk *w, size_t at)
{
    const struct rp_rules *rules = w->funnel->rules;
    uint32_t stage = w->stays[at].stage;

    for (size_t i = at + 1; i < w->stay_count; i++) {
        uint32_t to = w->stays[i].stage;

        if (!rules->stages[to].side && (rules->stages[stage].side ? true : to > stage)) {
            return true;
        }
    }
    return false;
}

static void count_stay(struct walk *w, struct rp_funnel_group *group, bool *seen, size_t at)
{
    const struct stay *stay = &w->stays[at];
    struct rp_funnel_stage *stage = &group->stages[stay->stage];
    bool open = stay->to_ms == RP_NEVER;

    stage->entries++;
    stage->passed += stay->passing;
    if (!seen[stay->stage]) {
        seen[stay->stage] = true;
        stage->leads++;
        stage->went_on += went_on(w, at);
    }
    stage->still += open;
    if (!stay->passing) {
        add_time(stage, (double)((open ? w->until_ms : stay->to_ms) - stay->from_ms), !open);
    }
    if (!open && at + 1 < w->stay_count) {
        uint32_t to = w->stays[at + 1].stage;

        group->moves[stay->stage * w->funnel->rules->stage_count + to]++;
        stage->fell_back += !is_forward(w->funnel->rules, stay->stage, to);
    }
}

static bool in_period(const struct walk *w, int64_t ms)
{
    return (w->query->since_ms == RP_NEVER || ms >= w->query->since_ms) && ms < w->until_ms;
}

static int by_lead(const void *a, const void *b)
{
    const struct decided *x = a;
    const struct decided *y = b;

    return (x->lead > y->lead) - (x->lead < y->lead);
}

/* RP_NEVER: it has not been an mql. */
static int64_t decided_at(const struct walk *w, int64_t lead)
{
    struct decided key = {.lead = lead};
    const struct decided *decided =
        w->decided_count > 0 ? bsearch(&key, w->decided, w->decided_count, sizeof(key), by_lead)
                             : NULL;

    return decided ? decided->at_ms : RP_NEVER;
}

static int end_lead(struct walk *w, struct rp_err *err)
{
    struct rp_funnel *funnel = w->funnel;
    uint32_t group = 0;
    bool *seen;
    bool any = false;
    int status = 0;

    if (w->mql_ms != RP_NEVER) {
        w->decided =
            w->decided_count == w->decided_cap
                ? rp_grow(w->decided, &w->decided_cap, w->decided_count + 1, sizeof(*w->decided))
                : w->decided;
        w->decided[w->decided_count++] = (struct decided){w->lead, w->mql_ms};
    }
    for (size_t i = 0; i < w->stay_count; i++) {
        any = any || in_period(w, w->stays[i].from_ms);
    }
    if (!any) {
        return 0;
    }
    status = rp_by_group(w->by, w->lead, w->mql_ms, &group, err);
    if (status != 0) {
        return status;
    }
    group_room(funnel, rp_by_count(w->by));
    seen = rp_calloc(funnel->rules->stage_count + 1, sizeof(*seen));
    for (size_t i = 0; i < w->stay_count; i++) {
        if (in_period(w, w->stays[i].from_ms)) {
            count_stay(w, &funnel->groups[group], seen, i);
        }
    }
    funnel->groups[group].leads++;
    free(seen);
    return 0;
}

static void open_stay(struct walk *w, uint32_t stage, int64_t from_ms)
{
    w->stays = w->stay_count == w->stay_cap
                   ? rp_grow(w->stays, &w->stay_cap, w->stay_count + 1, sizeof(*w->stays))
                   : w->stays;
    w->stays[w->stay_count++] = (struct stay){stage, from_ms, RP_NEVER, false};
}

static void begin_lead(struct walk *w, const struct rp_lead_move *move)
{
    w->lead = move->lead;
    w->stay_count = 0;
    w->mql_ms = RP_NEVER;
    open_stay(w, 0, move->created_ms);
}

static int visit(void *ctx, const struct rp_lead_move *move, struct rp_err *err)
{
    struct walk *w = ctx;
    uint32_t to;
    int status = 0;

    if (move->lead != w->lead) {
        status = w->lead ? end_lead(w, err) : 0;
        begin_lead(w, move);
    }
    if (status != 0 || move->move == 0 || move->from == move->to || move->at_ms >= w->until_ms) {
        return status;
    }
    to = (size_t)move->to < w->name_count ? w->stage_of[move->to] : RP_NONE;
    if (to == RP_NONE) {
        w->funnel->unknown++; /* a stage of earlier rules */
        return 0;
    }
    w->stays[w->stay_count - 1].to_ms = move->at_ms;
    w->stays[w->stay_count - 1].passing = w->stays[w->stay_count - 1].from_ms == move->at_ms;
    open_stay(w, to, move->at_ms);
    if (to == w->funnel->mql && w->mql_ms == RP_NEVER) {
        w->mql_ms = move->at_ms;
    }
    return 0;
}

/* Numbers of the stages' names, so that no text is compared a row. */
static void map_stages(struct walk *w)
{
    const struct rp_rules *rules = w->funnel->rules;
    int64_t highest = 0;

    for (uint32_t i = 0; i < rules->stage_count; i++) {
        int64_t id = rp_store_name_find(w->reader->store, rules->stages[i].name);

        highest = id > highest ? id : highest;
    }
    w->name_count = (size_t)highest + 1;
    w->stage_of = rp_malloc(w->name_count * sizeof(*w->stage_of));
    for (size_t i = 0; i < w->name_count; i++) {
        w->stage_of[i] = RP_NONE;
    }
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        int64_t id = rp_store_name_find(w->reader->store, rules->stages[i].name);

        if (id > 0) {
            w->stage_of[id] = i;
        }
    }
}

/* ---- Why sales said no ----------------------------------------------------------------------- */

struct rejecting {
    struct walk *walk;
    uint32_t reasons; /* the declaration that is asked for */
};

static struct rp_funnel_reason *reason_of(struct rp_funnel *funnel, struct rp_str event,
                                          struct rp_str text)
{
    for (size_t i = 0; i < funnel->reason_count; i++) {
        if (rp_str_eq(funnel->reasons[i].text, text) &&
            rp_str_eq(funnel->reasons[i].event, event)) {
            return &funnel->reasons[i];
        }
    }
    funnel->reasons = rp_grow(funnel->reasons, &funnel->reason_cap, funnel->reason_count + 1,
                              sizeof(*funnel->reasons));
    funnel->reasons[funnel->reason_count] =
        (struct rp_funnel_reason){.event = event, .text = rp_arena_str(&funnel->arena, text)};
    return &funnel->reasons[funnel->reason_count++];
}

/* Marks the rules that an event's record names. */
static void mark_rules(struct walk *w, struct rp_str granted, bool *had)
{
    const struct rp_rules *rules = w->funnel->rules;
    const char *at = granted.ptr;
    const char *end = rp_str_end(granted);

    while (at && at < end) {
        char *next;
        int64_t id;

        if (*at != '[' || at + 1 >= end || at[1] == '[') {
            at++;
            continue;
        }
        id = strtoll(at + 1, &next, 10);
        at = next;
        for (uint32_t i = 0; i < rules->score_count; i++) {
            if (w->funnel->score_ids[i] == id) {
                had[i] = true;
            }
        }
    }
}

/* Which rules gave the lead points before sales said no. */
static int rules_of(struct walk *w, int64_t lead_id, int64_t until_ms, bool *had,
                    struct rp_err *err)
{
    struct rp_history history = {0};
    struct rp_arena scratch;
    struct rp_arena *arena = &scratch;
    struct rp_str stage;
    struct rp_lead lead;
    int status;

    rp_arena_init(&scratch);
    rp_lead_init(&lead);
    status = rp_state_load(w->reader->store, lead_id, &lead, &stage, err);
    lead.id = lead_id;
    if (status == 0 || (status == RIPEN_ENOTFOUND && lead.public_id[0] != '\0')) {
        rp_recent_apply(&w->reader->recent, &lead);
        status = rp_history_load(arena, w->reader->store, &lead, NULL, 0, &history, err);
    }
    for (size_t i = 0; i < history.count && status == 0; i++) {
        struct rp_str granted;

        if (history.events[i].received_ms > until_ms) {
            continue;
        }
        status = rp_written_granted(arena, w->reader->store, history.events[i].id, &granted, err);
        if (status == 0) {
            mark_rules(w, granted, had);
        }
    }
    rp_lead_fini(&lead);
    rp_arena_fini(&scratch);
    return status;
}

static int reject(void *ctx, const struct rp_event_note *note, struct rp_str text,
                  struct rp_err *err)
{
    struct rejecting *r = ctx;
    struct walk *w = r->walk;
    struct rp_funnel *funnel = w->funnel;
    struct rp_funnel_reason *reason = reason_of(funnel, funnel->rules->reasons[r->reasons].event,
                                                text.len > 0 ? text : RP_STR("(none)"));
    bool *had = rp_calloc(funnel->rules->score_count + 1, sizeof(*had));
    size_t at = (size_t)(reason - funnel->reasons);
    uint32_t group = 0;
    int status = rp_by_group(w->by, note->lead, decided_at(w, note->lead), &group, err);

    reason->count++;
    if (status == 0) {
        group_room(funnel, rp_by_count(w->by));
        if (reason->group_cap < rp_by_count(w->by)) {
            size_t old = reason->group_cap;

            reason->groups = rp_grow(reason->groups, &reason->group_cap, rp_by_count(w->by),
                                     sizeof(*reason->groups));
            for (size_t i = old; i < reason->group_cap; i++) {
                reason->groups[i] = 0;
            }
        }
        funnel->reasons[at].groups[group]++;
        status = rules_of(w, note->lead, note->received_ms, had, err);
    }
    for (uint32_t i = 0; i < funnel->rules->score_count; i++) {
        funnel->rejected_by[i] += had[i];
    }
    funnel->rejected++;
    free(had);
    return status;
}

static int count_reasons(struct walk *w, struct rp_err *err)
{
    const struct rp_rules *rules = w->funnel->rules;
    int64_t since = w->query->since_ms == RP_NEVER ? 0 : w->query->since_ms;
    int status = 0;

    for (uint32_t i = 0; i < rules->reasons_count && status == 0; i++) {
        struct rejecting r = {w, i};

        status =
            rp_report_texts(w->reader->store, rules->reasons[i].event,
                            RP_STR("$.properties.reason"), since, w->until_ms, reject, &r, err);
    }
    return status;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void funnel_open(struct rp_funnel *funnel, struct rp_reader *reader, struct rp_str stage)
{
    const struct rp_rules *rules = reader->rules;

    *funnel = (struct rp_funnel){.rules = rules};
    rp_arena_init(&funnel->arena);
    funnel->mql = rp_rules_stage(rules, stage.len > 0 ? stage : RP_STR("mql"));
    funnel->score_ids = rp_calloc(rules->score_count + 1, sizeof(*funnel->score_ids));
    funnel->rejected_by = rp_calloc(rules->score_count + 1, sizeof(*funnel->rejected_by));
    for (uint32_t i = 0; i < rules->score_count; i++) {
        funnel->score_ids[i] = rp_store_name_find(reader->store, rules->scores[i].name);
    }
}

void rp_funnel_fini(struct rp_funnel *funnel)
{
    for (size_t g = 0; g < funnel->group_count; g++) {
        for (uint32_t i = 0; i < funnel->rules->stage_count; i++) {
            free(funnel->groups[g].stages[i].times);
            free(funnel->groups[g].stages[i].ended);
        }
        free(funnel->groups[g].stages);
        free(funnel->groups[g].moves);
    }
    for (size_t i = 0; i < funnel->reason_count; i++) {
        free(funnel->reasons[i].groups);
    }
    free(funnel->groups);
    free(funnel->reasons);
    free(funnel->score_ids);
    free(funnel->rejected_by);
    rp_arena_fini(&funnel->arena);
}

static int count_all(struct rp_reader *reader, const struct rp_report_query *query,
                     struct rp_by *by, struct rp_funnel *funnel, struct rp_err *err)
{
    struct walk w = {.funnel = funnel, .reader = reader, .query = query, .by = by};
    int status;

    w.until_ms = query->until_ms == RP_NEVER ? query->now_ms : query->until_ms;
    group_room(funnel, rp_by_count(by));
    map_stages(&w);
    status = rp_report_moves(reader->store, visit, &w, err);
    if (status == 0 && w.lead) {
        status = end_lead(&w, err);
    }
    if (status == 0) {
        status = count_reasons(&w, err);
    }
    free(w.stage_of);
    free(w.stays);
    free(w.decided);
    return status;
}

int rp_report_funnel(struct rp_reader *reader, const struct rp_report_query *query,
                     enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    struct rp_funnel funnel;
    struct rp_by *by = NULL;
    int status = rp_reader_begin(reader, err);

    if (status == 0 && reader->rules->stage_count == 0) {
        status =
            rp_err_set(err, RIPEN_EINPUT, "the rules declare no stages, so there is no funnel");
    }
    if (status == 0) {
        status = rp_by_open(reader, query->by, &by, err);
    }
    if (status == 0) {
        funnel_open(&funnel, reader, query->stage);
        status = count_all(reader, query, by, &funnel, err);
        if (status == 0) {
            rp_funnel_print(&funnel, by, query, format, out);
        }
        rp_funnel_fini(&funnel);
    }
    rp_by_free(by);
    return rp_reader_end(reader, status);
}
