/* SPDX-License-Identifier: MIT */
/* A request's body is cut into items. The whole text is checked here, so that a request is either
 * JSON or refused as a whole; the items are judged one by one later. */
#include "base/check.h"
#include "base/json_read.h"
#include "model/event.h"

/* Growing list of slices in the arena. */
struct slices {
    struct rp_str *list;
    size_t count, cap;
};

static void slices_add(struct rp_arena *arena, struct slices *slices, struct rp_str slice)
{
    if (slices->count == slices->cap) {
        size_t cap = slices->cap ? slices->cap * 2 : 64;
        struct rp_str *grown = rp_arena_alloc(arena, cap * sizeof(*grown));
        if (slices->count > 0)
            memcpy(grown, slices->list, slices->count * sizeof(*grown));
        slices->list = grown;
        slices->cap = cap;
    }
    slices->list[slices->count++] = slice;
}

static int refuse(const struct rp_json *json, struct rp_err *err)
{
    return rp_err_set(err, RIPEN_EINPUT, "the body is not JSON: %s at byte %zu", json->error,
                      json->error_at);
}

/* Reads the elements of an array up to its end. */
static void read_items(struct rp_arena *arena, struct rp_json *json, struct slices *items)
{
    struct rp_str raw;
    enum rp_json_token token;

    items->count = 0; /* of two batches the later one counts, as with all keys */
    while ((token = rp_json_skip(json, &raw)) != RP_JSON_ERROR && token != RP_JSON_ARRAY_END)
        slices_add(arena, items, raw);
}

int rp_request_parse(struct rp_arena *arena, struct rp_str body, struct rp_request *ret_request,
                     struct rp_err *err)
{
    struct rp_request request = {.sent_ms = RP_NEVER};
    struct rp_str context = {NULL, 0}, raw;
    struct slices items = {0};
    struct rp_json json;
    enum rp_json_token token;

    rp_json_init(&json, arena, body);
    token = rp_json_next(&json);
    if (token == RP_JSON_ERROR)
        return refuse(&json, err);
    if (token != RP_JSON_OBJECT)
        return rp_err_set(err, RIPEN_EINPUT,
                          "the body must be a JSON object: one event, or {\"batch\":[…]}");
    size_t start = json.at - 1;
    while ((token = rp_json_next(&json)) == RP_JSON_KEY) {
        struct rp_str key = json.string;
        if (rp_str_is(key, "batch")) {
            struct rp_json ahead = json;
            request.batch = rp_json_next(&ahead) == RP_JSON_ARRAY;
            if (request.batch) {
                json = ahead;
                read_items(arena, &json, &items);
            } else {
                rp_json_skip(&json, NULL);
            }
        } else if (rp_str_is(key, "context")) {
            context = rp_json_skip(&json, &raw) == RP_JSON_OBJECT ? raw : (struct rp_str){NULL, 0};
        } else if (rp_str_is(key, "writeKey") || rp_str_is(key, "sentAt")) {
            bool is_key = key.ptr[0] == 'w';
            struct rp_json ahead = json;
            enum rp_json_token value = rp_json_next(&ahead);
            rp_json_skip(&json, NULL);
            if (is_key && value == RP_JSON_STRING)
                request.write_key = ahead.string;
            else if (value == RP_JSON_STRING || value == RP_JSON_NUMBER)
                rp_time_parse(value == RP_JSON_STRING ? ahead.string : ahead.raw, &request.sent_ms);
        } else {
            rp_json_skip(&json, NULL);
        }
    }
    if (token == RP_JSON_ERROR || rp_json_next(&json) == RP_JSON_ERROR)
        return refuse(&json, err);
    if (request.batch) {
        request.context = context;
    } else {
        size_t end = body.len;
        while (body.ptr[end - 1] != '}')
            end--;
        items.count = 0;
        slices_add(arena, &items, (struct rp_str){body.ptr + start, end - start});
    }
    request.items = items.list;
    request.item_count = items.count;
    *ret_request = request;
    return RIPEN_OK;
}
