/* SPDX-License-Identifier: MIT */
/* POST /v1/cloudevents: CloudEvents 1.0 over HTTP in its three modes. Each event is a track: its
 * type is the name (or what ripen.lua makes of it), its data the properties, `source` and `id`
 * together the messageId. Who it is about is said by the attributes userid, anonymousid and email,
 * by the subject if ripen.lua says what that is, or by an e-mail in the data. All attributes are
 * kept in context.cloudevent; of a binary event those that this file knows. A body that cannot be
 * read is refused as a whole; an event that breaks the specification has its verdict. */
#include "base/json_write.h"
#include "base/text.h"
#include "ingest/door.h"
#include "ingest/ingest_priv.h"
#include "ingest/pick.h"
#include "net/url.h"

#include <strings.h>

#include <sodium.h>

enum attribute {
    CE_SPECVERSION,
    CE_ID,
    CE_SOURCE,
    CE_TYPE,
    CE_TIME,
    CE_SUBJECT,
    CE_DATACONTENTTYPE,
    CE_DATASCHEMA,
    CE_USER,
    CE_ANONYMOUS,
    CE_EMAIL,
    CE_ATTRIBUTES,
};

static const char *const names[CE_ATTRIBUTES] = {
    "specversion",     "id",         "source", "type",        "time",  "subject",
    "datacontenttype", "dataschema", "userid", "anonymousid", "email",
};

struct cloud {
    struct rp_arena *arena;
    const struct rp_doors *doors;
    struct rp_str attributes[CE_ATTRIBUTES]; /* "" when absent */
    struct rp_str data;                      /* raw JSON; "" when absent */
    struct rp_buf origin;                    /* the attributes as an object, without its end */
    struct rp_jw jw;                         /* writes it */
    bool has_data;
};

static void refuse_item(struct rp_door_item *item, struct rp_str message)
{
    item->reject = RP_REJECT_CLOUD;
    item->message = message;
}

static struct rp_str base64_of(struct rp_arena *arena, struct rp_str bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *text = rp_arena_alloc(arena, size);

    sodium_bin2base64(text, size, (const unsigned char *)bytes.ptr, bytes.len,
                      sodium_base64_VARIANT_ORIGINAL);
    return (struct rp_str){text, size - 1};
}

static bool is_json_type(struct rp_str type)
{
    const char *end = type.len ? memchr(type.ptr, ';', type.len) : NULL;

    if (end)
        type.len = (size_t)(end - type.ptr);
    while (type.len > 0 && type.ptr[type.len - 1] == ' ')
        type.len--;
    return (type.len == 16 && strncasecmp(type.ptr, "application/json", 16) == 0) ||
           (type.len == 9 && strncasecmp(type.ptr, "text/json", 9) == 0) ||
           (type.len > 5 && strncasecmp(type.ptr + type.len - 5, "+json", 5) == 0);
}

/* Bytes that came as data: JSON stays JSON, text becomes a text, anything else base64. */
static bool take_bytes(struct cloud *cloud, struct rp_str bytes, struct rp_str type)
{
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    const char *error;
    size_t at;

    if (bytes.len == 0)
        return true;
    if (type.len == 0 || is_json_type(type)) {
        if (rp_pick_kind(cloud->arena, bytes, &error, &at) == RP_JSON_ERROR)
            return false;
        return rp_pick(cloud->arena, bytes, RP_STR(""), &cloud->data) || true;
    }
    if (type.len >= 5 && strncasecmp(type.ptr, "text/", 5) == 0 && rp_utf8_valid(bytes)) {
        rp_jw_str(&jw, bytes);
    } else {
        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "data_base64", base64_of(cloud->arena, bytes));
        rp_jw_object_end(&jw);
    }
    cloud->data = rp_arena_str(cloud->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return true;
}

static void put_attribute(struct cloud *cloud, struct rp_str name, struct rp_str raw,
                          struct rp_str text)
{
    rp_jw_key_str(&cloud->jw, name);
    rp_jw_raw(&cloud->jw, raw);
    for (size_t i = 0; i < CE_ATTRIBUTES; i++) {
        if (rp_str_is(name, names[i]))
            cloud->attributes[i] = text;
    }
}

static struct rp_str name_of(const struct cloud *cloud)
{
    struct rp_str name = cloud->attributes[CE_TYPE];

    (void)rp_door_renamed(cloud->doors->cloud_events, cloud->doors->cloud_event_count, name, &name);
    return name;
}

/* What was collected becomes an item, or its refusal. */
static void finish(struct cloud *cloud, struct rp_door_item *item)
{
    const struct rp_str *a = cloud->attributes;
    static const enum attribute required[] = {CE_ID, CE_SOURCE, CE_TYPE};
    enum rp_subject subject = cloud->doors->cloud_subject;
    struct rp_door_event event = {.origin = "cloudevent", .properties = cloud->data};

    rp_jw_object_end(&cloud->jw);
    if (!rp_str_is(a[CE_SPECVERSION], "1.0")) {
        refuse_item(item,
                    rp_arena_printf(cloud->arena, "specversion is \"%.*s\"; this server takes 1.0",
                                    (int)(a[CE_SPECVERSION].len < 60 ? a[CE_SPECVERSION].len : 60),
                                    a[CE_SPECVERSION].ptr ? a[CE_SPECVERSION].ptr : ""));
        return;
    }
    for (size_t i = 0; i < RP_COUNT(required); i++) {
        if (a[required[i]].len == 0) {
            refuse_item(item, rp_arena_printf(cloud->arena,
                                              "the attribute %s is required and must not be empty",
                                              names[required[i]]));
            return;
        }
    }
    struct rp_str id[] = {a[CE_SOURCE], a[CE_ID]};
    event.message_id = rp_door_id(cloud->arena, "ce", id, 2);
    event.name = name_of(cloud);
    event.time = a[CE_TIME];
    event.user_id = a[CE_USER].len || subject != RP_SUBJECT_USER ? a[CE_USER] : a[CE_SUBJECT];
    event.anonymous_id =
        a[CE_ANONYMOUS].len || subject != RP_SUBJECT_ANONYMOUS ? a[CE_ANONYMOUS] : a[CE_SUBJECT];
    event.email = a[CE_EMAIL].len || subject != RP_SUBJECT_EMAIL ? a[CE_EMAIL] : a[CE_SUBJECT];
    event.origin_raw = rp_buf_view(&cloud->origin);
    item->json = rp_door_json(cloud->arena, &event);
}

static void begin(struct cloud *cloud, struct rp_arena *arena, const struct rp_doors *doors)
{
    *cloud = (struct cloud){.arena = arena, .doors = doors};
    cloud->jw = rp_jw(&cloud->origin);
    rp_jw_object(&cloud->jw);
}

static bool is_attribute_name(struct rp_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return false;
    }
    return name.len > 0;
}

/* ---- JSON: structured and batch -------------------------------------------------------------- */

/* data_base64: a text; its bytes are read when the content type is known. NULL: fine. */
static const char *take_base64(struct cloud *cloud, struct rp_str text)
{
    unsigned char *bytes = rp_arena_alloc(cloud->arena, text.len + 1);
    size_t len = 0;

    if (sodium_base642bin(bytes, text.len, text.ptr, text.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        !take_bytes(cloud, (struct rp_str){(char *)bytes, len},
                    cloud->attributes[CE_DATACONTENTTYPE]))
        return "data_base64 is not base64 of what datacontenttype says";
    return NULL;
}

/* One member; NULL, or what is wrong. */
static const char *take_member(struct cloud *cloud, struct rp_json *json, struct rp_str *base64)
{
    struct rp_str name = json->string, raw, text;
    enum rp_json_token token = rp_json_skip(json, &raw);

    if (rp_str_is(name, "data")) {
        cloud->has_data = token != RP_JSON_NULL;
        cloud->data = cloud->has_data ? raw : RP_STR("");
        return NULL;
    }
    if (token == RP_JSON_NULL) /* as if it were not there */
        return NULL;
    text = raw;
    if (token == RP_JSON_STRING && !rp_pick_text(cloud->arena, raw, RP_STR(""), &text))
        text = RP_STR("");
    if (rp_str_is(name, "data_base64")) {
        *base64 = text;
        return token == RP_JSON_STRING ? NULL : "data_base64 must be a text";
    }
    if (!is_attribute_name(name))
        return "names of attributes are lower-case letters and digits";
    if (token == RP_JSON_OBJECT || token == RP_JSON_ARRAY)
        return "an attribute is a text, a number or a boolean; objects belong into data";
    for (size_t i = 0; i < CE_ATTRIBUTES; i++) {
        if (rp_str_is(name, names[i]) && token != RP_JSON_STRING)
            return "id, source, type, specversion, time, subject and who it is about must be texts";
    }
    put_attribute(cloud, name, raw, text);
    return NULL;
}

static void take_json(struct rp_arena *arena, const struct rp_doors *doors, struct rp_str raw,
                      struct rp_door_item *item)
{
    struct cloud cloud;
    struct rp_json json;
    struct rp_str base64 = {NULL, 0};
    const char *wrong = NULL;

    if (!item)
        return;
    begin(&cloud, arena, doors);
    rp_json_init(&json, arena, raw);
    if (rp_json_next(&json) != RP_JSON_OBJECT)
        wrong = "a CloudEvent is a JSON object";
    while (!wrong && rp_json_next(&json) == RP_JSON_KEY)
        wrong = take_member(&cloud, &json, &base64);
    if (!wrong && base64.ptr)
        wrong = cloud.has_data ? "an event has data or data_base64, not both"
                               : take_base64(&cloud, base64);
    if (wrong)
        refuse_item(item, rp_str_from(wrong));
    else
        finish(&cloud, item);
    rp_buf_fini(&cloud.origin);
}

/* 0, or EINPUT when the body is no JSON of that mode. */
static int take_body(struct rp_door_items *items, const struct rp_doors *doors, struct rp_str body,
                     bool batch, struct rp_err *err)
{
    const char *error = NULL;
    size_t at = 0;
    struct rp_json json;
    struct rp_str raw;
    enum rp_json_token token = rp_pick_kind(items->arena, body, &error, &at);

    if (token == RP_JSON_ERROR)
        return rp_err_set(err, RIPEN_EINPUT, "the body is not JSON: %s at byte %zu", error, at);
    if (token != (batch ? RP_JSON_ARRAY : RP_JSON_OBJECT))
        return rp_err_set(err, RIPEN_EINPUT, "%s",
                          batch ? "a batch of CloudEvents is a JSON array"
                                : "a CloudEvent is a JSON object");
    if (!batch) {
        take_json(items->arena, doors, body, rp_door_add(items));
        return 0;
    }
    rp_json_init(&json, items->arena, body);
    rp_json_next(&json);
    while ((token = rp_json_skip(&json, &raw)) != RP_JSON_ARRAY_END && token != RP_JSON_ERROR)
        take_json(items->arena, doors, raw, rp_door_add(items));
    return 0;
}

/* ---- Binary ---------------------------------------------------------------------------------- */

/* The value of a ce- header: quotes around it and percent-encoding are taken off, once. */
static bool header_value(struct rp_arena *arena, struct rp_str value, struct rp_str *ret_text)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = (struct rp_str){value.ptr + 1, value.len - 2};
    return rp_url_decode(arena, value, false, ret_text) && rp_utf8_valid(*ret_text);
}

static void take_binary(struct rp_door_items *items, const struct rp_doors *doors,
                        const struct rp_http_request *request, struct rp_str type)
{
    struct rp_door_item *item = rp_door_add(items);
    struct cloud cloud;
    const char *wrong = NULL;

    begin(&cloud, items->arena, doors);
    for (size_t i = 0; i < CE_ATTRIBUTES && !wrong; i++) {
        char header[32];
        struct rp_str value, text;
        struct rp_buf raw = {0};
        struct rp_jw jw = rp_jw(&raw);
        snprintf(header, sizeof(header), "ce-%s", names[i]);
        value = i == CE_DATACONTENTTYPE ? type : rp_http_header(request, header);
        if (value.len == 0)
            continue;
        if (!header_value(items->arena, value, &text)) {
            wrong = "a ce- header is percent-encoded UTF-8";
            break;
        }
        rp_jw_str(&jw, text);
        put_attribute(&cloud, rp_str_from(names[i]), rp_buf_view(&raw),
                      rp_arena_str(items->arena, text));
        rp_buf_fini(&raw);
    }
    if (!wrong && !take_bytes(&cloud, request->body, type))
        wrong = "the data is not the JSON that its Content-Type says";
    if (wrong)
        refuse_item(item, rp_str_from(wrong));
    else
        finish(&cloud, item);
    rp_buf_fini(&cloud.origin);
}

/* ---- The door -------------------------------------------------------------------------------- */

enum mode { MODE_BINARY, MODE_STRUCTURED, MODE_BATCH, MODE_UNKNOWN };

static enum mode mode_of(struct rp_str type)
{
    static const struct {
        struct rp_str prefix;
        enum mode mode;
    } modes[] = {
        /* The longer one of two first. */
        {{"application/cloudevents-batch+json", 34}, MODE_BATCH},
        {{"application/cloudevents-batch", 29}, MODE_UNKNOWN},
        {{"application/cloudevents+json", 28}, MODE_STRUCTURED},
        {{"application/cloudevents", 23}, MODE_UNKNOWN},
    };

    for (size_t i = 0; i < RP_COUNT(modes); i++) {
        size_t len = modes[i].prefix.len;
        if (type.len >= len && strncasecmp(type.ptr, modes[i].prefix.ptr, len) == 0)
            return modes[i].mode;
    }
    return MODE_BINARY;
}

void rp_cloud_preflight(struct rp_http_request *request)
{
    struct rp_str origin = rp_http_header(request, "WebHook-Request-Origin");

    if (origin.len > 0) {
        rp_http_reply_header(request, "WebHook-Allowed-Origin", origin);
        rp_http_reply_header(request, "WebHook-Allowed-Rate", RP_STR("*"));
    }
}

void rp_cloud_take(struct rp_ingest *ingest, struct rp_http_request *request, struct rp_str name)
{
    struct rp_caller caller = rp_ingest_caller(ingest, request, RP_DOOR_HEADER, RP_STR(""));
    struct rp_str type = rp_http_header(request, "Content-Type");
    enum mode mode = mode_of(type);
    struct rp_batch *batch;
    struct rp_door_items items = {0};
    struct rp_err err;
    int status = 0;

    (void)name;
    if (!caller.known) {
        rp_ingest_refuse(ingest, request, caller.status, caller.code, caller.message);
        return;
    }
    if (mode == MODE_UNKNOWN) {
        rp_ingest_refuse(ingest, request, 415, "unknown_format",
                         "CloudEvents come as JSON: application/cloudevents+json, "
                         "application/cloudevents-batch+json, or with ce- headers");
        return;
    }
    batch = rp_ingest_batch(ingest);
    items.arena = &batch->arena;
    if (mode == MODE_BINARY)
        take_binary(&items, ingest->doors, request, type);
    else
        status = take_body(&items, ingest->doors, request->body, mode == MODE_BATCH, &err);
    if (status != 0) {
        rp_ingest_drop(ingest, batch);
        rp_ingest_refuse(ingest, request, 400, "bad_json", err.text);
        return;
    }
    struct rp_envelope envelope = {.received_ms = rp_clock_now(&ingest->clock),
                                   .sent_ms = RP_NEVER,
                                   .trust_received = caller.trusted,
                                   .public_key = caller.is_public,
                                   .flags = caller.is_public ? RP_EVENT_PUBLIC : 0};
    rp_door_batch(batch, &items, &envelope);
    rp_ingest_enqueue(ingest, request, batch, RP_REPLY_VERDICTS, NULL);
}
