/* SPDX-License-Identifier: MIT */
/* A scanner of a mail gateway opens a mail before anybody can, follows several of its links within
 * seconds, or the one that no person sees. What it did is recorded as a robot's event (flag
 * RP_EVENT_ROBOT), which counts for nothing. Its first link looked like a person's: once it is
 * found out, the events of those seconds are voided by corrections, so that points already given
 * are taken back by the ordinary fold.
 *
 * A mail that is opened, or a link that is followed, again within one minute is the same event. */
#include "core/hits.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "core/core_priv.h"
#include "core/own_event.h"
#include "model/event_cuts.h"
#include "store/hits.h"

#include <stdio.h>

enum { HITS_MAX = 64, OWED_MAX = 16, MESSAGE_ID_MAX = 48 };

static const char *const event_names[RP_LINK_KINDS] = {
    [RP_LINK_OPEN] = "Email Opened",
    [RP_LINK_CLICK] = "Email Clicked",
    [RP_LINK_UNSUBSCRIBE] = "Unsubscribed",
    [RP_LINK_TRAP] = "Email Clicked",
};

struct taken {
    struct rp_core *core;
    struct rp_arena *arena;
    const struct rp_hit *hit;
    int64_t lead;
    struct rp_identity node;
    struct rp_hit_mail mail; /* id 0: its row is gone */
    bool robot;
    char message_id[MESSAGE_ID_MAX];
};

/* ---- Judging --------------------------------------------------------------------------------- */

static uint64_t link_of(const struct rp_hit *hit)
{
    uint64_t hash = rp_path_of(hit->link.about) << 1 >> 1;

    return hit->link.kind == RP_LINK_OPEN ? 0 : hash | 1;
}

static bool is_burst(const struct taken *t, const struct rp_hit_row *rows, size_t count)
{
    uint64_t links[RP_HIT_BURST_LINKS] = {link_of(t->hit)};
    size_t known = 1;

    for (size_t i = 0; i < count && known < RP_HIT_BURST_LINKS; i++) {
        bool again = rows[i].link == 0 || rows[i].at_ms + RP_HIT_BURST_MS < t->hit->received_ms;

        for (size_t k = 0; k < known && !again; k++) {
            again = links[k] == rows[i].link;
        }
        if (!again) {
            links[known++] = rows[i].link;
        }
    }
    return t->hit->link.kind != RP_LINK_OPEN && known == RP_HIT_BURST_LINKS;
}

static bool is_too_soon(const struct taken *t)
{
    return t->mail.delivered_ms == RP_NEVER ||
           t->hit->received_ms < t->mail.delivered_ms + RP_HIT_DELIVERED_MS;
}

/* Sets t->robot, and judges again what was done to the mail shortly before. */
static int judge(struct taken *t, struct rp_err *err)
{
    struct rp_hit_row *rows;
    size_t count;
    bool found_out;
    int status = rp_hits_of(t->arena, t->core->store, t->mail.id,
                            t->hit->received_ms - RP_HIT_ROBOT_MS, HITS_MAX, &rows, &count, err);

    if (status != 0) {
        return status;
    }
    found_out = t->hit->link.kind == RP_LINK_TRAP || is_burst(t, rows, count);
    t->robot = t->robot || found_out || is_too_soon(t);
    for (size_t i = 0; i < count && status == 0; i++) {
        if (found_out && rows[i].judged == RP_JUDGED_PERSON) {
            status = rp_hit_judge(t->core->store, rows[i].id, RP_JUDGED_OWED, err);
            t->core->hits_owed = true;
        }
    }
    return status;
}

static int note(struct taken *t, struct rp_err *err)
{
    struct rp_hit_row row = {.lead = t->lead,
                             .action = t->mail.id,
                             .link = link_of(t->hit),
                             .at_ms = t->hit->received_ms,
                             .judged = t->robot ? RP_JUDGED_ROBOT : RP_JUDGED_PERSON,
                             .message_id = rp_str_from(t->message_id)};

    return rp_hit_add(t->core->store, &row, err);
}

/* ---- The event ------------------------------------------------------------------------------- */

static void name_message(struct taken *t)
{
    static const char *const kinds[RP_LINK_KINDS] = {"open", "click", "unsubscribe", "trap"};
    struct rp_digest *digest = rp_digest_new(NULL, 0);
    int64_t minute = t->hit->received_ms / RP_MINUTE;
    char text[27];

    rp_digest_part(digest, t->hit->link.action);
    rp_digest_part(digest, t->hit->link.about);
    rp_digest_part(digest, (struct rp_str){(const char *)&minute, sizeof(minute)});
    rp_digest_part(digest, t->robot ? RP_STR("robot") : RP_STR(""));
    rp_digest_end(digest, text);
    (void)snprintf(t->message_id, sizeof(t->message_id), "%s-%s", kinds[t->hit->link.kind], text);
}

static void put_some(struct rp_jw *jw, const char *key, struct rp_str text)
{
    if (text.len > 0) {
        rp_jw_put_str(jw, key, text);
    }
}

static void put_properties(const struct taken *t, struct rp_jw *jw)
{
    const struct rp_link *link = &t->hit->link;

    rp_jw_object(jw);
    put_some(jw, "action", t->mail.action);
    put_some(jw, "template", t->mail.template);
    rp_jw_put_str(jw, "email_id", link->action);
    if (link->kind == RP_LINK_CLICK) {
        rp_jw_put_str(jw, "url", link->about);
    } else if (link->kind == RP_LINK_UNSUBSCRIBE) {
        rp_jw_put_str(jw, "purpose", link->about.len > 0 ? link->about : RP_STR("all"));
    }
    rp_jw_object_end(jw);
}

static void put_context(const struct taken *t, struct rp_jw *jw)
{
    rp_jw_object(jw);
    put_some(jw, "userAgent", t->hit->user_agent);
    put_some(jw, "ip", t->hit->address);
    if (t->robot) {
        rp_jw_put_bool(jw, "robot", true);
    }
    if (t->node.kind == RP_NODE_EMAIL) {
        rp_jw_key(jw, "traits");
        rp_jw_object(jw);
        rp_jw_put_str(jw, "email", t->node.value);
        rp_jw_object_end(jw);
    }
    rp_jw_object_end(jw);
}

static void make_event(const struct taken *t, struct rp_item *item)
{
    struct rp_envelope envelope = {.received_ms = t->hit->received_ms,
                                   .sent_ms = RP_NEVER,
                                   .flags = t->robot ? RP_EVENT_ROBOT : 0};
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "track");
    rp_jw_put_text(&jw, "event", event_names[t->hit->link.kind]);
    rp_jw_put_text(&jw, "messageId", t->message_id);
    if (t->node.kind != RP_NODE_EMAIL) {
        rp_jw_put_str(&jw, t->node.kind == RP_NODE_USER ? "userId" : "anonymousId", t->node.value);
    }
    rp_jw_key(&jw, "properties");
    put_properties(t, &jw);
    rp_jw_key(&jw, "context");
    put_context(t, &jw);
    rp_jw_object_end(&jw);
    item->reject = rp_event_parse(t->arena, rp_arena_str(t->arena, rp_buf_view(&out)), &envelope,
                                  &item->event, &item->message);
    rp_buf_fini(&out);
    if (item->reject == RP_REJECT_NONE) {
        rp_event_cut(t->arena, &item->event);
        item->hash = rp_hash_keyed(rp_store_secret(t->core->store), item->event.message_id);
    }
}

int rp_core_hit(struct rp_core *core, struct rp_arena *arena, struct rp_item *item,
                struct rp_err *err)
{
    struct taken t = {.core = core, .arena = arena, .hit = item->hit};
    bool judged = t.hit->link.kind != RP_LINK_UNSUBSCRIBE; /* nobody is kept in a list */
    int status = rp_lead_by_public_id(core->store, t.hit->link.lead, &t.lead, err);

    if (status == 0) {
        status = rp_core_best_node(core, t.lead, &t.node, err);
    }
    if (status == RIPEN_ENOTFOUND) { /* forgotten since then */
        item->reject = RP_REJECT_IDENTITY;
        item->message = rp_str_from(rp_reject_text(RP_REJECT_IDENTITY));
        return 0;
    }
    t.robot = judged && (t.hit->robot || t.hit->link.kind == RP_LINK_TRAP);
    if (status == 0) {
        status = rp_hit_mail(arena, core->store, t.lead, t.hit->link.action, &t.mail, err);
        judged = judged && status == 0;
        status = status == RIPEN_ENOTFOUND ? 0 : status;
    }
    if (status == 0 && judged) {
        status = judge(&t, err);
    }
    name_message(&t);
    if (status == 0 && judged) {
        status = note(&t, err);
    }
    if (status == 0) {
        make_event(&t, item);
    }
    return status;
}

/* ---- Taking back ----------------------------------------------------------------------------- */

static int void_one(struct rp_core *core, const struct rp_hit_row *row, struct rp_err *err)
{
    struct rp_buf properties = {0}, id = {0}, out = {0};
    struct rp_jw jw = rp_jw(&properties);
    int status;

    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "messageId", row->message_id);
    rp_jw_put_text(&jw, "reason", "robot");
    rp_jw_put_text(&jw, "author", "ripen");
    rp_jw_object_end(&jw);
    rp_buf_printf(&id, "robot-%.*s", RP_STR_ARG(row->message_id));
    status = rp_core_own_event(core, row->lead, "Event Voided", rp_buf_view(&id),
                               rp_buf_view(&properties), &out, err);
    rp_buf_fini(&properties);
    rp_buf_fini(&id);
    rp_buf_fini(&out);
    return status;
}

static int settle(struct rp_core *core, const struct rp_hit_row *row, struct rp_err *err)
{
    int status = void_one(core, row, err);

    if (status != 0 && status != RIPEN_ENOTFOUND && status != RIPEN_EINPUT) {
        return status; /* the disk: once more later */
    }
    status = rp_store_begin(core->store, err);
    if (status != 0) {
        return status;
    }
    status = rp_hit_judge(core->store, row->id, RP_JUDGED_ROBOT, err);
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
    }
    return status;
}

bool rp_core_hits_step(struct rp_core *core)
{
    struct rp_hit_row *rows;
    struct rp_arena arena;
    size_t count = 0;
    int status;

    if (!core->hits_owed) {
        return false;
    }
    rp_arena_init(&arena);
    status = rp_hits_owed(&arena, core->store, OWED_MAX, &rows, &count, NULL);
    for (size_t i = 0; i < count && status == 0; i++) {
        status = settle(core, &rows[i], NULL);
    }
    core->hits_owed = status != 0 || count == OWED_MAX;
    rp_arena_fini(&arena);
    return status == 0 && core->hits_owed;
}
