/* SPDX-License-Identifier: MIT */
/* A request on its way to the writer and back: its items, and the answer with their verdicts.
 * Parsing needs no store and no rules, so it is done on whatever thread took the request. Bad items
 * never take good ones down: only a body that is not JSON is refused as a whole. */
#include "base/json_write.h"
#include "base/limits.h"
#include "base/mem.h"
#include "core/core.h"
#include "model/correction.h"
#include "model/event_cuts.h"

#include <stdlib.h>

#define BEYOND_LISTED_MAX                                                                          \
    RP_BATCH_ITEMS_MAX /* of the items past the bound; the rest are counted                        \
                        */

struct rp_batch *rp_batch_new(void)
{
    struct rp_batch *batch = rp_calloc(1, sizeof(*batch));

    rp_arena_init(&batch->arena);
    return batch;
}

void rp_batch_free(struct rp_batch *batch)
{
    if (!batch)
        return;
    rp_arena_fini(&batch->arena);
    free(batch);
}

void rp_batch_reset(struct rp_batch *batch)
{
    struct rp_arena arena = batch->arena;

    rp_arena_reset(&arena);
    *batch = (struct rp_batch){.arena = arena};
}

void rp_batch_items(struct rp_batch *batch, const struct rp_request *request,
                    struct rp_envelope *envelope)
{
    size_t count = request->item_count;

    if (count > RP_BATCH_ITEMS_MAX) {
        batch->beyond = count - RP_BATCH_ITEMS_MAX;
        count = RP_BATCH_ITEMS_MAX;
    }
    if (request->batch) {
        envelope->sent_ms = request->sent_ms;
        envelope->context = request->context;
    }
    batch->items = RP_ARENA_ARRAY(&batch->arena, struct rp_item, count);
    batch->item_count = count;
    for (size_t i = 0; i < count; i++) {
        struct rp_item *item = &batch->items[i];
        item->reject = rp_event_parse(&batch->arena, request->items[i], envelope, &item->event,
                                      &item->message);
        item->hit = NULL;
        item->verdict = RP_VERDICT_REJECTED; /* until the core says otherwise */
        if (item->reject == RP_REJECT_NONE && (item->event.flags & RP_EVENT_PUBLIC) &&
            rp_correction_named(&item->event) != RP_CORRECTION_NONE)
            item->reject = RP_REJECT_PUBLIC_KEY; /* anybody could correct a lead */
        if (item->reject == RP_REJECT_NONE)      /* here, since the writer has the least time */
            rp_event_cut(&batch->arena, &item->event);
    }
}

int rp_batch_parse(struct rp_batch *batch, struct rp_str body, struct rp_envelope *envelope,
                   struct rp_request *ret_request, struct rp_err *err)
{
    struct rp_request request;
    int status = rp_request_parse(&batch->arena, body, &request, err);

    if (status)
        return status;
    rp_batch_items(batch, &request, envelope);
    if (ret_request)
        *ret_request = request;
    return 0;
}

static void write_rejected(struct rp_jw *jw, size_t index, enum rp_reject reject,
                           struct rp_str message)
{
    rp_jw_object(jw);
    rp_jw_put_int(jw, "index", (int64_t)index);
    rp_jw_put_text(jw, "code", rp_reject_code(reject));
    rp_jw_put_str(jw, "message", message.len ? message : rp_str_from(rp_reject_text(reject)));
    rp_jw_object_end(jw);
}

void rp_batch_answer(const struct rp_batch *batch, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);
    size_t listed = batch->beyond < BEYOND_LISTED_MAX ? batch->beyond : BEYOND_LISTED_MAX;

    rp_jw_object(&jw);
    rp_jw_put_bool(&jw, "success", true);
    rp_jw_put_int(&jw, "accepted", (int64_t)batch->accepted);
    rp_jw_put_int(&jw, "duplicates", (int64_t)batch->duplicates);
    rp_jw_key(&jw, "rejected");
    rp_jw_array(&jw);
    for (size_t i = 0; i < batch->item_count && batch->rejected > 0; i++) {
        const struct rp_item *item = &batch->items[i];
        if (item->verdict == RP_VERDICT_REJECTED)
            write_rejected(&jw, i, item->reject, item->message);
    }
    for (size_t i = 0; i < listed; i++)
        write_rejected(&jw, batch->item_count + i, RP_REJECT_TOO_MANY, RP_STR(""));
    rp_jw_array_end(&jw);
    if (batch->beyond > listed) /* told by number: the answer must not dwarf the request */
        rp_jw_put_int(&jw, "rejected_more", (int64_t)(batch->beyond - listed));
    rp_jw_object_end(&jw);
}
