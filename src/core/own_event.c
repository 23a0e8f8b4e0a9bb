/* SPDX-License-Identifier: MIT */
/* Ripen's own events take the way of all events: an item by one of the lead's identities, parsed
 * and run. */
#include "core/own_event.h"

#include "base/json_write.h"

int rp_core_best_node(struct rp_core *core, int64_t id, struct rp_identity *ret_node,
                      struct rp_err *err)
{
    struct rp_identity best = {0};
    struct rp_cached *lead;
    const struct rp_head *heads;
    size_t count;
    int status = rp_core_lead(core, id, &lead, err);

    if (status != 0) {
        return status;
    }
    heads = rp_lead_heads(&lead->lead, &count);
    for (size_t i = 0; i < count && status == 0; i++) {
        struct rp_identity node;

        status = rp_identity_get(&core->arena, core->store, heads[i].node, &node, err);
        if (status == 0 && (best.node == 0 || node.kind < best.kind)) {
            best = node;
        }
    }
    if (status == 0 && best.node == 0) {
        status = rp_err_set(err, RIPEN_ENOTFOUND, "the lead has no identity");
    }
    *ret_node = best;
    return status;
}

static void put_identity(const struct rp_identity *node, struct rp_jw *jw)
{
    if (node->kind == RP_NODE_EMAIL) {
        rp_jw_key(jw, "context");
        rp_jw_object(jw);
        rp_jw_key(jw, "traits");
        rp_jw_object(jw);
        rp_jw_put_str(jw, "email", node->value);
        rp_jw_object_end(jw);
        rp_jw_object_end(jw);
        return;
    }
    rp_jw_put_str(jw, node->kind == RP_NODE_USER ? "userId" : "anonymousId", node->value);
}

static void write_item(const struct rp_identity *node, const char *event, struct rp_str message_id,
                       struct rp_str properties, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "track");
    rp_jw_put_text(&jw, "event", event);
    if (message_id.len > 0) {
        rp_jw_put_str(&jw, "messageId", message_id);
    }
    put_identity(node, &jw);
    rp_jw_key(&jw, "properties");
    rp_jw_raw(&jw, properties);
    rp_jw_object_end(&jw);
}

static int run_item(struct rp_core *core, struct rp_str item, struct rp_buf *out,
                    struct rp_err *err)
{
    struct rp_envelope envelope = {
        .received_ms = rp_clock_now(&core->clock), .sent_ms = RP_NEVER, .flags = RP_EVENT_CRM};
    struct rp_batch *batch = rp_batch_new();
    int status = rp_batch_parse(batch, item, &envelope, NULL, err);

    if (status == 0) {
        status = rp_core_run(core, batch, err);
    }
    if (status == 0 && batch->rejected > 0) {
        status = rp_err_set(err, RIPEN_EINPUT, "%.*s", RP_STR_ARG(batch->items[0].message));
    }
    if (status == 0) {
        rp_batch_answer(batch, out);
    }
    rp_batch_free(batch);
    return status;
}

int rp_core_own_event(struct rp_core *core, int64_t lead, const char *event,
                      struct rp_str message_id, struct rp_str properties, struct rp_buf *out,
                      struct rp_err *err)
{
    struct rp_identity node;
    struct rp_buf item = {0};
    int status = rp_core_best_node(core, lead, &node, err);

    if (status == 0) {
        write_item(&node, event, message_id, properties, &item);
        status = run_item(core, rp_buf_view(&item), out, err);
    }
    rp_buf_fini(&item);
    return status;
}
