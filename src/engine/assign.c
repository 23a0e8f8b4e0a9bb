/* SPDX-License-Identifier: MIT */
/* `assign`: whose turn it is. Of the team's members those can take the lead who are there and did
 * not refuse it; the team's `share` chooses among them. Knows no store: what a team's turn is and
 * how many leads somebody has is asked of struct rp_turns. When nobody can take it, the owner stays
 * who it was and the action is held with every member's reason. */
#include "base/json_write.h"
#include "base/text.h"
#include "engine/calendar.h"
#include "engine/eval.h"
#include "model/owner.h"

/* One choice. */
struct choice {
    struct rp_scratch *s;
    const struct rp_action_part *part;
    const struct rp_team *team; /* NULL: one person */
    struct rp_owner owner;
    struct rp_str refuser; /* folded */
    struct rp_str person;  /* whom `to` names */
    int32_t day;           /* now, in the team's zone */
};

static const struct rp_away *absence(const struct choice *c, uint32_t member)
{
    for (uint32_t i = 0; i < c->team->away_count; i++) {
        const struct rp_away *away = &c->team->away[i];

        if (away->member == member && away->from <= c->day && c->day <= away->to)
            return away;
    }
    return NULL;
}

static bool refused(const struct choice *c, struct rp_str folded)
{
    return c->refuser.len && rp_str_eq(folded, c->refuser) &&
           (c->part->not_to_refuser || c->s->now_ms < c->owner.barred_ms);
}

static bool can_take(const struct choice *c, uint32_t member)
{
    return !absence(c, member) && !refused(c, c->team->folded[member]);
}

/* The member behind the one who had the last turn; of a team that changed meanwhile the first. */
static uint32_t after_last(const struct choice *c, const struct rp_decision *decision)
{
    const struct rp_turns *turns = c->s->fold->turns;
    struct rp_str last = RP_STR("");
    uint32_t member;

    if (turns)
        last = turns->last(turns->ctx, c->s->arena, c->team->name);
    for (size_t i = 0; i < decision->assigned_count; i++)
        if (rp_str_eq(decision->assigned[i].team, c->team->name))
            last = decision->assigned[i].owner;
    member = rp_team_member(c->team, rp_text_fold(c->s->arena, last));
    return member == RP_NONE ? 0 : (member + 1) % c->team->member_count;
}

static uint32_t choose_member(const struct choice *c, const struct rp_decision *decision)
{
    const struct rp_turns *turns = c->s->fold->turns;
    uint32_t count = c->team->member_count, found = RP_NONE;
    uint32_t first = c->team->share == RP_SHARE_FIRST ? 0 : after_last(c, decision);
    int64_t fewest = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t member = (first + i) % count;
        int64_t owned = 0;

        if (!can_take(c, member))
            continue;
        if (c->team->share != RP_SHARE_LEAST)
            return member;
        owned = turns ? turns->owned(turns->ctx, c->team->members[member]) : 0;
        if (found == RP_NONE || owned < fewest) {
            found = member;
            fewest = owned;
        }
    }
    return found;
}

/* ---- Held ------------------------------------------------------------------------------------ */

static void say_day(struct rp_buf *out, int32_t day)
{
    struct rp_buf text = {0};

    rp_time_print(&text, (int64_t)day * RP_DAY);
    rp_buf_printf(out, "%.10s", text.ptr);
    rp_buf_fini(&text);
}

static struct rp_str nobody(const struct choice *c)
{
    enum { TOLD_MAX = 20 };
    struct rp_buf out = {0};
    struct rp_str text;

    rp_buf_printf(&out, "nobody of team \"%.*s\" can take it:", RP_STR_ARG(c->team->name));
    for (uint32_t i = 0; i < c->team->member_count && i < TOLD_MAX; i++) {
        const struct rp_away *away = absence(c, i);

        rp_buf_printf(&out, "%s %.*s ", i ? "," : "", RP_STR_ARG(c->team->members[i]));
        if (away) {
            rp_buf_text(&out, "is away until ");
            say_day(&out, away->to);
        } else {
            rp_buf_text(&out, "refused it");
        }
    }
    if (c->team->member_count > TOLD_MAX)
        rp_buf_text(&out, " and so on");
    text = rp_arena_str(c->s->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

/* ---- The part -------------------------------------------------------------------------------- */

/* True when the present owner keeps the lead. */
static bool keeps(const struct choice *c)
{
    struct rp_str folded = rp_text_fold(c->s->arena, c->owner.name);
    uint32_t member;

    if (!c->part->keep_owner || c->owner.name.len == 0)
        return false;
    if (!c->team)
        return true;
    member = rp_team_member(c->team, folded);
    return member != RP_NONE && can_take(c, member);
}

/* Who gets it; "" with *ret_held when nobody can. */
static struct rp_str choose(const struct choice *c, const struct rp_decision *decision,
                            struct rp_str *ret_held)
{
    uint32_t member, team;

    if (!c->team && (c->person.len == 0 || c->person.len > RP_OWNER_MAX)) {
        *ret_held = RP_STR("`to` names nobody");
        return RP_STR("");
    }
    if (!c->team) {
        struct rp_str folded = rp_text_fold(c->s->arena, c->person);

        if (!refused(c, folded))
            return rp_owner_spelled(c->s->rules, folded, c->person, &team);
        *ret_held = rp_arena_printf(c->s->arena, "%.*s refused it", RP_STR_ARG(c->person));
        return RP_STR("");
    }
    member = choose_member(c, decision);
    if (member != RP_NONE)
        return c->team->members[member];
    *ret_held = nobody(c);
    return RP_STR("");
}

static struct rp_str body_of(const struct choice *c, struct rp_str owner, bool kept)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_str body;

    rp_jw_object(&jw);
    rp_jw_put_known(&jw, "owner", owner);
    rp_jw_put_known(&jw, "previous", c->owner.name);
    rp_jw_put_known(&jw, "team", c->team ? c->team->name : RP_STR(""));
    rp_jw_key(&jw, "kept");
    rp_jw_bool(&jw, kept);
    rp_jw_object_end(&jw);
    body = rp_arena_str(c->s->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return body;
}

void rp_assign(struct rp_scratch *s, struct rp_lead *lead, const struct rp_action_part *part,
               struct rp_intent *intent, struct rp_decision *decision)
{
    struct choice c = {.s = s, .part = part};
    struct rp_assignment *assignment;
    struct rp_str name;

    if (s->fold->no_sequences) { /* history: nothing is handed to anybody */
        intent->body = RP_STR("{}");
        return;
    }
    rp_owner_get(lead, &c.owner);
    c.owner.name = rp_arena_str(s->arena, c.owner.name);
    c.owner.refuser = rp_arena_str(s->arena, c.owner.refuser);
    c.refuser = rp_text_fold(s->arena, c.owner.refuser);
    if (part->team == RP_NONE) {
        c.person = rp_template_text(s, &part->text);
        intent->to = c.person.len ? c.person : part->to;
    } else {
        c.team = &s->rules->teams[part->team];
        c.day = rp_zone_day(
            c.team->calendar == RP_NONE ? RP_STR("") : s->rules->calendars[c.team->calendar].zone,
            s->now_ms);
    }
    if (keeps(&c)) {
        intent->body = body_of(&c, c.owner.name, true);
        return;
    }
    name = choose(&c, decision, &intent->held);
    intent->body = body_of(&c, name, false);
    if (name.len == 0)
        return;
    assignment = rp_owner_change(s, lead, name, decision);
    if (!assignment) {
        intent->held = RP_STR("more than 8 assignments follow from one event");
        return;
    }
    assignment->by = RP_ASSIGNED_ACTION;
    assignment->team = c.team ? c.team->name : RP_STR("");
    assignment->action = intent->action;
}

void rp_assign_again(struct rp_fold *fold, struct rp_lead *lead, uint32_t action, uint16_t part,
                     int64_t now_ms, struct rp_decision *decision)
{
    struct rp_scratch *s = fold->scratch;
    const struct rp_action_part *of = &fold->rules->actions[action].parts[part];
    struct rp_intent *intent = rp_decision_intent(fold->arena, decision);

    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
    s->now_ms = now_ms;
    s->model = fold->model;
    *intent = (struct rp_intent){
        .action = action, .part = part, .kind = of->kind, .to = of->to, .due_ms = RP_NEVER};
    rp_assign(s, lead, of, intent, decision);
}

/* ---- Tasks ----------------------------------------------------------------------------------- */

void rp_task_owner(struct rp_scratch *s, const struct rp_action_part *part,
                   struct rp_intent *intent)
{
    uint32_t calendar = part->due_calendar, team = part->team, of_owner = RP_NONE;
    struct rp_owner owner;

    if (part->to_owner) {
        rp_owner_get(s->lead, &owner);
        intent->owner = rp_arena_str(s->arena, owner.name);
        (void)rp_owner_spelled(s->rules, rp_text_fold(s->arena, intent->owner), intent->owner,
                               &of_owner);
        team = of_owner == RP_NONE ? team : of_owner;
    } else if (part->team == RP_NONE) {
        intent->owner =
            rp_owner_spelled(s->rules, rp_text_fold(s->arena, part->to), part->to, &team);
    }
    if (team != RP_NONE) {
        intent->team = s->rules->teams[team].name;
        calendar = calendar == RP_NONE ? s->rules->teams[team].calendar : calendar;
    }
    intent->due_ms = part->due_ms == 0 ? RP_NEVER
                     : calendar == RP_NONE
                         ? s->now_ms + part->due_ms
                         : rp_calendar_add(&s->rules->calendars[calendar], s->now_ms, part->due_ms);
}
