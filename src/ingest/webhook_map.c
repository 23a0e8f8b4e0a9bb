/* SPDX-License-Identifier: MIT */
/* Bodies of webhooks, cut into events and mapped. HubSpot sends a list of changes; Mautic an object
 * that has lists under the names of its events; the others one object, or a list of them. An event
 * without a name, or one that ripen.lua does not list, is a rejected item.
 *
 * A userId out of a CRM's own numbering gets the source's name before it ("hubspot:4711"), unless
 * ripen.lua names the path: only its author knows that the numbers are the web site's. */
#include "ingest/webhook_map.h"

#include "base/json_write.h"
#include "engine/config.h"
#include "ingest/pick.h"
#include "ingest/webhook_mail.h"

#define PRESET_PATHS 3
#define ID_PARTS     8

/* In the order of enum rp_source_path. */
static const char *const presets[][RP_SOURCE_PATHS][PRESET_PATHS] = {
    [RP_VERIFY_HUBSPOT] = {{"subscriptionType", "eventType"},
                           {"eventId", "subscriptionId", "occurredAt"},
                           {"objectId"},
                           {NULL},
                           {"email"},
                           {"occurredAt"},
                           {""}},
    [RP_VERIFY_MAUTIC] = {{NULL},
                          {NULL},
                          {NULL},
                          {NULL},
                          {"contact.fields.core.email.value", "submission.results.email",
                           "submission.lead.fields.core.email.value"},
                          {"timestamp"},
                          {"submission.results", ""}},
    [RP_VERIFY_STANDARD] = {{"type", "event"},
                            {"id"},
                            {"data.userId", "data.user_id"},
                            {"data.anonymousId"},
                            {"data.email", "data.contact.email"},
                            {"timestamp"},
                            {"data", ""}},
    [RP_VERIFY_HMAC] = {{"event", "type"},
                        {"id"},
                        {"userId", "user_id"},
                        {"anonymousId"},
                        {"email", "data.email"},
                        {"timestamp", "time", "created_at"},
                        {"properties", "data", ""}},
};

struct mapping {
    const struct rp_source_door *source;
    struct rp_str delivery;
    struct rp_door_items *items;
    size_t index; /* of the event in the request */
};

/* The path with that number; false: there is none. */
static bool path_of(const struct rp_source_door *source, enum rp_source_path which, size_t index,
                    struct rp_str *ret_path)
{
    const struct rp_paths *paths = &source->paths[which];

    if (paths->count > 0) {
        if (index < paths->count)
            *ret_path = paths->items[index];
        return index < paths->count;
    }
    if (index >= PRESET_PATHS || !presets[source->verify][which][index])
        return false;
    *ret_path = rp_str_from(presets[source->verify][which][index]);
    return true;
}

/* The first value that a path leads to; "" when none does. */
static struct rp_str text_at(const struct mapping *m, struct rp_str event,
                             enum rp_source_path which)
{
    struct rp_str path, text;

    for (size_t i = 0; path_of(m->source, which, i, &path); i++) {
        if (rp_pick_text(m->items->arena, event, path, &text))
            return text;
    }
    return RP_STR("");
}

static struct rp_str properties_of(const struct mapping *m, struct rp_str event)
{
    struct rp_str path, raw;

    for (size_t i = 0; path_of(m->source, RP_SOURCE_PROPERTIES, i, &path); i++) {
        if (rp_pick(m->items->arena, event, path, &raw))
            return raw;
    }
    return RP_STR("");
}

/* Of the values that make it one event; without any, of the delivery and its place there, or of its
 * bytes. */
static struct rp_str message_id(const struct mapping *m, struct rp_str name, struct rp_str event)
{
    struct rp_str parts[ID_PARTS] = {m->source->name, name}, path;
    size_t count = 2;

    for (size_t i = 0; count < ID_PARTS && path_of(m->source, RP_SOURCE_ID, i, &path); i++) {
        if (rp_pick_text(m->items->arena, event, path, &parts[count]))
            count++;
    }
    if (count == 2 && m->delivery.len > 0) {
        parts[count++] = m->delivery;
        parts[count++] = rp_arena_printf(m->items->arena, "%zu", m->index);
    } else if (count == 2) {
        parts[count++] = event;
    }
    return rp_door_id(m->items->arena, "hook", parts, count);
}

static struct rp_str email_of(const struct mapping *m, struct rp_str event)
{
    struct rp_str email = text_at(m, event, RP_SOURCE_EMAIL), property;

    /* HubSpot tells of an address as of any other property that changed. */
    if (email.len == 0 && m->source->verify == RP_VERIFY_HUBSPOT &&
        rp_pick_text(m->items->arena, event, RP_STR("propertyName"), &property) &&
        rp_str_is(property, "email"))
        (void)rp_pick_text(m->items->arena, event, RP_STR("propertyValue"), &email);
    return email;
}

static struct rp_str user_of(const struct mapping *m, struct rp_str event)
{
    struct rp_str user = text_at(m, event, RP_SOURCE_USER);

    if (user.len > 0 && m->source->verify == RP_VERIFY_HUBSPOT &&
        m->source->paths[RP_SOURCE_USER].count == 0)
        user = rp_arena_printf(m->items->arena, "%.*s:%.*s", RP_STR_ARG(m->source->name),
                               RP_STR_ARG(user));
    return user;
}

/* The name that it has here; false: refused. */
static bool name_event(const struct mapping *m, struct rp_str theirs, struct rp_door_item *item,
                       struct rp_str *ret_name)
{
    if (theirs.len == 0) {
        struct rp_str path = RP_STR("");
        (void)path_of(m->source, RP_SOURCE_EVENT, 0, &path);
        item->reject = RP_REJECT_NAME;
        item->message = rp_arena_printf(
            m->items->arena, "there is no event name at \"%.*s\"; see `event` of source \"%.*s\"",
            RP_STR_ARG(path), RP_STR_ARG(m->source->name));
        return false;
    }
    *ret_name = theirs;
    if (!m->source->renames ||
        rp_door_renamed(m->source->events, m->source->event_count, theirs, ret_name))
        return true;
    item->reject = RP_REJECT_UNMAPPED;
    item->message = rp_arena_printf(
        m->items->arena, "\"%.*s\" is not listed in `events` of source \"%.*s\"",
        (int)(theirs.len < 100 ? theirs.len : 100), theirs.ptr, RP_STR_ARG(m->source->name));
    return false;
}

/* `name` "" : it stands in the event. */
static void map_one(struct mapping *m, struct rp_str name, struct rp_str event)
{
    struct rp_door_item *item = rp_door_add(m->items);
    struct rp_door_event mapped = {.origin = "source"};
    struct rp_str theirs;
    struct rp_buf origin = {0};
    struct rp_jw jw = rp_jw(&origin);

    m->index++;
    if (!item)
        return;
    if (event.len == 0 || event.ptr[0] != '{') {
        item->reject = RP_REJECT_NOT_OBJECT;
        return;
    }
    theirs = name.len > 0 ? name : text_at(m, event, RP_SOURCE_EVENT);
    if (!name_event(m, theirs, item, &mapped.name))
        return;
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "name", m->source->name);
    rp_jw_put_str(&jw, "event", theirs);
    rp_jw_object_end(&jw);
    mapped.message_id = message_id(m, theirs, event);
    mapped.user_id = user_of(m, event);
    mapped.anonymous_id = text_at(m, event, RP_SOURCE_ANONYMOUS);
    mapped.email = email_of(m, event);
    mapped.time = rp_door_time(m->items->arena, text_at(m, event, RP_SOURCE_TIME));
    mapped.properties = properties_of(m, event);
    mapped.origin_raw = rp_buf_view(&origin);
    item->json = rp_door_json(m->items->arena, &mapped);
    rp_buf_fini(&origin);
}

/* An event, or a list of them. */
static void map_value(struct mapping *m, struct rp_str name, struct rp_str raw)
{
    struct rp_json json;
    enum rp_json_token token;

    if (raw.len == 0 || raw.ptr[0] != '[') {
        map_one(m, name, raw);
        return;
    }
    rp_json_init(&json, m->items->arena, raw);
    rp_json_next(&json);
    while ((token = rp_json_skip(&json, &raw)) != RP_JSON_ARRAY_END && token != RP_JSON_ERROR)
        map_one(m, name, raw);
}

/* {"mautic.form_on_submit":[{…}],"mautic.lead_points_change":[{…}]} */
static void map_named(struct mapping *m, struct rp_str body)
{
    struct rp_json json;
    struct rp_str raw;

    rp_json_init(&json, m->items->arena, body);
    rp_json_next(&json);
    while (rp_json_next(&json) == RP_JSON_KEY) {
        struct rp_str name = json.string;
        enum rp_json_token token = rp_json_skip(&json, &raw);
        if (token == RP_JSON_OBJECT || token == RP_JSON_ARRAY)
            map_value(m, name, raw);
    }
}

int rp_webhook_map(const struct rp_source_door *source, struct rp_str delivery, struct rp_str body,
                   struct rp_door_items *items, struct rp_err *err)
{
    struct mapping m = {.source = source, .delivery = delivery, .items = items};
    const char *error = NULL;
    size_t at = 0;
    enum rp_json_token token = rp_pick_kind(items->arena, body, &error, &at);

    if (token == RP_JSON_ERROR)
        return rp_err_set(err, RIPEN_EINPUT, "the body is not JSON: %s at byte %zu", error, at);
    if (rp_mail_sends_notices(source->verify)) {
        rp_mail_map(source, body, items);
        return 0;
    }
    if (source->items.len > 0) {
        struct rp_str list;
        if (!rp_pick(items->arena, body, source->items, &list))
            return rp_err_set(err, RIPEN_EINPUT,
                              "the body has no value at \"%.*s\", where `items` of this source "
                              "looks for its events",
                              RP_STR_ARG(source->items));
        map_value(&m, RP_STR(""), list);
        return 0;
    }
    if (token != RP_JSON_OBJECT && token != RP_JSON_ARRAY)
        return rp_err_set(err, RIPEN_EINPUT, "the body must be a JSON object or array");
    (void)rp_pick(items->arena, body, RP_STR(""), &body);
    if (source->verify == RP_VERIFY_MAUTIC && token == RP_JSON_OBJECT &&
        source->paths[RP_SOURCE_EVENT].count == 0)
        map_named(&m, body);
    else
        map_value(&m, RP_STR(""), body);
    return 0;
}
