/* SPDX-License-Identifier: MIT */
/* LEAD as JSON (the shapes that scripts hold on to, interfaces.md). */
#include "base/hash.h"
#include "core/reader_priv.h"
#include "engine/timers.h"
#include "model/consent.h"

#include <stdlib.h>
#include <string.h>

static void put_prop(const struct rp_event *event, uint32_t at, struct rp_jw *jw)
{
    const struct rp_prop *prop = &event->props[at];

    switch ((enum rp_prop_type)prop->type) {
    case RP_NULL:
        rp_jw_null(jw);
        break;
    case RP_BOOL:
        rp_jw_bool(jw, prop->number != 0);
        break;
    case RP_NUMBER:
        rp_jw_raw(jw, prop->text);
        break;
    case RP_STRING:
        rp_jw_str(jw, prop->text);
        break;
    case RP_ARRAY:
    case RP_OBJECT:
        prop->type == RP_ARRAY ? rp_jw_array(jw) : rp_jw_object(jw);
        for (uint32_t i = at + 1; i < prop->next; i = event->props[i].next) {
            if (!event->props[i].dropped) {
                if (prop->type == RP_OBJECT) {
                    rp_jw_key_str(jw, event->props[i].key);
                }
                put_prop(event, i, jw);
            }
        }
        prop->type == RP_ARRAY ? rp_jw_array_end(jw) : rp_jw_object_end(jw);
        break;
    }
}

/* Where a trait's present value stands. */
struct trait {
    struct rp_str key;
    const struct rp_event *event;
    uint32_t prop;
};

static size_t set_trait(struct trait *traits, size_t count, const struct rp_event *event,
                        uint32_t prop)
{
    size_t at = 0;

    while (at < count && !rp_str_eq(traits[at].key, event->props[prop].key)) {
        at++;
    }
    traits[at] = (struct trait){event->props[prop].key, event, prop};
    return at == count ? count + 1 : count;
}

void rp_view_traits(struct rp_view *view, struct rp_jw *jw)
{
    uint64_t path = rp_path_of(RP_STR("traits"));
    struct trait *traits;
    size_t room = 0;
    size_t count = 0;

    for (size_t i = 0; i < view->history.count; i++) {
        room +=
            view->history.events[i].type == RP_IDENTIFY ? view->history.events[i].prop_count : 0;
    }
    traits = RP_ARENA_ARRAY(view->fold.arena, struct trait, room + 1);
    for (size_t i = 0; i < view->history.count; i++) {
        const struct rp_event *event = &view->history.events[i];
        const struct rp_prop *root = event->type == RP_IDENTIFY ? rp_event_get(event, path) : NULL;

        if (!root || event->effective_ms > view->at_ms) {
            continue;
        }
        for (uint32_t at = (uint32_t)(root - event->props) + 1; at < root->next;
             at = event->props[at].next) {
            if (!event->props[at].dropped) {
                count = set_trait(traits, count, event, at);
            }
        }
    }
    rp_jw_object(jw);
    for (size_t i = 0; i < count; i++) {
        if (traits[i].event->props[traits[i].prop].type != RP_NULL) {
            rp_jw_key_str(jw, traits[i].key);
            put_prop(traits[i].event, traits[i].prop, jw);
        }
    }
    rp_jw_object_end(jw);
}

static void put_ids(struct rp_view *view, struct rp_jw *jw)
{
    struct rp_str user = rp_view_node(view, RP_NODE_USER);
    struct rp_str email = rp_view_node(view, RP_NODE_EMAIL);

    rp_jw_put_text(jw, "id", view->lead.public_id);
    user.len ? rp_jw_put_str(jw, "userId", user) : rp_jw_put_text(jw, "userId", NULL);
    if (email.len == 0 && view->fold.rules->email_field != RP_NONE) {
        (void)rp_lead_field(&view->fold, &view->lead, view->fold.rules->email_field, view->at_ms,
                            &email);
    }
    email.len ? rp_jw_put_str(jw, "email", email) : rp_jw_put_text(jw, "email", NULL);
    rp_jw_key(jw, "anonymousIds");
    rp_jw_array(jw);
    for (size_t i = 0; i < view->node_count; i++) {
        if (view->nodes[i].kind == RP_NODE_ANONYMOUS) {
            rp_jw_str(jw, view->nodes[i].value);
        }
    }
    rp_jw_array_end(jw);
}

static void put_fired(struct rp_view *view, struct rp_jw *jw)
{
    const struct rp_rules *rules = view->fold.rules;

    rp_jw_key(jw, "fired");
    rp_jw_object(jw);
    for (uint32_t i = 0; i < rules->score_count; i++) {
        if (view->fired[i] > 0) {
            rp_jw_key_str(jw, rules->scores[i].name);
            rp_jw_int(jw, view->fired[i]);
        }
    }
    rp_jw_object_end(jw);
}

static void put_moves(struct rp_view *view, struct rp_jw *jw)
{
    rp_jw_key(jw, "stages");
    rp_jw_array(jw);
    for (size_t i = 0; i < view->move_count; i++) {
        const struct rp_move_row *move = &view->moves[i];

        rp_jw_object(jw);
        rp_jw_put_int(jw, "decision", move->id);
        rp_jw_put_str(jw, "from", move->from);
        rp_jw_put_str(jw, "to", move->to);
        rp_jw_put_time(jw, "at", move->at_ms);
        rp_jw_put_str(jw, "because", move->because);
        if (move->reasons.len > 0) {
            rp_jw_key(jw, "reasons");
            rp_jw_raw(jw, move->reasons);
        }
        rp_jw_put_bool(jw, "passing", move->passing);
        rp_jw_put_int(jw, "generation", move->generation);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_statuses(struct rp_view *view, struct rp_jw *jw)
{
    rp_jw_key(jw, "statuses");
    rp_jw_array(jw);
    for (size_t i = 0; i < view->status_count; i++) {
        const struct rp_status_row *row = &view->statuses[i];

        rp_jw_object(jw);
        rp_jw_put_str(jw, "stage", row->stage);
        row->from.len ? rp_jw_put_str(jw, "from", row->from) : rp_jw_put_text(jw, "from", NULL);
        rp_jw_put_str(jw, "to", row->to);
        rp_jw_put_time(jw, "at", row->at_ms);
        rp_jw_put_str(jw, "because", row->because);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

/* What time alone may decide, as things stand. */
static void put_timers(struct rp_view *view, struct rp_jw *jw)
{
    size_t count;
    const struct rp_timer *timers = rp_timer_list(&view->fold, &view->lead, view->at_ms, &count);

    rp_jw_key(jw, "timers");
    rp_jw_array(jw);
    for (size_t i = 0; i < count; i++) {
        rp_jw_object(jw);
        rp_jw_put_text(jw, "kind", rp_timer_kind_name(timers[i].kind));
        rp_jw_put_time(jw, "due", timers[i].at_ms);
        rp_jw_put_str(jw, "for", timers[i].what);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

/* All of them, or those that were held up to the moment, oldest first. */
static void put_actions(struct rp_view *view, const char *key, bool held, struct rp_jw *jw)
{
    rp_jw_key(jw, key);
    rp_jw_array(jw);
    for (size_t i = view->action_count; i-- > 0;) { /* listed newest first */
        const struct rp_outbox_row *row = &view->actions[i];

        if (held && !rp_view_was_held(view, row)) {
            continue;
        }
        rp_jw_object(jw);
        rp_jw_put_str(jw, "action", row->action);
        rp_jw_put_text(jw, "kind", rp_action_kind_name(row->kind));
        rp_jw_put_str(jw, "to", row->to);
        rp_jw_put_time(jw, "at", row->created_ms);
        rp_jw_put_str(jw, "key", row->key);
        rp_jw_put_text(jw, "status", rp_outbox_state_name(row->state));
        if (row->body.len > 0) {
            rp_jw_key(jw, "body");
            rp_jw_raw(jw, row->body);
        }
        if (row->error.len > 0) {
            rp_jw_put_str(jw, "reason", row->error);
        }
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_errors(struct rp_view *view, struct rp_jw *jw)
{
    rp_jw_key(jw, "errors");
    rp_jw_array(jw);
    for (size_t i = 0; i < view->decision.fault_count; i++) {
        const struct rp_fault *fault = &view->decision.faults[i];

        rp_jw_object(jw);
        rp_jw_put_str(jw, "rule", fault->rule);
        rp_jw_put_str(jw, "kind", fault->kind);
        rp_jw_put_str(jw, "message", fault->message);
        rp_jw_put_str(jw, "file", fault->file);
        rp_jw_put_int(jw, "line", fault->line);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_timeline(struct rp_view *view, struct rp_jw *jw)
{
    rp_jw_key(jw, "timeline");
    rp_jw_array(jw);
    for (size_t i = 0; i < view->history.count; i++) {
        const struct rp_event *event = &view->history.events[i];

        if (event->effective_ms > view->at_ms) {
            break;
        }
        rp_jw_object(jw);
        rp_jw_put_time(jw, "at", event->effective_ms);
        rp_jw_put_time(jw, "receivedAt", event->received_ms);
        rp_jw_put_text(jw, "type", rp_event_type_name(event->type));
        rp_jw_put_str(jw, "name", event->name);
        rp_jw_put_str(jw, "messageId", event->message_id);
        rp_jw_put_int(jw, "event", event->id);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_owner(struct rp_view *view, struct rp_jw *jw)
{
    rp_jw_put_known(jw, "owner", rp_view_owner(view));
    rp_jw_key(jw, "owners");
    rp_jw_array(jw);
    for (size_t i = 0; i < view->assignment_count; i++) {
        const struct rp_assignment_row *row = &view->assignments[i];

        rp_jw_object(jw);
        rp_jw_put_known(jw, "owner", row->owner);
        rp_jw_put_known(jw, "previous", row->previous);
        rp_jw_put_time(jw, "at", row->at_ms);
        rp_jw_put_text(jw, "because", rp_assigned_by_name(row->by));
        rp_jw_put_known(jw, "team", row->team);
        rp_jw_put_known(jw, "reason", row->reason);
        rp_jw_put_known(jw, "author", row->author);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

void rp_view_json(struct rp_view *view, bool whole, struct rp_jw *jw)
{
    struct rp_str stage = rp_view_stage(view);
    struct rp_str status = rp_status_name(view->fold.rules, &view->lead);

    rp_jw_object(jw);
    put_ids(view, jw);
    stage.len ? rp_jw_put_str(jw, "stage", stage) : rp_jw_put_text(jw, "stage", NULL);
    status.len ? rp_jw_put_str(jw, "status", status) : rp_jw_put_text(jw, "status", NULL);
    put_owner(view, jw);
    rp_view_consent_json(view, jw);
    if (view->fold.rules->model_count > 1) { /* whose score it is: in an experiment its arm's */
        rp_jw_put_str(jw, "model", view->fold.rules->models[view->fold.model].name);
    }
    rp_lead_scores_json(&view->fold, &view->lead, view->fold.model, view->at_ms, jw);
    put_fired(view, jw);
    put_moves(view, jw);
    put_statuses(view, jw);
    rp_jw_key(jw, "sequences");
    rp_view_put_sequences(view->fold.rules, &view->sequences, jw);
    put_timers(view, jw);
    put_actions(view, "actions", false, jw);
    put_errors(view, jw);
    if (whole) {
        rp_jw_key(jw, "traits");
        rp_view_traits(view, jw);
        put_timeline(view, jw);
    }
    rp_jw_object_end(jw);
}

void rp_view_explain_head(struct rp_view *view, struct rp_jw *jw)
{
    struct rp_str email = rp_view_node(view, RP_NODE_EMAIL);
    int64_t since;

    rp_jw_put_text(jw, "lead", view->lead.public_id);
    email.len ? rp_jw_put_str(jw, "email", email) : rp_jw_put_text(jw, "email", NULL);
    rp_jw_put_str(jw, "model", view->fold.rules->models[view->fold.model].name);
    rp_jw_put_int(jw, "generation", view->fold.rules->number);
    rp_jw_put_time(jw, "at", view->at_ms);
    if (rp_consent_of(&view->lead, RP_STR(RP_CONSENT_PROFILING), &since) == RP_CONSENT_WITHDRAWN) {
        rp_jw_put_time(jw, "objected", since); /* events give no points from then on */
    }
    rp_jw_key(jw, "total");
    rp_jw_milli(jw,
                rp_lead_score(&view->fold, &view->lead, view->fold.model, RP_NONE, view->at_ms));
    put_actions(view, "held", true, jw);
}
