/* SPDX-License-Identifier: MIT */
/* A request on any bytes: the first chooses the envelope, the rest is the body. Each item gets a
 * verdict; an accepted one keeps its promises, and its stored body reads back to the same values.
 */
#include "base/check.h"
#include "base/limits.h"
#include "fuzz.h"
#include "model/event.h"

#define NOW INT64_C(1772442000000)

static void check_event(struct rp_arena *arena, const struct rp_event *event)
{
    struct rp_event again = {.body = event->body};

    RP_ASSERT(event->message_id.len > 0 && event->message_id.len <= RP_ID_MAX);
    RP_ASSERT(event->user_id.len + event->anonymous_id.len + event->email.len > 0);
    RP_ASSERT(event->name.len <= RP_ID_MAX && event->user_id.len <= RP_ID_MAX);
    RP_ASSERT(event->received_ms != RP_NEVER && event->effective_ms <= event->received_ms);
    RP_ASSERT(!(event->flags & RP_EVENT_PUBLIC) ||
              event->effective_ms >= event->received_ms - 30 * RP_DAY);
    RP_ASSERT(event->body.len <= RP_ITEM_MAX && event->prop_count <= RP_PROPERTIES_MAX + 1);
    RP_ASSERT(rp_event_body_parse(arena, &again) == RIPEN_OK);
    RP_ASSERT(again.prop_count == event->prop_count);
    for (uint32_t i = 0; i < again.prop_count; i++) {
        const struct rp_prop *a = &event->props[i], *b = &again.props[i];
        RP_ASSERT(a->path == b->path && a->next == b->next && a->type == b->type);
        RP_ASSERT(a->dropped == b->dropped && a->element == b->element);
        RP_ASSERT(rp_str_eq(a->key, b->key) && rp_str_eq(a->text, b->text));
        RP_ASSERT(a->next > i && a->next <= again.prop_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_arena arena;
    struct rp_request request;
    struct rp_err err;

    if (size == 0)
        return 0;
    unsigned choice = bytes[0];
    struct rp_str body = {(const char *)bytes + 1, size - 1};
    rp_arena_init(&arena);
    if (rp_request_parse(&arena, body, &request, &err) != RIPEN_OK) {
        RP_ASSERT(err.status == RIPEN_EINPUT && err.text[0] != '\0');
        request = (struct rp_request){.items = &body, .item_count = 1, .sent_ms = RP_NEVER};
    }
    for (size_t i = 0; i < request.item_count; i++) {
        struct rp_envelope envelope = {
            .received_ms = NOW,
            .sent_ms = request.sent_ms,
            .type = (enum rp_event_type)((choice >> 3) % RP_EVENT_TYPES),
            .type_known = choice & 1,
            .trust_received = choice & 2,
            .public_key = choice & 4,
            .context = request.context,
        };
        struct rp_event event;
        struct rp_str message;
        if (rp_event_parse(&arena, request.items[i], &envelope, &event, &message) == RP_REJECT_NONE)
            check_event(&arena, &event);
        else
            RP_ASSERT(message.len > 0);
    }
    rp_arena_fini(&arena);
    return 0;
}
