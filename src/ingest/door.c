/* SPDX-License-Identifier: MIT */
/* The doors beside the SDKs' routes: which of them a request knocks at, and items as they share
 * them. The rest is each door's own file. */
#include "ingest/door.h"

#include "base/hash.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/when.h"
#include "ingest/ingest_priv.h"
#include "ingest/pick.h"
#include "net/answer.h"

#define NAME_MAX_BYTES 64

static const struct {
    struct rp_str prefix;
    bool named; /* a name follows; else the prefix is the path */
    void (*take)(struct rp_ingest *ingest, struct rp_http_request *request, struct rp_str name);
} doors[] = {
    {{"/v1/form/", 9}, true, rp_form_take},
    {{"/v1/webhook/", 12}, true, rp_webhook_take},
    {{"/v1/cloudevents", 15}, false, rp_cloud_take},
};

static bool is_name(struct rp_str name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || (c == '.' && i > 0)))
            return false;
    }
    return true;
}

bool rp_ingest_door(struct rp_ingest *ingest, struct rp_http_request *request)
{
    for (size_t i = 0; i < RP_COUNT(doors); i++) {
        struct rp_str prefix = doors[i].prefix, name;
        if (!rp_str_starts(request->path, prefix))
            continue;
        name = (struct rp_str){request->path.ptr + prefix.len, request->path.len - prefix.len};
        if (doors[i].named ? !is_name(name) : name.len > 0)
            return false;
        ingest->stats.requests++;
        if (request->method == RP_POST) {
            doors[i].take(ingest, request, name);
        } else if (request->method == RP_OPTIONS) {
            if (doors[i].take == rp_cloud_take)
                rp_cloud_preflight(request);
            rp_ingest_preflight(request, "POST, OPTIONS");
        } else {
            rp_ingest_cors(request);
            rp_http_not_allowed(request, "POST, OPTIONS");
        }
        return true;
    }
    return false;
}

struct rp_door_item *rp_door_add(struct rp_door_items *items)
{
    if (items->count == RP_BATCH_ITEMS_MAX) {
        items->beyond++;
        return NULL;
    }
    if (items->count == items->cap) {
        size_t cap = items->cap ? items->cap * 2 : 16;
        struct rp_door_item *wider = RP_ARENA_ARRAY(items->arena, struct rp_door_item, cap);
        if (items->count > 0)
            memcpy(wider, items->list, items->count * sizeof(*wider));
        items->list = wider;
        items->cap = cap;
    }
    items->list[items->count] = (struct rp_door_item){.json = RP_STR("null")};
    return &items->list[items->count++];
}

static void put_some(struct rp_jw *jw, const char *key, struct rp_str text)
{
    if (text.len > 0)
        rp_jw_put_str(jw, key, text);
}

struct rp_str rp_door_time(struct rp_arena *arena, struct rp_str text)
{
    const char *point = text.len ? memchr(text.ptr, '.', text.len) : NULL;
    struct rp_str whole = text;
    struct rp_buf out = {0};
    double number;
    int64_t at_ms;

    if (point && rp_number_parse(text, &number))
        whole.len = (size_t)(point - text.ptr);
    if (text.len == 0 || !rp_time_parse(whole, &at_ms))
        return text;
    rp_time_print(&out, at_ms);
    text = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

struct rp_str rp_door_json(struct rp_arena *arena, const struct rp_door_event *event)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    struct rp_str json, raw = event->properties;

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "track");
    put_some(&jw, "event", event->name);
    put_some(&jw, "messageId", event->message_id);
    put_some(&jw, "userId", event->user_id);
    put_some(&jw, "anonymousId", event->anonymous_id);
    put_some(&jw, "timestamp", event->time);
    rp_jw_key(&jw, "properties");
    if (raw.len > 0 && raw.ptr[0] == '{') {
        rp_jw_raw(&jw, raw);
    } else {
        rp_jw_object(&jw);
        if (raw.len > 0) {
            rp_jw_key(&jw, "data");
            rp_jw_raw(&jw, raw);
        }
        rp_jw_object_end(&jw);
    }
    rp_jw_key(&jw, "context");
    rp_jw_object(&jw);
    if (event->email.len > 0) {
        rp_jw_key(&jw, "traits");
        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "email", event->email);
        rp_jw_object_end(&jw);
    }
    if (event->origin_raw.len > 0) {
        rp_jw_key(&jw, event->origin);
        rp_jw_raw(&jw, event->origin_raw);
    }
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    json = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return json;
}

struct rp_str rp_door_id(struct rp_arena *arena, const char *kind, const struct rp_str *parts,
                         size_t count)
{
    struct rp_digest *digest = rp_digest_new(NULL, 0);
    char text[27];

    for (size_t i = 0; i < count; i++)
        rp_digest_part(digest, parts[i]);
    rp_digest_end(digest, text);
    return rp_arena_printf(arena, "%s-%s", kind, text);
}

void rp_door_batch(struct rp_batch *batch, struct rp_door_items *items,
                   struct rp_envelope *envelope)
{
    struct rp_request request = {.sent_ms = RP_NEVER, .item_count = items->count};

    request.items = RP_ARENA_ARRAY(&batch->arena, struct rp_str, items->count + 1);
    for (size_t i = 0; i < items->count; i++) {
        struct rp_door_item *item = &items->list[i];
        const char *error;
        size_t at;
        if (rp_pick_kind(&batch->arena, item->json, &error, &at) == RP_JSON_ERROR)
            *item = (struct rp_door_item){RP_STR("null"), RP_REJECT_PROPERTIES, /* one level more */
                                          RP_STR("the values are nested too deeply")};
        request.items[i] = item->json;
    }
    rp_batch_items(batch, &request, envelope);
    batch->beyond = items->beyond;
    for (size_t i = 0; i < items->count; i++) {
        if (items->list[i].reject != RP_REJECT_NONE) {
            batch->items[i].reject = items->list[i].reject;
            batch->items[i].message = items->list[i].message;
        }
    }
}

bool rp_door_renamed(const struct rp_renamed *list, size_t count, struct rp_str name,
                     struct rp_str *ret_name)
{
    for (size_t i = 0; i < count; i++) {
        if (rp_str_eq(list[i].from, name)) {
            *ret_name = list[i].to;
            return true;
        }
    }
    return false;
}
