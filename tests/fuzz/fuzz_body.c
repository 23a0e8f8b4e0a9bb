/* SPDX-License-Identifier: MIT */
/* A request's body as the HTTP door takes it. The first byte chooses: the rest is gzip, or is
 * packed here first (and must come out as it went in), and what kind of key sent it. Then the
 * batch: each item has a verdict, and the answer is JSON that tells of each rejected one. */
#include "base/check.h"
#include "base/json_read.h"
#include "base/limits.h"
#include "base/mem.h"
#include "core/core.h"
#include "fuzz.h"
#include "net/gzip.h"

#include <stdlib.h>

#include <zlib.h>

#define NOW       INT64_C(1772442000000)
#define SMALL_MAX 64 /* a limit that most bodies pass */

enum choice { CHOICE_PACKED = 1, CHOICE_PUBLIC = 2, CHOICE_TRUSTED = 4, CHOICE_TYPED = 8 };

/* The body packed by zlib, to be freed. */
static struct rp_str pack(struct rp_str plain)
{
    z_stream z = {0};

    RP_ASSERT(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t cap = deflateBound(&z, plain.len);
    unsigned char *out = rp_malloc(cap);
    z.next_in = (z_const Bytef *)(uintptr_t)plain.ptr;
    z.avail_in = (uInt)plain.len;
    z.next_out = out;
    z.avail_out = (uInt)cap;
    RP_ASSERT(deflate(&z, Z_FINISH) == Z_STREAM_END);
    size_t len = cap - z.avail_out;
    deflateEnd(&z);
    return (struct rp_str){(char *)out, len};
}

/* False: these bytes are no body. */
static bool unpack(struct rp_arena *arena, struct rp_str packed, struct rp_str *ret_plain)
{
    struct rp_gunzip *gunzip = rp_gunzip_new();
    struct rp_str small;
    int status = rp_gunzip_run(arena, gunzip, packed, RP_BODY_MAX, ret_plain);

    RP_ASSERT(status == 0 || status == RIPEN_EINPUT || status == RIPEN_ELIMIT);
    RP_ASSERT(status != 0 || ret_plain->len <= RP_BODY_MAX);
    int again =
        rp_gunzip_run(arena, gunzip, packed, SMALL_MAX, &small); /* the decoder is used again */
    if (status == 0)
        RP_ASSERT(again == (ret_plain->len <= SMALL_MAX ? 0 : RIPEN_ELIMIT));
    rp_gunzip_free(gunzip);
    return status == 0;
}

/* Verdicts as the core gives them when nothing is known yet, and the answer that tells them. */
static void check_answer(struct rp_batch *batch)
{
    struct rp_buf answer = {0};
    struct rp_json json;
    enum rp_json_token token;
    size_t codes = 0;

    for (size_t i = 0; i < batch->item_count; i++) {
        struct rp_item *item = &batch->items[i];
        item->verdict = item->reject == RP_REJECT_NONE ? RP_VERDICT_ACCEPTED : RP_VERDICT_REJECTED;
        batch->accepted += item->verdict == RP_VERDICT_ACCEPTED;
    }
    batch->rejected = batch->item_count - batch->accepted;
    rp_batch_answer(batch, &answer);
    rp_json_init(&json, &batch->arena, rp_buf_view(&answer));
    while ((token = rp_json_next(&json)) > RP_JSON_END)
        codes += token == RP_JSON_KEY && rp_str_is(json.string, "code");
    RP_ASSERT(token == RP_JSON_END);
    size_t listed = batch->beyond < RP_BATCH_ITEMS_MAX ? batch->beyond : RP_BATCH_ITEMS_MAX;
    RP_ASSERT(codes == batch->rejected + listed);
    rp_buf_fini(&answer);
}

static void check_body(struct rp_str body, unsigned choice)
{
    struct rp_batch *batch = rp_batch_new();
    struct rp_request request;
    struct rp_err err = {0};
    struct rp_envelope envelope = {.received_ms = NOW,
                                   .sent_ms = RP_NEVER,
                                   .type = (enum rp_event_type)((choice >> 4) % RP_EVENT_TYPES),
                                   .type_known = choice & CHOICE_TYPED,
                                   .trust_received = choice & CHOICE_TRUSTED,
                                   .public_key = choice & CHOICE_PUBLIC};

    if (rp_batch_parse(batch, body, &envelope, &request, &err) != 0) {
        RP_ASSERT(err.status == RIPEN_EINPUT && err.text[0]);
    } else {
        RP_ASSERT(batch->item_count <= RP_BATCH_ITEMS_MAX);
        RP_ASSERT(batch->item_count + batch->beyond == request.item_count);
        RP_ASSERT(request.batch || request.item_count == 1);
        for (size_t i = 0; i < batch->item_count; i++) {
            const struct rp_item *item = &batch->items[i];
            RP_ASSERT(item->verdict == RP_VERDICT_REJECTED && item->reject < RP_REJECT_COUNT);
            RP_ASSERT(item->reject != RP_REJECT_NONE || item->event.message_id.len > 0);
            RP_ASSERT(item->reject == RP_REJECT_NONE || item->message.len > 0);
        }
        check_answer(batch);
    }
    rp_batch_reset(batch);
    rp_batch_free(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_arena arena;
    struct rp_str body, plain;

    if (size == 0 || size > RP_BODY_MAX)
        return 0;
    body = (struct rp_str){(const char *)bytes + 1, size - 1};
    rp_arena_init(&arena);
    if (bytes[0] & CHOICE_PACKED) {
        if (unpack(&arena, body, &plain))
            check_body(plain, bytes[0]);
    } else {
        struct rp_str packed = pack(body);
        RP_ASSERT(unpack(&arena, packed, &plain) && rp_str_eq(plain, body));
        free((void *)(uintptr_t)packed.ptr);
        check_body(plain, bytes[0]);
    }
    rp_arena_fini(&arena);
    return 0;
}
