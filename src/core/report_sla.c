/* SPDX-License-Identifier: MIT */
/* report sla: how soon sales answered what they were given. A hand-over begins with the entry into
 * the stage that owes an answer; the first event behind it that only a person can cause is the
 * answer. Time is told twice: as it passed, and in the working hours of whoever answers. The owner
 * is the one who had the lead when it was answered, or has it now. */
#include "base/mem.h"
#include "base/text.h"
#include "core/reader_priv.h"
#include "core/report.h"
#include "core/report_by.h"
#include "core/report_table.h"
#include "engine/calendar.h"
#include "store/assignments.h"
#include "store/report_rows.h"

#include <math.h>
#include <stdlib.h>

struct handover {
    int64_t lead, at_ms;
    int64_t left_ms, touched_ms; /* RP_NEVER: it is still there, nobody answered */
    bool rejected;
};

struct group {
    struct rp_str name;
    double *raw, *working; /* [touched], milliseconds */
    size_t count, touched, cap;
    size_t in_time, answered_late, open, late, rejected;
};

enum by { BY_OWNER, BY_TEAM, BY_FACT };

struct sla {
    struct rp_reader *reader;
    const struct rp_report_query *query;
    const struct rp_stage *stage;
    struct rp_arena arena;
    int64_t stage_name, rejected_name, until_ms;
    int64_t *touches; /* numbers of names, ascending */
    size_t touch_count;
    struct handover *handovers; /* by lead, oldest first */
    size_t count, cap;
    enum by by;
    struct rp_by *fact;
    struct group *groups;
    size_t group_count, group_cap;
    struct group total;
};

/* ---- Reading --------------------------------------------------------------------------------- */

static bool in_period(const struct sla *sla, int64_t ms)
{
    return (sla->query->since_ms == RP_NEVER || ms >= sla->query->since_ms) && ms < sla->until_ms;
}

static int take_move(void *ctx, const struct rp_lead_move *move, struct rp_err *err)
{
    struct sla *sla = ctx;
    struct handover *last = sla->count ? &sla->handovers[sla->count - 1] : NULL;

    (void)err;
    if (move->move == 0 || move->at_ms > sla->query->now_ms) {
        return 0;
    }
    if (last && last->lead == move->lead && last->left_ms == RP_NEVER &&
        move->from == sla->stage_name) {
        last->left_ms = move->at_ms;
    }
    if (move->to != sla->stage_name || move->passing || move->from == move->to ||
        !in_period(sla, move->at_ms)) {
        return 0;
    }
    sla->handovers = rp_grow(sla->handovers, &sla->cap, sla->count + 1, sizeof(*sla->handovers));
    sla->handovers[sla->count++] = (struct handover){
        .lead = move->lead, .at_ms = move->at_ms, .left_ms = RP_NEVER, .touched_ms = RP_NEVER};
    return 0;
}

/* The first hand-over of a lead; sla->count: there is none. */
static size_t first_of(const struct sla *sla, int64_t lead)
{
    size_t low = 0;
    size_t high = sla->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (sla->handovers[middle].lead < lead) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_touch(const struct sla *sla, int64_t name)
{
    for (size_t i = 0; i < sla->touch_count; i++) {
        if (sla->touches[i] == name) {
            return true;
        }
    }
    return false;
}

static int take_event(void *ctx, const struct rp_event_note *note, struct rp_err *err)
{
    struct sla *sla = ctx;

    (void)err;
    if (note->name == 0 || !is_touch(sla, note->name)) {
        return 0;
    }
    for (size_t i = first_of(sla, note->lead);
         i < sla->count && sla->handovers[i].lead == note->lead; i++) {
        struct handover *handover = &sla->handovers[i];

        if (note->received_ms < handover->at_ms ||
            (handover->left_ms != RP_NEVER && note->received_ms > handover->left_ms)) {
            continue;
        }
        if (handover->touched_ms == RP_NEVER || note->received_ms < handover->touched_ms) {
            handover->touched_ms = note->received_ms;
        }
        handover->rejected = handover->rejected || note->name == sla->rejected_name;
    }
    return 0;
}

/* The events that a person's answer is, under all names that the rules know them by. */
static void find_touches(struct sla *sla)
{
    static const char *const events[] = {"Contact Attempted", "Lead Accepted", "Lead Rejected",
                                         "Meeting Booked", "Task Done"};
    const struct rp_rules *rules = sla->reader->rules;
    struct rp_store *store = sla->reader->store;
    size_t room = RP_COUNT(events);

    for (uint32_t k = 0; k < rules->kind_count; k++) {
        room += rules->kinds[k].also_count;
    }
    sla->touches = RP_ARENA_ARRAY(&sla->arena, int64_t, room);
    for (size_t i = 0; i < RP_COUNT(events); i++) {
        struct rp_str name = rp_str_from(events[i]);
        uint32_t kind = rp_rules_kind(rules, name);

        sla->touches[sla->touch_count++] = rp_store_name_find(store, name);
        for (uint32_t a = 0; kind != RP_NONE && a < rules->kinds[kind].also_count; a++) {
            sla->touches[sla->touch_count++] =
                rp_store_name_find(store, rules->kinds[kind].also[a].event);
        }
    }
    sla->rejected_name = rp_store_name_find(store, RP_STR("Lead Rejected"));
}

/* ---- Counting -------------------------------------------------------------------------------- */

static struct group *group_of(struct sla *sla, struct rp_str name)
{
    for (size_t i = 0; i < sla->group_count; i++) {
        if (rp_str_eq(sla->groups[i].name, name)) {
            return &sla->groups[i];
        }
    }
    sla->groups = rp_grow(sla->groups, &sla->group_cap, sla->group_count + 1, sizeof(*sla->groups));
    sla->groups[sla->group_count] = (struct group){.name = rp_arena_str(&sla->arena, name)};
    return &sla->groups[sla->group_count++];
}

/* The first team that the owner is a member of; "". */
static struct rp_str team_of(struct sla *sla, struct rp_str owner)
{
    const struct rp_rules *rules = sla->reader->rules;
    struct rp_str folded = rp_text_fold(&sla->reader->arena, owner);

    for (uint32_t t = 0; t < rules->team_count; t++) {
        if (rp_team_member(&rules->teams[t], folded) != RP_NONE) {
            return rules->teams[t].name;
        }
    }
    return RP_STR("");
}

/* When the answer is due; INT64_MAX: never. */
static int64_t due_of(const struct sla *sla, int64_t at_ms)
{
    const struct rp_stage *stage = sla->stage;

    if (stage->due_ms == 0) {
        return INT64_MAX;
    }
    return stage->due_calendar == RP_NONE
               ? at_ms + stage->due_ms
               : rp_calendar_add(&sla->reader->rules->calendars[stage->due_calendar], at_ms,
                                 stage->due_ms);
}

/* Who had the lead when it was answered, else has it; of a rejection the one who gave it back. */
static int owner_of(struct sla *sla, const struct handover *handover, struct rp_str *ret_owner,
                    struct rp_str *ret_team, struct rp_err *err)
{
    int64_t end_ms = handover->touched_ms != RP_NEVER ? handover->touched_ms
                     : handover->left_ms != RP_NEVER  ? handover->left_ms
                                                      : sla->query->now_ms;
    struct rp_assignment_row *rows;
    size_t count;
    int status = rp_assignment_list(&sla->reader->arena, sla->reader->store, handover->lead, &rows,
                                    &count, err);

    *ret_owner = *ret_team = RP_STR("");
    for (size_t i = 0; status == 0 && i < count && rows[i].at_ms <= end_ms; i++) {
        if (rows[i].by == RP_ASSIGNED_REJECTED && rows[i].at_ms == end_ms) {
            break;
        }
        *ret_owner = rows[i].owner;
        *ret_team = rows[i].team;
    }
    if (status == 0 && ret_owner->len > 0 && ret_team->len == 0) {
        *ret_team = team_of(sla, *ret_owner);
    }
    return status;
}

static void add_time(struct group *group, double raw, double working)
{
    if (group->touched == group->cap) {
        size_t cap = group->cap;

        group->raw = rp_grow(group->raw, &group->cap, group->touched + 1, sizeof(double));
        group->working = rp_grow(group->working, &cap, group->touched + 1, sizeof(double));
    }
    group->raw[group->touched] = raw;
    group->working[group->touched++] = working;
}

static void count_in(const struct sla *sla, struct group *group, const struct handover *handover,
                     const struct rp_calendar *calendar)
{
    int64_t due_ms = due_of(sla, handover->at_ms);

    group->count++;
    group->rejected += handover->rejected;
    if (handover->touched_ms != RP_NEVER) {
        int64_t raw = handover->touched_ms - handover->at_ms;

        add_time(group, (double)raw,
                 calendar
                     ? (double)rp_calendar_between(calendar, handover->at_ms, handover->touched_ms)
                     : (double)raw);
        group->in_time += handover->touched_ms <= due_ms;
        group->answered_late += handover->touched_ms > due_ms;
    } else if (handover->left_ms == RP_NEVER) {
        group->open++;
        group->late += sla->query->now_ms > due_ms;
    } else {
        group->answered_late += handover->left_ms > due_ms;
    }
}

static int count_one(struct sla *sla, const struct handover *handover, struct rp_err *err)
{
    const struct rp_rules *rules = sla->reader->rules;
    const struct rp_calendar *calendar = NULL;
    struct rp_str owner, team;
    struct rp_str name;
    int status = owner_of(sla, handover, &owner, &team, err);
    uint32_t number;

    if (status != 0) {
        return status;
    }
    number = rp_rules_team(rules, team);
    if (sla->stage->due_calendar != RP_NONE) {
        calendar = &rules->calendars[sla->stage->due_calendar];
    } else if (number != RP_NONE && rules->teams[number].calendar != RP_NONE) {
        calendar = &rules->calendars[rules->teams[number].calendar];
    }
    name = sla->by == BY_TEAM ? team : owner;
    if (sla->by == BY_FACT) {
        status = rp_by_group(sla->fact, handover->lead, handover->at_ms, &number, err);
        name = status == 0 ? rp_by_name(sla->fact, number) : name;
    }
    if (status == 0) {
        count_in(sla, group_of(sla, name.len ? name : RP_STR("(none)")), handover, calendar);
        count_in(sla, &sla->total, handover, calendar);
    }
    return status;
}

static int by_count(const void *a, const void *b)
{
    const struct group *x = a;
    const struct group *y = b;

    return x->count != y->count ? (x->count < y->count) - (x->count > y->count)
                                : rp_str_cmp(x->name, y->name);
}

static int collect(struct sla *sla, struct rp_err *err)
{
    struct rp_store *store = sla->reader->store;
    int status = rp_report_moves(store, take_move, sla, err);

    if (status == 0 && sla->count > 0) {
        find_touches(sla);
        status =
            rp_report_events(store, sla->query->since_ms == RP_NEVER ? 0 : sla->query->since_ms,
                             sla->query->now_ms + 1, take_event, sla, err);
    }
    for (size_t i = 0; i < sla->count && status == 0; i++) {
        status = count_one(sla, &sla->handovers[i], err);
    }
    if (sla->group_count > 1) {
        qsort(sla->groups, sla->group_count, sizeof(*sla->groups), by_count);
    }
    return status;
}

/* ---- Printing -------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    if (count == 0) {
        return (double)NAN;
    }
    qsort(values, count, sizeof(*values), by_number);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static const char *by_name(const struct sla *sla)
{
    return sla->by == BY_OWNER ? "owner" : sla->by == BY_TEAM ? "team" : "group";
}

static void group_json(const struct sla *sla, struct group *group, struct rp_jw *jw)
{
    size_t ended = group->in_time + group->answered_late + group->late;

    rp_jw_object(jw);
    if (group->name.len > 0) {
        rp_jw_put_str(jw, by_name(sla), group->name);
    }
    rp_jw_put_int(jw, "handedOver", (int64_t)group->count);
    rp_jw_put_int(jw, "answered", (int64_t)group->touched);
    rp_table_number(jw, "medianMs", median(group->raw, group->touched), 0);
    rp_table_number(jw, "medianWorkingMs", median(group->working, group->touched), 0);
    rp_jw_put_int(jw, "inTime", (int64_t)group->in_time);
    rp_table_number(
        jw, "inTimeShare",
        sla->stage->due_ms && ended ? (double)group->in_time / (double)ended : (double)NAN, 3);
    rp_jw_put_int(jw, "open", (int64_t)group->open);
    rp_jw_put_int(jw, "late", (int64_t)group->late);
    rp_jw_put_int(jw, "rejected", (int64_t)group->rejected);
    rp_jw_object_end(jw);
}

static void print_json(struct sla *sla, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "report", "sla");
    rp_jw_put_str(&jw, "stage", sla->stage->name);
    if (sla->stage->due_ms) {
        rp_jw_put_int(&jw, "dueMs", sla->stage->due_ms);
    } else {
        rp_jw_put_text(&jw, "dueMs", NULL);
    }
    rp_jw_put_time(&jw, "since", sla->query->since_ms);
    rp_jw_put_time(&jw, "until",
                   sla->query->until_ms == RP_NEVER ? sla->query->now_ms : sla->query->until_ms);
    rp_jw_put_text(&jw, "by", by_name(sla));
    rp_jw_key(&jw, "groups");
    rp_jw_array(&jw);
    for (size_t i = 0; i < sla->group_count; i++) {
        group_json(sla, &sla->groups[i], &jw);
    }
    rp_jw_array_end(&jw);
    rp_jw_key(&jw, "total");
    group_json(sla, &sla->total, &jw);
    rp_jw_object_end(&jw);
}

enum { NAME_WIDTH = 22, NUMBER_WIDTH = 8 };

static void number_cell(struct rp_buf *out, size_t number)
{
    struct rp_buf text = {0};

    rp_buf_printf(&text, "%zu", number);
    rp_table_right(out, text.ptr, NUMBER_WIDTH);
    rp_buf_fini(&text);
}

static void time_cell(struct rp_buf *out, double ms)
{
    struct rp_buf text = {0};

    rp_table_time(&text, ms);
    rp_buf_char(&text, '\0');
    rp_table_right(out, text.ptr, NUMBER_WIDTH);
    rp_buf_fini(&text);
}

static void group_text(const struct sla *sla, struct group *group, struct rp_str name,
                       struct rp_buf *out)
{
    size_t ended = group->in_time + group->answered_late + group->late;
    struct rp_buf share = {0};

    rp_table_cell(out, name, NAME_WIDTH);
    number_cell(out, group->count);
    number_cell(out, group->touched);
    time_cell(out, median(group->raw, group->touched));
    time_cell(out, median(group->working, group->touched));
    rp_table_share(&share, (double)group->in_time, sla->stage->due_ms ? (double)ended : 0);
    rp_buf_char(&share, '\0');
    rp_table_right(out, share.ptr, NUMBER_WIDTH);
    number_cell(out, group->open);
    number_cell(out, group->late);
    rp_buf_char(out, '\n');
    rp_buf_fini(&share);
}

static void print_text(struct sla *sla, struct rp_buf *out)
{
    static const char *const heads[] = {"handed",  "answers", "median", "working",
                                        "in time", "open",    "late"};

    rp_buf_printf(out, "First answer to leads in %.*s", RP_STR_ARG(sla->stage->name));
    if (sla->stage->due_ms) {
        rp_buf_text(out, ", due within ");
        rp_duration_print(out, sla->stage->due_ms);
        if (sla->stage->due_calendar != RP_NONE) {
            rp_buf_printf(out, " of %.*s hours",
                          RP_STR_ARG(sla->reader->rules->calendars[sla->stage->due_calendar].name));
        }
    }
    rp_buf_text(out, "\n\n");
    if (sla->count == 0) {
        rp_buf_text(out, "nobody was handed over in this time\n");
        return;
    }
    rp_table_cell(out, sla->by == BY_FACT ? sla->query->by : rp_str_from(by_name(sla)), NAME_WIDTH);
    for (size_t i = 0; i < RP_COUNT(heads); i++) {
        rp_table_right(out, heads[i], NUMBER_WIDTH);
    }
    rp_buf_char(out, '\n');
    for (size_t i = 0; i < sla->group_count; i++) {
        group_text(sla, &sla->groups[i], sla->groups[i].name, out);
    }
    group_text(sla, &sla->total, RP_STR("all"), out);
    rp_buf_text(out,
                "\nAn answer is Contact Attempted, Lead Accepted, Lead Rejected, Meeting Booked\n"
                "or Task Done. Median: the time to it, as it passed and in working hours. In\n"
                "time: of those answered or overdue. Open: still there without an answer; late:\n"
                "and overdue. The rest went on without one.\n");
}

/* ---- The report ------------------------------------------------------------------------------ */

/* The named stage, else the first that owes an answer, else mql. */
static int find_stage(struct sla *sla, struct rp_err *err)
{
    const struct rp_rules *rules = sla->reader->rules;
    struct rp_str name = sla->query->stage;
    uint32_t stage = name.len ? rp_rules_stage(rules, name) : RP_NONE;

    for (uint32_t i = 0; name.len == 0 && stage == RP_NONE && i < rules->stage_count; i++) {
        stage = rules->stages[i].due_ms ? i : RP_NONE;
    }
    if (name.len == 0 && stage == RP_NONE) {
        stage = rp_rules_stage(rules, RP_STR("mql"));
    }
    if (stage == RP_NONE) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "no stage \"%.*s\" in the active rules; name the one that is handed to "
                          "sales with --stage",
                          RP_STR_ARG(name.len ? name : RP_STR("mql")));
    }
    sla->stage = &rules->stages[stage];
    sla->stage_name = rp_store_name_find(sla->reader->store, sla->stage->name);
    return 0;
}

static int open_by(struct sla *sla, struct rp_err *err)
{
    struct rp_str by = sla->query->by;

    sla->by = by.len == 0 || rp_str_is(by, "owner") ? BY_OWNER
              : rp_str_is(by, "team")               ? BY_TEAM
                                                    : BY_FACT;
    return sla->by == BY_FACT ? rp_by_open(sla->reader, by, &sla->fact, err) : 0;
}

static void group_fini(struct group *group)
{
    free(group->raw);
    free(group->working);
}

int rp_report_sla(struct rp_reader *reader, const struct rp_report_query *query,
                  enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    struct sla sla = {.reader = reader,
                      .query = query,
                      .until_ms =
                          query->until_ms == RP_NEVER ? query->now_ms + 1 : query->until_ms};
    int status = rp_reader_begin(reader, err);

    rp_arena_init(&sla.arena);
    if (status == 0) {
        status = find_stage(&sla, err);
    }
    if (status == 0) {
        status = open_by(&sla, err);
    }
    if (status == 0) {
        status = collect(&sla, err);
    }
    if (status == 0) {
        format == RP_FORMAT_JSON ? print_json(&sla, out) : print_text(&sla, out);
    }
    for (size_t i = 0; i < sla.group_count; i++) {
        group_fini(&sla.groups[i]);
    }
    group_fini(&sla.total);
    free(sla.groups);
    free(sla.handovers);
    rp_by_free(sla.fact);
    rp_arena_fini(&sla.arena);
    return rp_reader_end(reader, status);
}
