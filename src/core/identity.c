/* SPDX-License-Identifier: MIT */
/* Who an event belongs to. A lead is a set of nodes; an event with a userId belongs to that user's
 * node, else to the anonymousId's, else to the e-mail's. Guards: blocked values are nobody; a lead
 * has at most one userId; a public key never joins two known leads nor takes an e-mail that
 * somebody owns. A refused join leaves both leads as they are. Merging moves nodes and rewrites no
 * event. */
#include "base/hash.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/assign.h"
#include "core/core_priv.h"
#include "core/sequences.h"
#include "store/decisions.h"
#include "store/identities.h"
#include "store/people.h"
#include "store/states.h"

#include <string.h>

static const char *const blocked_ids[] = {"-1", "null", "undefined", "anonymous", "none", "nil"};

static bool blocked(struct rp_str id)
{
    size_t i = 0;

    while (i < id.len && (id.ptr[i] == '0' || id.ptr[i] == '-')) {
        i++;
    }
    if (i == id.len) {
        return true; /* ^[0-]*$, the empty text included */
    }
    for (i = 0; i < RP_COUNT(blocked_ids); i++) {
        if (id.len == strlen(blocked_ids[i]) && strncasecmp(id.ptr, blocked_ids[i], id.len) == 0) {
            return true;
        }
    }
    return false;
}

/* An address that can name a person: one @ with something on both sides. */
static bool email_usable(struct rp_str email)
{
    const char *at = email.len ? memchr(email.ptr, '@', email.len) : NULL;

    return at && at != email.ptr && at + 1 < email.ptr + email.len && email.len <= RP_ID_MAX &&
           !memchr(at + 1, '@', (size_t)(email.ptr + email.len - at - 1));
}

bool rp_identity_clean(struct rp_event *event)
{
    if (blocked(event->user_id)) {
        event->user_id = RP_STR("");
    }
    if (event->type == RP_ALIAS && event->anonymous_id.len == 0) {
        event->anonymous_id = event->previous_id;
    }
    if (blocked(event->anonymous_id)) {
        event->anonymous_id = RP_STR("");
    }
    return event->user_id.len > 0 || event->anonymous_id.len > 0 || email_usable(event->email);
}

/* Only traits say whose address it is: a property may be a friend's. Without any id it is all we
 * have. */
static bool email_is_own(const struct rp_event *event)
{
    if (!email_usable(event->email)) {
        return false;
    }
    if (event->user_id.len == 0 && event->anonymous_id.len == 0) {
        return true;
    }
    return rp_event_get(event, rp_path_of(RP_STR("traits.email"))) != NULL ||
           rp_event_get(event, rp_path_of(RP_STR("context.traits.email"))) != NULL;
}

static int find(struct rp_core *core, enum rp_node_kind kind, struct rp_str value,
                int64_t *ret_node, int64_t *ret_lead, struct rp_err *err)
{
    struct rp_identity identity;
    int status;

    *ret_node = 0;
    *ret_lead = 0;
    if (value.len == 0) {
        return 0;
    }
    status = rp_identity_find(core->store, kind, value, &identity, err);
    if (status == RIPEN_ENOTFOUND) {
        return 0;
    }
    if (status == 0) {
        *ret_node = identity.node;
        *ret_lead = identity.lead;
    }
    return status;
}

int rp_identity_resolve(struct rp_core *core, const struct rp_event *event,
                        struct rp_resolved *ret_resolved, struct rp_err *err)
{
    struct rp_resolved r = {0};
    int status;

    if (email_is_own(event)) {
        r.email_value = rp_text_fold(&core->arena, event->email);
    }
    status = find(core, RP_NODE_USER, event->user_id, &r.user, &r.user_lead, err);
    if (status == 0) {
        status = find(core, RP_NODE_ANONYMOUS, event->anonymous_id, &r.anonymous, &r.anonymous_lead,
                      err);
    }
    if (status == 0) {
        status = find(core, RP_NODE_EMAIL, r.email_value, &r.email, &r.email_lead, err);
    }
    r.lead = event->user_id.len > 0        ? r.user_lead
             : event->anonymous_id.len > 0 ? r.anonymous_lead
                                           : r.email_lead;
    *ret_resolved = r;
    return status;
}

static int has_kind(struct rp_core *core, const struct rp_lead *lead, enum rp_node_kind kind,
                    bool *ret_has, struct rp_err *err)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);

    *ret_has = false;
    for (size_t i = 0; i < count && !*ret_has; i++) {
        struct rp_identity identity;
        int status = rp_identity_get(&core->arena, core->store, heads[i].node, &identity, err);

        if (status != 0) {
            return status;
        }
        *ret_has = identity.kind == kind;
    }
    return 0;
}

static int add_node(struct rp_core *core, struct rp_cached *lead, enum rp_node_kind kind,
                    struct rp_str value, int64_t now_ms, int64_t *ret_node, struct rp_err *err)
{
    int status = rp_identity_add(core->store, kind, value, lead->lead.id, now_ms, ret_node, err);

    if (status == 0) {
        rp_lead_head_set(&lead->lead, *ret_node, 0);
        rp_core_dirty(core, lead);
    }
    return status;
}

/* The items of this run that wait for `from` wait for `into` from here on. */
static void move_pending(struct rp_cached *from, struct rp_cached *into)
{
    if (!from->pending) {
        return;
    }
    if (into->pending) {
        into->pending_last->next_pending = from->pending;
    } else {
        into->pending = from->pending;
    }
    into->pending_last = from->pending_last;
    from->pending = from->pending_last = NULL;
}

static int merge(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                 int64_t now_ms, struct rp_err *err)
{
    struct rp_move_row row = {.lead = from->lead.id, .at_ms = now_ms, .because = RP_STR("merged")};
    struct rp_merge merged = {.at_ms = now_ms, .from = from->lead.id, .into = into->lead.id};
    const struct rp_head *heads = rp_lead_heads(&from->lead, &merged.node_count);
    size_t count = merged.node_count;
    int status;

    RP_ASSERT(from != into);
    merged.nodes = RP_ARENA_ARRAY(&core->arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        merged.nodes[i] = heads[i].node;
    }
    status = rp_merge_add(core->store, &merged, err);
    for (size_t i = 0; i < count && status == 0; i++) {
        status = rp_identity_move(core->store, heads[i].node, into->lead.id, err);
        rp_lead_head_set(&into->lead, heads[i].node, heads[i].event);
    }
    if (status == 0) {
        status = rp_lead_merged(core->store, from->lead.id, into->lead.id, err);
    }
    if (status == 0) {
        status = rp_state_remove(core->store, from->lead.id, err);
    }
    if (status == 0 && from->lead.stage != RP_STAGE_NONE) {
        row.from = row.to = core->rules->stages[from->lead.stage].name;
        row.generation = core->rules->number;
        row.reasons = rp_arena_printf(&core->arena, "{\"into\":\"%s\"}", into->lead.public_id);
        status = rp_move_add(core->store, &row, &row.id, err);
    }
    if (status == 0) {
        status = rp_core_owner_merged(core, from, into, now_ms, err);
    }
    if (status == 0) {
        status = rp_core_sequences_merged(core, from, into, err);
    }
    if (status == 0) {
        status = rp_aside_merged(core, from, into, err);
    }
    if (status == 0) {
        status = rp_core_dealt_merged(core, from, into, err);
    }
    if (status != 0) {
        return status;
    }
    rp_trail_drop(&core->trails, from->lead.id);
    rp_trail_drop(&core->trails, into->lead.id);
    rp_seen_merged(core, from, into->lead.id);
    move_pending(from, into);
    if (from->lead.created_ms < into->lead.created_ms) {
        into->lead.created_ms = from->lead.created_ms;
    }
    into->lead.generation = 0; /* its history changed: fold all of it at the next touch */
    into->lead.flags |= RP_LEAD_SAVE;
    from->merged = true;
    rp_core_dirty(core, into);
    core->stats.merges++;
    return 0;
}

/* Counted each time, written once a pair and reason: with a shared browser every event is one. */
static int refuse(struct rp_core *core, int64_t lead, int64_t other, const char *reason,
                  int64_t now_ms, struct rp_err *err)
{
    int64_t parts[2] = {lead, other};
    uint64_t key =
        rp_path(rp_hash(rp_str_from(reason)), (struct rp_str){(const char *)parts, sizeof(parts)});
    uint64_t *known = &core->refused[key % RP_COUNT(core->refused)];

    core->stats.joins_refused++;
    if (*known == key) {
        return 0;
    }
    *known = key;
    return rp_refusal_add(core->store, lead, other, rp_str_from(reason), now_ms, err);
}

/* Joins two leads if the guards allow it; *ret_lead is the one that stands afterwards. */
static int join(struct rp_core *core, struct rp_cached *one, int64_t other_id, bool is_public,
                int64_t now_ms, struct rp_cached **ret_lead, struct rp_err *err)
{
    struct rp_cached *other;
    bool one_user, other_user;
    int status = rp_core_lead(core, other_id, &other, err);

    *ret_lead = one;
    if (status == 0) {
        rp_core_touch(core, other);
        status = has_kind(core, &one->lead, RP_NODE_USER, &one_user, err);
    }
    if (status == 0) {
        status = has_kind(core, &other->lead, RP_NODE_USER, &other_user, err);
    }
    if (status != 0) {
        return status;
    }
    if (one_user && other_user) {
        return refuse(core, one->lead.id, other_id, "two_user_ids", now_ms, err);
    }
    if (rp_people_apart(core->store, one->lead.id, other_id)) {
        return refuse(core, one->lead.id, other_id, "taken_apart", now_ms, err);
    }
    if (is_public) {
        bool known;

        status = has_kind(core, &other->lead, RP_NODE_EMAIL, &known, err);
        if (status != 0) {
            return status;
        }
        if (other_user || known) {
            return refuse(core, one->lead.id, other_id, "public_key", now_ms, err);
        }
    }
    if (other_user || (!one_user && other->lead.id < one->lead.id)) {
        struct rp_cached *swap = one;

        one = other;
        other = swap;
    }
    *ret_lead = one;
    return merge(core, other, one, now_ms, err);
}

static int lead_of_user(struct rp_core *core, const struct rp_event *event, struct rp_resolved *r,
                        struct rp_cached **ret_lead, struct rp_err *err)
{
    bool is_public = event->flags & RP_EVENT_PUBLIC;
    int64_t candidate = r->anonymous_lead;
    bool taken = true;
    int status = 0;

    if (r->user) {
        return rp_core_lead(core, r->user_lead, ret_lead, err);
    }
    /* A new userId names the visitor who was anonymous so far, or the owner of the address. */
    if (candidate == 0 && !is_public) {
        candidate = r->email_lead;
    }
    if (candidate != 0) {
        status = rp_core_lead(core, candidate, ret_lead, err);
        if (status == 0) {
            status = has_kind(core, &(*ret_lead)->lead, RP_NODE_USER, &taken, err);
        }
    }
    if (status == 0 && taken) {
        status =
            rp_core_lead_new(core, RP_NODE_USER, event->user_id, event->received_ms, ret_lead, err);
    }
    if (status == 0) {
        r->user_lead = (*ret_lead)->lead.id;
        status = add_node(core, *ret_lead, RP_NODE_USER, event->user_id, event->received_ms,
                          &r->user, err);
    }
    return status;
}

static int lead_of_other(struct rp_core *core, const struct rp_event *event, enum rp_node_kind kind,
                         struct rp_str value, int64_t *node, int64_t *lead_id,
                         struct rp_cached **ret_lead, struct rp_err *err)
{
    int status;

    if (*node) {
        return rp_core_lead(core, *lead_id, ret_lead, err);
    }
    status = rp_core_lead_new(core, kind, value, event->received_ms, ret_lead, err);
    if (status == 0) {
        *lead_id = (*ret_lead)->lead.id; /* its own address does not join it with somebody else */
        status = add_node(core, *ret_lead, kind, value, event->received_ms, node, err);
    }
    return status;
}

static int link_anonymous(struct rp_core *core, const struct rp_event *event, struct rp_resolved *r,
                          struct rp_cached **lead, struct rp_err *err)
{
    if (event->anonymous_id.len == 0) {
        return 0;
    }
    if (!r->anonymous) {
        return add_node(core, *lead, RP_NODE_ANONYMOUS, event->anonymous_id, event->received_ms,
                        &r->anonymous, err);
    }
    if (r->anonymous_lead == (*lead)->lead.id) {
        return 0;
    }
    return join(core, *lead, r->anonymous_lead, event->flags & RP_EVENT_PUBLIC, event->received_ms,
                lead, err);
}

static int link_email(struct rp_core *core, const struct rp_event *event, struct rp_resolved *r,
                      struct rp_cached **lead, struct rp_err *err)
{
    bool is_public = event->flags & RP_EVENT_PUBLIC;
    bool has = false;
    int status;

    if (r->email_value.len == 0 || (r->email && r->email_lead == (*lead)->lead.id)) {
        return 0;
    }
    if (r->email) { /* somebody owns the address */
        return join(core, *lead, r->email_lead, is_public, event->received_ms, lead, err);
    }
    status = is_public ? has_kind(core, &(*lead)->lead, RP_NODE_EMAIL, &has, err) : 0;
    if (status == 0 && has) {
        return refuse(core, (*lead)->lead.id, (*lead)->lead.id, "public_key_email",
                      event->received_ms, err);
    }
    return status ? status
                  : add_node(core, *lead, RP_NODE_EMAIL, r->email_value, event->received_ms,
                             &r->email, err);
}

int rp_identity_link(struct rp_core *core, struct rp_event *event, struct rp_resolved *r,
                     struct rp_cached **ret_lead, struct rp_err *err)
{
    struct rp_cached *lead = NULL;
    int status;

    if (event->user_id.len > 0) {
        status = lead_of_user(core, event, r, &lead, err);
    } else if (event->anonymous_id.len > 0) {
        status = lead_of_other(core, event, RP_NODE_ANONYMOUS, event->anonymous_id, &r->anonymous,
                               &r->anonymous_lead, &lead, err);
    } else {
        status = lead_of_other(core, event, RP_NODE_EMAIL, r->email_value, &r->email,
                               &r->email_lead, &lead, err);
    }
    if (status != 0) {
        return status;
    }
    rp_core_touch(core, lead);
    event->node = event->user_id.len > 0 ? r->user : r->anonymous ? r->anonymous : r->email;
    if (event->user_id.len > 0) {
        status = link_anonymous(core, event, r, &lead, err);
        /* A join may have moved the address along with the visitor. */
        if (status == 0 && r->email_lead == r->anonymous_lead) {
            r->email_lead = r->email ? rp_identity_lead(core->store, r->email) : 0;
        }
    }
    if (status == 0) {
        status = link_email(core, event, r, &lead, err);
    }
    event->user_node = event->user_id.len > 0 ? r->user : 0;
    event->anonymous_node = event->anonymous_id.len > 0 ? r->anonymous : 0;
    *ret_lead = lead;
    return status;
}
