/* SPDX-License-Identifier: MIT */
/* Who owns a lead, as events tell it: the CRM's trait `owner` when it changes, Owner Changed by a
 * person, and Lead Rejected, after which nobody owns the lead and the one who refused is not given
 * it again while the stage that it fell into bars the way out. What anybody can send counts for
 * nothing here. Decided once, at the moment of the event; a rebuild keeps it. */
#include "model/owner.h"

#include "base/hash.h"
#include "base/text.h"
#include "engine/eval.h"
#include "model/correction.h"

struct rp_str rp_owner_spelled(const struct rp_rules *rules, struct rp_str folded,
                               struct rp_str name, uint32_t *ret_team)
{
    for (uint32_t t = 0; t < rules->team_count; t++) {
        uint32_t member = rp_team_member(&rules->teams[t], folded);

        if (member == RP_NONE)
            continue;
        *ret_team = t;
        return rules->teams[t].members[member];
    }
    *ret_team = RP_NONE;
    return name;
}

struct rp_assignment *rp_owner_change(struct rp_scratch *s, struct rp_lead *lead,
                                      struct rp_str name, struct rp_decision *decision)
{
    struct rp_assignment *assignment;
    struct rp_owner owner;

    if (decision->assigned_count == RP_ASSIGNMENTS_MAX)
        return NULL;
    if (!decision->assigned)
        decision->assigned = RP_ARENA_ARRAY(s->arena, struct rp_assignment, RP_ASSIGNMENTS_MAX);
    rp_owner_get(lead, &owner);
    assignment = &decision->assigned[decision->assigned_count++];
    *assignment = (struct rp_assignment){.owner = rp_arena_str(s->arena, name),
                                         .previous = rp_arena_str(s->arena, owner.name),
                                         .action = RP_NONE};
    owner.name = assignment->owner;
    owner.since_ms = s->now_ms;
    rp_owner_set(lead, &owner);
    return assignment;
}

static bool same(struct rp_scratch *s, struct rp_str a, struct rp_str b)
{
    return rp_str_eq(rp_text_fold(s->arena, a), rp_text_fold(s->arena, b));
}

/* What the event says of the trait; "" when it brings none. */
static struct rp_str trait_of_event(const struct rp_scratch *s)
{
    const struct rp_trait_hit *hit = &s->hits[s->rules->owner_field];
    const struct rp_prop *prop = hit->epoch == s->epoch ? &s->event->props[hit->prop] : NULL;

    return prop && prop->type == RP_STRING ? prop->text : RP_STR("");
}

/* A CRM sends the same owner with every contact: only another one than the last is news. */
static bool is_news(struct rp_scratch *s, struct rp_lead *lead, struct rp_str name,
                    struct rp_decision *decision)
{
    uint64_t sent = rp_hash(rp_text_fold(s->arena, name));
    struct rp_owner owner;

    rp_owner_get(lead, &owner);
    if (owner.sent == sent)
        return false;
    owner.sent = sent;
    rp_owner_set(lead, &owner);
    decision->owner_told = true;
    return !(s->now_ms < owner.barred_ms && same(s, name, owner.refuser));
}

void rp_owner_of_event(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    struct rp_assignment *assignment;
    struct rp_owner owner;
    struct rp_str name;
    uint32_t team;
    bool by_hand;

    if (!s->event || s->event->flags & RP_EVENT_PUBLIC)
        return;
    by_hand = rp_event_correction(s->event) == RP_CORRECTION_OWNER;
    name = by_hand ? rp_correction_text(s->event, "owner") : trait_of_event(s);
    if (name.len > RP_OWNER_MAX || (name.len == 0 && !by_hand))
        return;
    rp_owner_get(lead, &owner);
    if (s->now_ms < owner.since_ms || (!by_hand && !is_news(s, lead, name, decision)))
        return;
    rp_owner_get(lead, &owner);
    if (same(s, name, owner.name))
        return;
    name = rp_owner_spelled(s->rules, rp_text_fold(s->arena, name), name, &team);
    assignment = rp_owner_change(s, lead, name, decision);
    if (!assignment)
        return;
    assignment->by = by_hand ? RP_ASSIGNED_PERSON : RP_ASSIGNED_TRAIT;
    assignment->author = by_hand ? rp_correction_text(s->event, "author") : RP_STR("");
    assignment->reason = by_hand ? rp_correction_text(s->event, "reason") : RP_STR("");
}

static bool is_rejection(const struct rp_scratch *s)
{
    if (s->event->type != RP_TRACK)
        return false;
    if (rp_str_is(s->event->name, "Lead Rejected"))
        return true;
    for (uint32_t i = 0; s->rules->rejected_kind != RP_NONE && i < s->kind_count; i++)
        if (s->kinds[i] == s->rules->rejected_kind)
            return true;
    return false;
}

void rp_owner_refused(struct rp_scratch *s, struct rp_lead *lead, struct rp_decision *decision)
{
    struct rp_assignment *assignment;
    struct rp_owner owner;
    int64_t stay_ms = 0;

    if (!s->event || s->event->flags & RP_EVENT_PUBLIC || !is_rejection(s))
        return;
    rp_owner_get(lead, &owner);
    if (owner.name.len == 0 || s->now_ms < owner.since_ms)
        return;
    if (decision->move_count && lead->stage < s->rules->stage_count)
        stay_ms = rp_stages_acting(s->fold)[lead->stage].stay_ms;
    assignment = rp_owner_change(s, lead, RP_STR(""), decision);
    if (!assignment)
        return;
    assignment->by = RP_ASSIGNED_REJECTED;
    assignment->reason = rp_correction_text(s->event, "reason");
    assignment->author = rp_correction_text(s->event, "author");
    assignment->barred_ms = s->now_ms + stay_ms;
    rp_owner_get(lead, &owner);
    owner.refuser = assignment->previous;
    owner.refused_ms = s->now_ms;
    owner.barred_ms = assignment->barred_ms;
    rp_owner_set(lead, &owner);
}
