/* SPDX-License-Identifier: MIT */
/* report trends: which events, pages, campaigns and sources go along with the outcome. Collects,
 * for each lead whose decision is old enough, what it had done in the time before, as it was known
 * at the decision: neither later events nor events that came late count. report_trends_judge.c says
 * what follows. */
#include "core/report_trends.h"

#include "base/hash.h"
#include "base/mem.h"
#include "core/history.h"
#include "store/report_rows.h"
#include "store/states.h"

#include <stdlib.h>
#include <string.h>

enum { THINGS_MAX = 2000, NAME_MAX = 120 };

struct collecting {
    struct rp_trends *trends;
    struct rp_reader *reader;
    struct rp_by *by;
    struct rp_arena scratch;
    int64_t stage_name, outcome_name; /* numbers of names */
    int64_t lead, decided_ms;         /* under way */
    int64_t *outcomes;
    size_t outcome_count, outcome_cap;
    uint32_t *seen; /* [thing]: number of the lead that had it last, + 1 */
    size_t seen_cap;
};

/* ---- Things ---------------------------------------------------------------------------------- */

static void grow_slots(struct rp_trends *t)
{
    size_t count = t->slot_count ? t->slot_count * 2 : 256;

    free(t->slots);
    t->slots = rp_calloc(count, sizeof(*t->slots));
    t->slot_count = count;
    for (size_t i = 0; i < t->thing_count; i++) {
        size_t at = (size_t)rp_hash(t->things[i].name) & (count - 1);

        while (t->slots[at]) {
            at = (at + 1) & (count - 1);
        }
        t->slots[at] = (uint32_t)i + 1;
    }
}

/* The thing of this name, SIZE_MAX when there are too many. */
static size_t thing_of(struct rp_trends *t, struct rp_str name)
{
    size_t at;

    if (t->thing_count * 2 >= t->slot_count) {
        grow_slots(t);
    }
    at = (size_t)rp_hash(name) & (t->slot_count - 1);
    while (t->slots[at]) {
        if (rp_str_eq(t->things[t->slots[at] - 1].name, name)) {
            return t->slots[at] - 1;
        }
        at = (at + 1) & (t->slot_count - 1);
    }
    if (t->thing_count == THINGS_MAX) {
        t->left_out++;
        return SIZE_MAX;
    }
    t->things = t->thing_count == t->thing_cap
                    ? rp_grow(t->things, &t->thing_cap, t->thing_count + 1, sizeof(*t->things))
                    : t->things;
    t->things[t->thing_count] = (struct rp_trend_thing){.name = rp_arena_str(&t->arena, name)};
    t->slots[at] = (uint32_t)t->thing_count + 1;
    return t->thing_count++;
}

static void note(struct collecting *c, const char *kind, struct rp_str what)
{
    struct rp_trends *t = c->trends;
    uint32_t number = (uint32_t)t->lead_count; /* of the lead under way, + 1 */
    size_t at;
    struct rp_trend_thing *thing;

    if (what.len > NAME_MAX) {
        what.len = NAME_MAX;
        while (((unsigned char)what.ptr[what.len] & 0xc0U) == 0x80U) {
            what.len--; /* no half of a character */
        }
    }
    if (what.len == 0) {
        return;
    }
    at = thing_of(t, rp_arena_printf(&c->scratch, "%s%.*s", kind, RP_STR_ARG(what)));
    if (at == SIZE_MAX) {
        return;
    }
    if (c->seen_cap <= at) {
        size_t old = c->seen_cap;

        c->seen = rp_grow(c->seen, &c->seen_cap, at + 1, sizeof(*c->seen));
        memset(c->seen + old, 0, (c->seen_cap - old) * sizeof(*c->seen));
    }
    thing = &t->things[at];
    if (c->seen[at] == number) {
        return;
    }
    c->seen[at] = number;
    thing->leads =
        thing->lead_count == thing->lead_cap
            ? rp_grow(thing->leads, &thing->lead_cap, thing->lead_count + 1, sizeof(*thing->leads))
            : thing->leads;
    thing->leads[thing->lead_count++] = number - 1;
}

static struct rp_str text_at(const struct rp_event *event, const char *path, const char *otherwise)
{
    const struct rp_prop *prop = rp_event_get(event, rp_path_of(rp_str_from(path)));

    if (!prop && otherwise) {
        prop = rp_event_get(event, rp_path_of(rp_str_from(otherwise)));
    }
    return prop && prop->type == RP_STRING ? prop->text : RP_STR("");
}

/* What an event tells of the lead. */
static void note_event(struct collecting *c, const struct rp_event *event)
{
    if (event->type == RP_TRACK) {
        note(c, "event ", event->name);
    } else if (event->type == RP_PAGE || event->type == RP_SCREEN) {
        note(c, "page ", text_at(event, "properties.path", "context.page.path"));
    }
    note(c, "campaign ", text_at(event, "context.campaign.name", NULL));
    note(c, "source ", text_at(event, "context.campaign.source", NULL));
}

/* ---- Leads ----------------------------------------------------------------------------------- */

static int note_history(struct collecting *c, struct rp_err *err)
{
    struct rp_trends *t = c->trends;
    struct rp_trend_lead *decided = &t->leads[t->lead_count - 1];
    struct rp_history history = {0};
    struct rp_str stage;
    struct rp_lead lead;
    int status;

    rp_lead_init(&lead);
    status = rp_state_load(c->reader->store, decided->lead, &lead, &stage, err);
    lead.id = decided->lead;
    if (status == 0 || (status == RIPEN_ENOTFOUND && lead.public_id[0] != '\0')) {
        rp_recent_apply(&c->reader->recent, &lead);
        status = rp_history_load(&c->scratch, c->reader->store, &lead, NULL, 0, &history, err);
    }
    for (size_t i = 0; i < history.count && status == 0; i++) {
        const struct rp_event *event = &history.events[i];

        if (event->effective_ms > decided->at_ms - t->within_ms &&
            event->effective_ms <= decided->at_ms && event->received_ms <= decided->at_ms &&
            !(event->flags & (RP_EVENT_VOIDED | RP_EVENT_BASE))) {
            decided->activity++;
            note_event(c, event);
        }
    }
    rp_lead_fini(&lead);
    rp_arena_reset(&c->scratch);
    return status;
}

static int end_lead(struct collecting *c, struct rp_err *err)
{
    struct rp_trends *t = c->trends;
    struct rp_trend_lead lead = {.lead = c->lead, .at_ms = c->decided_ms};
    int status;

    if (c->decided_ms == RP_NEVER ||
        (t->query->since_ms != RP_NEVER && c->decided_ms < t->query->since_ms)) {
        return 0;
    }
    if (c->decided_ms > t->until_ms - t->window_ms) {
        t->young++;
        return 0;
    }
    for (size_t i = 0; i < c->outcome_count; i++) {
        lead.right |= c->outcomes[i] >= lead.at_ms && c->outcomes[i] <= lead.at_ms + t->window_ms;
    }
    status = rp_by_group(c->by, c->lead, c->decided_ms, &lead.group, err);
    if (status != 0) {
        return status;
    }
    t->right += lead.right;
    t->leads = t->lead_count == t->lead_cap
                   ? rp_grow(t->leads, &t->lead_cap, t->lead_count + 1, sizeof(lead))
                   : t->leads;
    t->leads[t->lead_count++] = lead;
    return note_history(c, err);
}

static int visit(void *ctx, const struct rp_lead_move *move, struct rp_err *err)
{
    struct collecting *c = ctx;
    int status = 0;

    if (move->lead != c->lead) {
        status = c->lead ? end_lead(c, err) : 0;
        c->lead = move->lead;
        c->decided_ms = RP_NEVER;
        c->outcome_count = 0;
    }
    if (move->move == 0 || move->from == move->to || move->at_ms >= c->trends->until_ms) {
        return status;
    }
    if (move->to == c->stage_name && c->decided_ms == RP_NEVER) {
        c->decided_ms = move->at_ms;
    }
    if (move->to == c->outcome_name) {
        c->outcomes =
            c->outcome_count == c->outcome_cap
                ? rp_grow(c->outcomes, &c->outcome_cap, c->outcome_count + 1, sizeof(*c->outcomes))
                : c->outcomes;
        c->outcomes[c->outcome_count++] = move->at_ms;
    }
    return status;
}

static int collect(struct collecting *c, struct rp_err *err)
{
    struct rp_store *store = c->reader->store;
    int status;

    c->stage_name = rp_store_name_find(store, c->trends->stage);
    c->outcome_name = rp_store_name_find(store, c->trends->outcome);
    if (c->stage_name == 0) {
        return 0; /* nobody ever came there */
    }
    rp_arena_init(&c->scratch);
    status = rp_report_moves(store, visit, c, err);
    if (status == 0 && c->lead) {
        status = end_lead(c, err);
    }
    rp_arena_fini(&c->scratch);
    free(c->outcomes);
    free(c->seen);
    return status;
}

/* ---- Volume ---------------------------------------------------------------------------------- */

struct volumes {
    struct rp_trends *trends;
    struct rp_store *store;
    uint32_t *things; /* number of a name → thing + 1; 0: not looked up; UINT32_MAX: none */
    size_t count;
};

static size_t find_thing(const struct rp_trends *t, struct rp_str event)
{
    for (size_t i = 0; i < t->thing_count; i++) {
        struct rp_str name = t->things[i].name;

        if (rp_str_starts(name, RP_STR("event ")) &&
            rp_str_eq((struct rp_str){name.ptr + 6, name.len - 6}, event)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static int count_event(void *ctx, const struct rp_event_note *note, struct rp_err *err)
{
    struct volumes *v = ctx;
    int64_t ago = v->trends->until_ms - note->effective_ms;
    size_t name = (size_t)note->name;

    (void)err;
    if (note->type != RP_TRACK || name == 0 || ago < 0 || ago >= RP_TREND_WEEKS * 7 * RP_DAY) {
        return 0;
    }
    if (name >= v->count) {
        size_t old = v->count;

        v->things = rp_grow(v->things, &v->count, name + 1, sizeof(*v->things));
        memset(v->things + old, 0, (v->count - old) * sizeof(*v->things));
    }
    if (v->things[name] == 0) {
        size_t found = find_thing(v->trends, rp_store_name(v->store, note->name));

        v->things[name] = found == SIZE_MAX ? UINT32_MAX : (uint32_t)found + 1;
    }
    if (v->things[name] != UINT32_MAX) {
        v->trends->things[v->things[name] - 1].weeks[ago / (7 * RP_DAY)]++;
    }
    return 0;
}

/* Of everybody's events: leads that are decided are no fair sample of the newest weeks. */
static int count_volumes(struct rp_trends *t, struct rp_store *store, struct rp_err *err)
{
    struct volumes v = {.trends = t, .store = store};
    int status;

    for (size_t i = 0; i < t->thing_count; i++) {
        t->things[i].event = rp_str_starts(t->things[i].name, RP_STR("event "));
    }
    status = rp_report_events(store, t->until_ms - RP_TREND_WEEKS * 7 * RP_DAY, t->until_ms,
                              count_event, &v, err);
    free(v.things);
    return status;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void trends_fini(struct rp_trends *t)
{
    for (size_t i = 0; i < t->thing_count; i++) {
        free(t->things[i].leads);
    }
    free(t->things);
    free(t->leads);
    free(t->slots);
    rp_arena_fini(&t->arena);
}

int rp_report_trends(struct rp_reader *reader, const struct rp_report_query *query,
                     enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    struct rp_trends t = {.query = query};
    struct collecting c = {.trends = &t, .reader = reader};
    int status = rp_reader_begin(reader, err);

    rp_arena_init(&t.arena);
    t.stage = query->stage.len > 0 ? query->stage : RP_STR("mql");
    t.outcome = query->outcome.len > 0 ? query->outcome : RP_STR("sql");
    t.window_ms = query->window_ms ? query->window_ms : 60 * RP_DAY;
    t.within_ms = query->within_ms ? query->within_ms : 30 * RP_DAY;
    t.until_ms = query->until_ms == RP_NEVER ? query->now_ms : query->until_ms;
    t.by_group = query->by.len > 0;
    if (status == 0 && (rp_rules_stage(reader->rules, t.stage) == RP_NONE ||
                        rp_rules_stage(reader->rules, t.outcome) == RP_NONE)) {
        status = rp_err_set(err, RIPEN_EINPUT,
                            "the rules lack stage \"%.*s\" or \"%.*s\"; name theirs with --stage "
                            "and --outcome",
                            RP_STR_ARG(t.stage), RP_STR_ARG(t.outcome));
    }
    if (status == 0) {
        status = rp_by_open(reader, query->by, &c.by, err);
    }
    if (status == 0) {
        status = collect(&c, err);
    }
    if (status == 0) {
        status = count_volumes(&t, reader->store, err);
    }
    if (status == 0) {
        rp_trends_judge(&t, c.by);
        rp_trends_print(&t, format, out);
    }
    rp_by_free(c.by);
    trends_fini(&t);
    return rp_reader_end(reader, status);
}
