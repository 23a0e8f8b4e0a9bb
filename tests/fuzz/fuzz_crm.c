/* SPDX-License-Identifier: MIT */
/* What CRMs may answer: any bytes, split into a row's body, a memory and answers, under each
 * preset. A flow ends within its bound, what it remembers is JSON that it reads again, and no text
 * tells the token. */
#include "base/check.h"
#include "base/json_read.h"
#include "base/limits.h"
#include "deliver/crm.h"
#include "fuzz.h"

#include <string.h>

static const char token[] = "tok-0123456789abcdef";

/* The next piece of the input: up to a zero byte. */
static struct rp_str piece(struct rp_str *left)
{
    const char *end = left->len > 0 ? memchr(left->ptr, 0, left->len) : NULL;
    struct rp_str text = {left->ptr, end ? (size_t)(end - left->ptr) : left->len};
    size_t used = text.len + (end != NULL);

    *left = (struct rp_str){left->len > 0 ? left->ptr + used : left->ptr, left->len - used};
    return text;
}

static bool is_object(struct rp_str text)
{
    struct rp_arena arena;
    struct rp_json json;
    bool good;

    rp_arena_init(&arena);
    rp_json_init(&json, &arena, text);
    good = rp_json_skip(&json, NULL) == RP_JSON_OBJECT && rp_json_next(&json) == RP_JSON_END;
    rp_arena_fini(&arena);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const int statuses[] = {200, 201, 204, 404, 409, 401, 403, 429, 400, 500, 0, 302};
    struct rp_str left;
    struct rp_crm_target target = {.name = RP_STR("crm"),
                                   .url = RP_STR("https://crm.test"),
                                   .token = rp_str_from(token),
                                   .client_id = RP_STR(""),
                                   .client_secret = RP_STR(""),
                                   .version = RP_STR("v59.0"),
                                   .header = RP_STR(""),
                                   .method = RP_STR("PUT"),
                                   .path = RP_STR("/{object}/{match}"),
                                   .read = true};
    enum rp_crm_verdict verdict;
    struct rp_crm_flow *flow;
    struct rp_str body, memory;
    int steps = 0;

    if (size == 0 || size > RP_ACTION_BODY_MAX)
        return 0;
    target.preset = (enum rp_preset)(1 + bytes[0] % 4);
    left = (struct rp_str){(const char *)bytes + 1, size - 1};
    body = piece(&left);
    memory = piece(&left);
    flow = rp_crm_new(&target, body, memory, RP_STR(""));
    verdict = rp_crm_begin(flow);
    for (; verdict == RP_CRM_ASK; steps++) {
        const struct rp_crm_request *request = rp_crm_request(flow);
        struct rp_str answer = piece(&left);
        int status =
            statuses[answer.len > 0 ? (unsigned char)answer.ptr[0] % RP_COUNT(statuses) : 3];

        RP_ASSERT(steps < RP_CRM_STEPS_MAX + 1);
        RP_ASSERT(rp_str_starts(request->url, RP_STR("https://crm.test/")));
        RP_ASSERT(!request->content_type || is_object(request->body));
        if (answer.len > 0 && answer.ptr[0] != '{' && answer.ptr[0] != '[')
            answer = (struct rp_str){answer.ptr + 1, answer.len - 1};
        verdict = rp_crm_answer(flow, status, -1, answer);
    }
    RP_ASSERT(rp_crm_text(flow).len > 0);
    RP_ASSERT(!memmem(rp_crm_text(flow).ptr, rp_crm_text(flow).len, token, sizeof(token) - 1) ||
              verdict == RP_CRM_DELIVERED); /* a field's name may be any text */
    RP_ASSERT(rp_crm_memory(flow).len == 0 || is_object(rp_crm_memory(flow)));
    rp_crm_free(flow);
    return 0;
}
