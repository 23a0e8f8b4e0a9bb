/* SPDX-License-Identifier: MIT */
/* team "sdr" { members, share, hours, away }: who takes leads over, whose turn is told how, and who
 * is not there when. Absences are days of the team's calendar's zone, both ends included. */
#include "base/csv.h"
#include "base/limits.h"
#include "base/text.h"
#include "engine/compile.h"
#include "model/owner.h"

/* ---- Members --------------------------------------------------------------------------------- */

uint32_t rp_team_member(const struct rp_team *team, struct rp_str folded)
{
    for (uint32_t i = 0; folded.len && i < team->member_count; i++)
        if (rp_str_eq(team->folded[i], folded))
            return i;
    return RP_NONE;
}

static void compile_members(struct rp_compile *compile, const struct rp_node *node,
                            struct rp_team *team)
{
    struct rp_arena *arena = &compile->rules->arena;
    uint32_t count;
    const struct rp_node *items = rp_node_list(node, &count);

    team->members = RP_ARENA_ARRAY(arena, struct rp_str, count);
    team->folded = RP_ARENA_ARRAY(arena, struct rp_str, count);
    for (uint32_t i = 0; i < count; i++) {
        struct rp_str name = items[i].text;
        struct rp_str folded = rp_text_fold(arena, rp_compile_keep(compile, name));

        if (name.len == 0 || name.len > RP_OWNER_MAX || team->member_count == RP_TEAM_MEMBERS_MAX) {
            rp_compile_report(compile, RP_CODE_RANGE, items[i].place, rp_node_width(&items[i]),
                              RP_STR("give each member by address, 1 to 500 of them"),
                              "%.*s: this is no member", RP_STR_ARG(compile->what));
            return;
        }
        if (rp_team_member(team, folded) != RP_NONE) {
            rp_compile_report(compile, RP_CODE_DUPLICATE_NAME, items[i].place,
                              rp_node_width(&items[i]), RP_STR("remove one of them"),
                              "%.*s has the member \"%.*s\" twice", RP_STR_ARG(compile->what),
                              RP_STR_ARG(name));
            continue;
        }
        team->members[team->member_count] = rp_compile_keep(compile, name);
        team->folded[team->member_count++] = folded;
    }
}

/* ---- Absences -------------------------------------------------------------------------------- */

enum column { MEMBER, FROM, TO, COLUMNS };
static const char *const column_names[] = {"member", "from", "to"};

struct absences {
    struct rp_compile *compile;
    struct rp_team *team;
    struct rp_csv *csv;
    uint32_t file;
    size_t at[COLUMNS]; /* of the file */
};

static void complain(struct absences *a, struct rp_str hint, struct rp_str message)
{
    rp_compile_report(a->compile, RP_CODE_LOOKUP,
                      (struct rp_place){.file = a->file, .line = rp_csv_line(a->csv)}, 1, hint,
                      "%.*s: %.*s", RP_STR_ARG(a->compile->what), RP_STR_ARG(message));
}

static bool read_head(struct absences *a, const struct rp_str *fields, size_t count)
{
    for (int c = 0; c < COLUMNS; c++) {
        a->at[c] = count;
        for (size_t i = 0; i < count && a->at[c] == count; i++)
            if (rp_str_is(rp_compile_trimmed(fields[i]), column_names[c]))
                a->at[c] = i;
        if (a->at[c] == count) {
            complain(
                a, RP_STR("its first line is member,from,to"),
                rp_arena_printf(a->compile->arena, "the file has no column '%s'", column_names[c]));
            return false;
        }
    }
    return true;
}

static bool read_day(struct absences *a, struct rp_str text, int32_t *ret_day)
{
    int64_t ms;

    if (text.len == 10 && rp_time_parse(text, &ms)) {
        *ret_day = rp_zone_day(RP_STR(""), ms);
        return true;
    }
    complain(a, RP_STR("write a day such as 2026-08-01"),
             rp_arena_printf(a->compile->arena, "\"%.*s\" is no day", RP_STR_ARG(text)));
    return false;
}

/* False: the row is wrong, and so may be those behind it. A row of somebody else is another team's.
 */
static bool read_row(struct absences *a, const struct rp_str *fields, size_t count)
{
    struct rp_str cells[COLUMNS];
    struct rp_away away;

    for (int c = 0; c < COLUMNS; c++)
        cells[c] = a->at[c] < count ? rp_compile_trimmed(fields[a->at[c]]) : RP_STR("");
    if (cells[MEMBER].len == 0 || cells[MEMBER].ptr[0] == '#')
        return true;
    away.member = rp_team_member(a->team, rp_text_fold(a->compile->arena, cells[MEMBER]));
    if (!read_day(a, cells[FROM], &away.from) || !read_day(a, cells[TO], &away.to))
        return false;
    if (away.to < away.from) {
        complain(a, RP_STR("put the first day of the absence before the last one"),
                 rp_arena_printf(a->compile->arena, "%.*s is back before leaving",
                                 RP_STR_ARG(cells[MEMBER])));
        return false;
    }
    if (away.member != RP_NONE)
        a->team->away[a->team->away_count++] = away;
    return true;
}

static void compile_away(struct rp_compile *compile, const struct rp_node *node,
                         struct rp_team *team)
{
    struct absences a = {.compile = compile, .team = team};
    struct rp_str *fields;
    struct rp_err err = {0};
    struct rp_str text;
    size_t count, rows = 1;
    int status;

    while (a.file < compile->files->count &&
           !rp_str_eq(compile->files->items[a.file].path, node->text))
        a.file++;
    if (a.file == compile->files->count)
        return; /* was told when the reference was checked */
    text = compile->files->items[a.file].text;
    for (size_t i = 0; i < text.len; i++)
        rows += text.ptr[i] == '\n' || text.ptr[i] == '\r'; /* each ends a record */
    team->away = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_away, rows);
    a.csv = rp_compile_csv(compile, a.file);
    status = rp_csv_next(compile->arena, a.csv, &fields, &count, &err);
    if (status > 0 && read_head(&a, fields, count)) {
        while ((status = rp_csv_next(compile->arena, a.csv, &fields, &count, &err)) > 0)
            if (!read_row(&a, fields, count))
                break;
    }
    if (status < 0)
        complain(&a, RP_STR("save it as CSV with UTF-8"), rp_str_from(err.text));
    rp_csv_free(a.csv);
}

/* ---- Teams ----------------------------------------------------------------------------------- */

static enum rp_share share_of(struct rp_str text)
{
    return rp_str_is(text, "least")   ? RP_SHARE_LEAST
           : rp_str_is(text, "first") ? RP_SHARE_FIRST
                                      : RP_SHARE_ROUND_ROBIN;
}

void rp_compile_teams(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "team", &at) != NULL)
        count++;
    rules->teams = RP_ARENA_ARRAY(&rules->arena, struct rp_team, count);
    at = 0;
    while ((declared = rp_compile_next(compile, "team", &at)) != NULL) {
        struct rp_team *team = &rules->teams[rules->team_count++];
        const struct rp_node *away = rp_node_get(&declared->body, "away");

        *team = (struct rp_team){.name = rp_compile_keep(compile, declared->name),
                                 .place = declared->place,
                                 .share = share_of(rp_node_text(&declared->body, "share")),
                                 .calendar = rp_compile_calendar_of(compile, &declared->body)};
        compile_members(compile, rp_node_get(&declared->body, "members"), team);
        if (away)
            compile_away(compile, away, team);
    }
}
