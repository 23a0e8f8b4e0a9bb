/* SPDX-License-Identifier: MIT */
/* Everything that is known of one person, as data: what the law calls a copy of it. */
#include "base/json_write.h"
#include "core/reader_priv.h"
#include "store/copy.h"
#include "store/reports.h"

static void put_if(struct rp_jw *jw, const char *key, struct rp_str text)
{
    if (text.len > 0) {
        rp_jw_put_str(jw, key, text);
    }
}

static void put_event(const struct rp_event *event, struct rp_jw *jw)
{
    rp_jw_object(jw);
    rp_jw_put_text(jw, "type", rp_event_type_name(event->type));
    put_if(jw, event->type == RP_TRACK ? "event" : "name", event->name);
    rp_jw_put_str(jw, "messageId", event->message_id);
    put_if(jw, "userId", event->user_id);
    put_if(jw, "anonymousId", event->anonymous_id);
    put_if(jw, "previousId", event->previous_id);
    put_if(jw, "groupId", event->group_id);
    rp_jw_put_time(jw, "receivedAt", event->received_ms);
    if (event->sent_ms != RP_NEVER) {
        rp_jw_put_time(jw, "sentAt", event->sent_ms);
    }
    if (event->original_ms != RP_NEVER) {
        rp_jw_put_time(jw, "originalTimestamp", event->original_ms);
    }
    rp_jw_put_time(jw, "effectiveAt", event->effective_ms);
    rp_jw_key(jw, "body");
    rp_jw_raw(jw, event->body);
    rp_jw_object_end(jw);
}

static void put_actions(const struct rp_view *view, struct rp_jw *jw)
{
    rp_jw_key(jw, "deliveries");
    rp_jw_array(jw);
    for (size_t i = 0; i < view->action_count; i++) {
        const struct rp_outbox_row *row = &view->actions[i];

        rp_jw_object(jw);
        rp_jw_put_str(jw, "key", row->key);
        rp_jw_put_str(jw, "action", row->action);
        rp_jw_put_str(jw, "to", row->to);
        rp_jw_put_text(jw, "status", rp_outbox_state_name(row->state));
        rp_jw_put_time(jw, "at", row->created_ms);
        if (row->body.len > 0) {
            rp_jw_key(jw, "body");
            rp_jw_raw(jw, row->body);
        }
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static int write_export(struct rp_reader *reader, struct rp_str lead, int64_t now_ms,
                        struct rp_buf *out, struct rp_err *err)
{
    struct rp_jw jw = rp_jw(out);
    struct rp_view view;
    int64_t id;
    int status = rp_lead_find(reader->store, lead, &id, err);

    if (status == 0) {
        status = rp_view_open(reader, id, now_ms, &view, err);
    }
    if (status != 0) {
        return status;
    }
    rp_jw_object(&jw);
    rp_jw_key(&jw, "lead");
    rp_view_json(&view, true, &jw);
    put_actions(&view, &jw);
    rp_jw_key(&jw, "events");
    rp_jw_array(&jw);
    for (size_t i = 0; i < view.history.count; i++) {
        put_event(&view.history.events[i], &jw);
    }
    rp_jw_array_end(&jw);
    status = rp_copy_write(reader->store, id, &jw, err);
    rp_jw_object_end(&jw);
    rp_view_close(&view);
    return status;
}

int rp_reader_export(struct rp_reader *reader, struct rp_str lead, int64_t now_ms,
                     struct rp_buf *out, struct rp_err *err)
{
    int status = rp_reader_begin(reader, err);

    return status ? status : rp_reader_end(reader, write_export(reader, lead, now_ms, out, err));
}
