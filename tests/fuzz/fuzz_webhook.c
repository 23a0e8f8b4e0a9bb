/* SPDX-License-Identifier: MIT */
/* A webhook's body of any bytes, as each kind of source sends it: either it is refused with a
 * sentence, or each of its events is JSON or has a refusal; and no signature of theirs is good. */
#include "base/check.h"
#include "engine/config.h"
#include "fuzz.h"
#include "ingest/pick.h"
#include "ingest/webhook_mail.h"
#include "ingest/webhook_map.h"
#include "ingest/webhook_verify.h"

static void check_map(const struct rp_source_door *source, struct rp_str body)
{
    struct rp_batch *batch = rp_batch_new();
    struct rp_door_items items = {.arena = &batch->arena};
    struct rp_envelope envelope = {.received_ms = INT64_C(1772442000000), .sent_ms = RP_NEVER};
    struct rp_err err = {0};

    if (rp_webhook_map(source, RP_STR("delivery"), body, &items, &err) != 0) {
        RP_ASSERT(err.text[0] != '\0');
    } else {
        rp_door_batch(batch, &items, &envelope);
        RP_ASSERT(batch->item_count == items.count && batch->beyond == items.beyond);
        for (size_t i = 0; i < items.count; i++) {
            RP_ASSERT(items.list[i].reject < RP_REJECT_COUNT);
            RP_ASSERT(items.list[i].reject == RP_REJECT_NONE ||
                      batch->items[i].reject == items.list[i].reject);
        }
    }
    rp_batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct rp_str paths[] = {{"a.0.b", 5}, {"a", 1}, {"", 0}};
    struct rp_source_door source = {.name = RP_STR("s"),
                                    .secret = RP_STR("a secret that no input knows"),
                                    .header = RP_STR("X-Signature")};
    struct rp_arena arena;
    struct rp_str body;

    if (size == 0 || size > RP_BODY_MAX)
        return 0;
    body = (struct rp_str){(const char *)bytes + 1, size - 1};
    source.verify = (enum rp_verify)(bytes[0] % 4 + (bytes[0] & 16 ? 4 : 0));
    source.items = bytes[0] & 4 ? RP_STR("a.b") : RP_STR("");
    for (size_t i = 0; i < RP_SOURCE_PATHS && (bytes[0] & 8); i++)
        source.paths[i] = (struct rp_paths){paths, RP_COUNT(paths)};
    check_map(&source, body);
    rp_arena_init(&arena);
    struct rp_hook hook = {.method = RP_STR("POST"),
                           .host = body,
                           .target = body,
                           .body = body,
                           .signature = body,
                           .timestamp = RP_STR("1"),
                           .id = body,
                           .authorization = body,
                           .key = body};
    RP_ASSERT(rp_hook_verify(&arena, &source, &hook) != NULL);
    (void)rp_mail_confirmation(&arena, body);
    rp_arena_fini(&arena);
    return 0;
}
