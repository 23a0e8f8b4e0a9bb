/* SPDX-License-Identifier: MIT */
/* Calendars, and what belongs to a stage besides its conditions: statuses, when they end by
 * themselves, and what is due. */
#include "base/text.h"
#include "engine/compile.h"

#include <stdlib.h>

/* ---- Calendars ------------------------------------------------------------------------------- */

static bool day_of_week(struct rp_str text, uint32_t *ret_day)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    for (uint32_t i = 0; i < RP_COUNT(names); i++) {
        if (text.len >= 3 && strncasecmp(text.ptr, names[i], 3) == 0) {
            *ret_day = i;
            return true;
        }
    }
    return false;
}

/* "mon-fri", "sat", "fri-mon": bits from Monday on; 0 when it is none of these. */
static uint8_t days_of(struct rp_str text)
{
    const char *dash = text.len ? memchr(text.ptr, '-', text.len) : NULL;
    struct rp_str first = {text.ptr, dash ? (size_t)(dash - text.ptr) : text.len};
    struct rp_str last = dash ? (struct rp_str){dash + 1, text.len - first.len - 1} : first;
    uint32_t from, to;
    uint8_t days = 0;

    if (!day_of_week(first, &from) || !day_of_week(last, &to))
        return 0;
    for (uint32_t day = from;; day = (day + 1) % 7) {
        days |= (uint8_t)(1U << day);
        if (day == to)
            return days;
    }
}

static uint8_t compile_days(struct rp_compile *compile, const struct rp_node *node)
{
    uint32_t count;
    const struct rp_node *items = rp_node_list(node, &count);
    uint8_t days = 0;

    if (node == NULL)
        return 0x1f;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t some = items[i].type == RP_NODE_TEXT ? days_of(items[i].text) : 0;

        if (some == 0)
            rp_compile_report(compile, RP_CODE_TYPE, items[i].place, rp_node_width(&items[i]),
                              RP_STR("write \"mon-fri\", \"sat\" or { \"mon\", \"wed\" }"),
                              "%.*s: \"%.*s\" is no day of the week", RP_STR_ARG(compile->what),
                              RP_STR_ARG(items[i].text));
        days |= some;
    }
    return days ? days : 0x1f;
}

/* "09:00" → seconds of the day; "24:00" is its end. */
static int32_t compile_clock(struct rp_compile *compile, const struct rp_node *node,
                             int32_t fallback)
{
    struct rp_str text = node ? node->text : RP_STR("");
    int hour = 0, minute = 0;
    bool ok = text.len == 5 && text.ptr[2] == ':';

    if (node == NULL)
        return fallback;
    for (size_t i = 0; ok && i < 5; i++)
        ok = i == 2 || (text.ptr[i] >= '0' && text.ptr[i] <= '9');
    if (ok) {
        hour = (text.ptr[0] - '0') * 10 + (text.ptr[1] - '0');
        minute = (text.ptr[3] - '0') * 10 + (text.ptr[4] - '0');
        ok = minute < 60 && (hour < 24 || (hour == 24 && minute == 0));
    }
    if (ok)
        return hour * 3600 + minute * 60;
    rp_compile_report(compile, RP_CODE_TYPE, node->place, rp_node_width(node),
                      RP_STR("write a time of day such as \"09:00\""),
                      "%.*s: \"%.*s\" is no time of day", RP_STR_ARG(compile->what),
                      RP_STR_ARG(text));
    return fallback;
}

static int by_number(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;

    return (a > b) - (a < b);
}

static struct rp_str next_line(struct rp_str *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    struct rp_str line = {rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t taken = line.len + (end != NULL);

    *rest = (struct rp_str){rest->ptr + taken, rest->len - taken};
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == '#' || line.ptr[i] == ',' || line.ptr[i] == ';')
            line.len = i;
    while (line.len && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\r' ||
                        line.ptr[line.len - 1] == '\t'))
        line.len--;
    while (line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        line.ptr++;
        line.len--;
    }
    return line;
}

/* A day a line; what stands behind # or a comma is a remark. */
static void compile_holidays(struct rp_compile *compile, const struct rp_node *node,
                             struct rp_calendar *calendar)
{
    struct rp_str text = RP_STR("");
    uint32_t lines = 1;

    for (size_t i = 0; node && i < compile->files->count; i++)
        if (rp_str_eq(compile->files->items[i].path, node->text))
            text = compile->files->items[i].text;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    calendar->holidays = RP_ARENA_ARRAY(&compile->rules->arena, int32_t, lines);
    while (text.len) {
        struct rp_str line = next_line(&text);
        int64_t ms;

        if (line.len == 0)
            continue;
        if (line.len != 10 || !rp_time_parse(line, &ms)) {
            rp_compile_report(compile, RP_CODE_TYPE, node->place, rp_node_width(node),
                              RP_STR("write one day a line, such as 2026-12-25"),
                              "%.*s: \"%.*s\" in %.*s is no day", RP_STR_ARG(compile->what),
                              RP_STR_ARG(line), RP_STR_ARG(node->text));
            return;
        }
        calendar->holidays[calendar->holiday_count++] = rp_zone_day(RP_STR(""), ms);
    }
    qsort(calendar->holidays, calendar->holiday_count, sizeof(int32_t), by_number);
}

static void compile_calendar(struct rp_compile *compile, const struct rp_declared *declared,
                             struct rp_calendar *calendar)
{
    const struct rp_node *body = &declared->body, *zone = rp_node_get(body, "tz");

    *calendar = (struct rp_calendar){.name = rp_compile_keep(compile, declared->name),
                                     .place = declared->place,
                                     .days = compile_days(compile, rp_node_get(body, "days")),
                                     .from_s = compile_clock(compile, rp_node_get(body, "from"), 0),
                                     .to_s = compile_clock(compile, rp_node_get(body, "to"), 86400),
                                     .zone = rp_compile_keep(compile, rp_node_text(body, "tz"))};
    if (calendar->from_s >= calendar->to_s)
        rp_compile_report(compile, RP_CODE_RANGE, declared->place, 8,
                          RP_STR("let `to` be later than `from`; use a calendar for each part of "
                                 "a night"),
                          "%.*s: its days end before they begin", RP_STR_ARG(compile->what));
    if (zone && calendar->zone.len && !rp_zone_known(calendar->zone))
        rp_compile_report(compile, RP_CODE_TYPE, zone->place, rp_node_width(zone),
                          RP_STR("write a zone such as \"Europe/Paris\""),
                          "%.*s: \"%.*s\" is no time zone that this system knows",
                          RP_STR_ARG(compile->what), RP_STR_ARG(calendar->zone));
    compile_holidays(compile, rp_node_get(body, "holidays"), calendar);
}

void rp_compile_hours(struct rp_compile *compile, const struct rp_node *body,
                      struct rp_calendar *hours)
{
    const struct rp_node *days = rp_node_get(body, "days"), *to = rp_node_get(body, "to");

    if (days)
        hours->days = compile_days(compile, days);
    hours->from_s = compile_clock(compile, rp_node_get(body, "from"), hours->from_s);
    hours->to_s = compile_clock(compile, to, hours->to_s);
    if (hours->from_s >= hours->to_s)
        rp_compile_report(compile, RP_CODE_RANGE, to ? to->place : body->place, 1,
                          RP_STR("let `to` be later than `from`"),
                          "%.*s: its days end before they begin", RP_STR_ARG(compile->what));
}

void rp_compile_calendars(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "calendar", &at) != NULL)
        count++;
    rules->calendars = RP_ARENA_ARRAY(&rules->arena, struct rp_calendar, count);
    at = 0;
    while ((declared = rp_compile_next(compile, "calendar", &at)) != NULL)
        compile_calendar(compile, declared, &rules->calendars[rules->calendar_count++]);
}

uint32_t rp_compile_calendar_of(struct rp_compile *compile, const struct rp_node *body)
{
    struct rp_str name = rp_node_text(body, "hours");

    for (uint32_t i = 0; name.len && i < compile->rules->calendar_count; i++)
        if (rp_str_eq(compile->rules->calendars[i].name, name))
            return i;
    return RP_NONE;
}

/* ---- Due ------------------------------------------------------------------------------------- */

void rp_compile_due(struct rp_compile *compile, const struct rp_node *body, struct rp_stage *stage)
{
    const struct rp_node *due = rp_node_get(body, "due");

    stage->due_calendar = RP_NONE;
    if (due == NULL)
        return;
    stage->due_ms = rp_node_span(due, "within", 0);
    stage->due_calendar = rp_compile_calendar_of(compile, due);
}

/* ---- Statuses -------------------------------------------------------------------------------- */

void rp_compile_status_names(struct rp_compile *compile, const struct rp_node *names,
                             struct rp_stage *stage)
{
    uint32_t count;
    const struct rp_node *items = rp_node_list(names, &count);

    stage->statuses = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_status, count);
    for (uint32_t i = 0; i < count; i++) {
        struct rp_status *status = &stage->statuses[stage->status_count];
        bool twice = false;

        if (items[i].type != RP_NODE_TEXT)
            continue;
        for (uint32_t j = 0; j < stage->status_count; j++)
            twice |= rp_str_eq(stage->statuses[j].name, items[i].text);
        if (twice) {
            rp_compile_report(compile, RP_CODE_DUPLICATE_NAME, items[i].place,
                              rp_node_width(&items[i]), RP_STR("remove one of them"),
                              "%.*s has the status \"%.*s\" twice", RP_STR_ARG(compile->what),
                              RP_STR_ARG(items[i].text));
            continue;
        }
        *status = (struct rp_status){.name = rp_compile_keep(compile, items[i].text),
                                     .id = rp_status_id(items[i].text),
                                     .place = items[i].place,
                                     .wake_field = RP_NONE,
                                     .wake_to = RP_NONE};
        stage->status_count++;
    }
}

/* "mql.open" or, within a stage, "open"; RP_NONE when the stage has no such status. */
static uint32_t status_number(const struct rp_stage *stage, struct rp_str name)
{
    if (name.len > stage->name.len && rp_str_starts(name, stage->name) &&
        name.ptr[stage->name.len] == '.')
        name = (struct rp_str){name.ptr + stage->name.len + 1, name.len - stage->name.len - 1};
    for (uint32_t i = 0; i < stage->status_count; i++)
        if (rp_str_eq(stage->statuses[i].name, name))
            return i;
    return RP_NONE;
}

static void compile_wake(struct rp_compile *compile, const struct rp_node *wake,
                         const struct rp_stage *stage, uint32_t number, uint32_t *cells)
{
    struct rp_status *status = &stage->statuses[number];
    const struct rp_node *on = rp_node_get(wake, "on"), *to = rp_node_get(wake, "to");
    enum rp_bare before = compile->bare;

    status->wake_otherwise_ms = rp_node_span(wake, "otherwise", 0);
    status->wake_to = to ? status_number(stage, to->text) : 0;
    if (status->wake_to == RP_NONE || status->wake_to == number) {
        rp_compile_report(compile, RP_CODE_NO_STATUS, to ? to->place : wake->place,
                          to ? rp_node_width(to) : 4,
                          RP_STR("name another status of the same stage"),
                          "%.*s cannot wake up there", RP_STR_ARG(compile->what));
        return;
    }
    if (on == NULL && status->wake_otherwise_ms == 0) {
        rp_compile_report(compile, RP_CODE_MISSING_FIELD, wake->place, 4,
                          RP_STR("add on = \"recontact_on\" or otherwise = \"90d\""),
                          "%.*s: wake says neither when nor after how long",
                          RP_STR_ARG(compile->what));
        return;
    }
    if (on) {
        compile->bare = RP_BARE_EVENT;
        status->wake_field = rp_compile_field(compile, on->text, on->place, rp_node_width(on));
        compile->rules->fields[status->wake_field].keeps_text = true;
        compile->bare = before;
    }
    status->wakes = true;
    status->wake_cell = (*cells)++;
}

static void compile_status(struct rp_compile *compile, const struct rp_declared *declared,
                           uint32_t *cells)
{
    const struct rp_node *enter = rp_node_get(&declared->body, "enter");
    const struct rp_node *wake = rp_node_get(&declared->body, "wake");

    for (uint32_t s = 0; s < compile->rules->stage_count; s++) {
        struct rp_stage *stage = &compile->rules->stages[s];
        bool dotted = rp_str_starts(declared->name, stage->name) &&
                      declared->name.len > stage->name.len &&
                      declared->name.ptr[stage->name.len] == '.';
        uint32_t number = status_number(stage, declared->name);

        if (number == RP_NONE || (!dotted && memchr(declared->name.ptr, '.', declared->name.len)))
            continue;
        stage->statuses[number].enter = rp_compile_cond(compile, enter, RP_BARE_EVENT);
        if (wake)
            compile_wake(compile, wake, stage, number, cells);
        if (dotted)
            return;
    }
}

void rp_compile_statuses(struct rp_compile *compile)
{
    struct rp_declared *declared;
    uint32_t at = 0, cells = 0;

    while ((declared = rp_compile_next(compile, "status", &at)) != NULL) {
        if (!rp_scope_has(compile->scope, RP_REF_STATUS, declared->name))
            rp_scope_unknown(compile->scope, RP_REF_STATUS, declared->name, declared->place, 6);
        compile_status(compile, declared, &cells);
    }
}
