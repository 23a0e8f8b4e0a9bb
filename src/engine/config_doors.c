/* SPDX-License-Identifier: MIT */
/* Trees of source, form and cloudevents become plain structs, and two sets of them are compared
 * when the configuration is read again. The trees were checked against schema_config.c before. */
#include "engine/config_doors.h"

#include "base/check.h"

#define FORM_EVENT      "Form Submitted"
#define FORM_HONEYPOT   "website_url"
#define FORM_PER_MINUTE 30
#define HMAC_HEADER     "X-Signature"

static struct rp_str keep(struct rp_arena *arena, struct rp_str text)
{
    return text.len > 0 ? rp_arena_str(arena, text) : RP_STR("");
}

static struct rp_str text_or(struct rp_arena *arena, const struct rp_node *body, const char *key,
                             const char *fallback)
{
    struct rp_str text = rp_node_text(body, key);

    return text.len > 0 ? rp_arena_str(arena, text) : rp_str_from(fallback);
}

static struct rp_paths take_paths(struct rp_arena *arena, const struct rp_node *node)
{
    struct rp_paths paths = {0};
    uint32_t count = 0;
    const struct rp_node *items = node ? rp_node_list(node, &count) : NULL;

    if (count == 0)
        return paths;
    paths.items = RP_ARENA_ARRAY(arena, struct rp_str, count);
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].type == RP_NODE_TEXT)
            paths.items[paths.count++] = keep(arena, items[i].text);
    }
    return paths;
}

static struct rp_renamed *take_renamed(struct rp_arena *arena, const struct rp_node *table,
                                       size_t *ret_count)
{
    struct rp_renamed *renamed;

    *ret_count = 0;
    if (!table || table->field_count == 0)
        return NULL;
    renamed = RP_ARENA_ARRAY(arena, struct rp_renamed, table->field_count);
    for (uint32_t i = 0; i < table->field_count; i++) {
        const struct rp_node_field *field = &table->fields[i];
        renamed[(*ret_count)++] =
            (struct rp_renamed){keep(arena, field->key), keep(arena, field->value.text)};
    }
    return renamed;
}

void rp_doors_take_source(struct rp_arena *arena, const struct rp_declared *declared,
                          struct rp_source_door *ret_source)
{
    static const char *const fields[RP_SOURCE_PATHS] = {
        "event", "id", "user_id", "anonymous_id", "email", "time", "properties"};
    static const char *const kinds[RP_VERIFY_COUNT] = {
        "hubspot-v3", "mautic",   "standard-webhooks", "hmac-sha256",
        "sendgrid",   "postmark", "mailgun",           "ses"};
    const struct rp_node *body = &declared->body;
    struct rp_source_door source = {.name = keep(arena, declared->name),
                                    .header = text_or(arena, body, "header", HMAC_HEADER),
                                    .url = keep(arena, rp_node_text(body, "url")),
                                    .items = keep(arena, rp_node_text(body, "items")),
                                    .verify = RP_VERIFY_HMAC,
                                    .activity = rp_node_flag(body, "activity", false),
                                    .renames = rp_node_get(body, "events") != NULL,
                                    .place = declared->place};

    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        if (rp_str_is(rp_node_text(body, "verify"), kinds[i]))
            source.verify = (enum rp_verify)i;
    }
    for (size_t i = 0; i < RP_SOURCE_PATHS; i++)
        source.paths[i] = take_paths(arena, rp_node_get(body, fields[i]));
    source.events = take_renamed(arena, rp_node_get(body, "events"), &source.event_count);
    *ret_source = source;
}

struct rp_form_door rp_form_door_default(struct rp_str name)
{
    return (struct rp_form_door){.name = name,
                                 .event = RP_STR(FORM_EVENT),
                                 .redirect = RP_STR(""),
                                 .honeypot = RP_STR(FORM_HONEYPOT),
                                 .per_minute = FORM_PER_MINUTE};
}

void rp_doors_take_form(struct rp_arena *arena, const struct rp_declared *declared,
                        struct rp_form_door *ret_form)
{
    const struct rp_node *body = &declared->body;

    *ret_form = (struct rp_form_door){
        .name = keep(arena, declared->name),
        .event = text_or(arena, body, "event", FORM_EVENT),
        .redirect = keep(arena, rp_node_text(body, "redirect")),
        .next = take_paths(arena, rp_node_get(body, "next")),
        .honeypot = text_or(arena, body, "honeypot", FORM_HONEYPOT),
        .per_minute = (uint32_t)rp_node_number(body, "per_minute", FORM_PER_MINUTE),
        .place = declared->place};
}

void rp_doors_take_cloud(struct rp_arena *arena, const struct rp_declared *declared,
                         struct rp_doors *doors)
{
    static const char *const subjects[] = {"none", "userId", "anonymousId", "email"};
    struct rp_str subject = rp_node_text(&declared->body, "subject");

    for (size_t i = 0; i < RP_COUNT(subjects); i++) {
        if (rp_str_is(subject, subjects[i]))
            doors->cloud_subject = (enum rp_subject)i;
    }
    doors->cloud_events =
        take_renamed(arena, rp_node_get(&declared->body, "events"), &doors->cloud_event_count);
}

/* Something that may stand in a Location header: a path of this host, or a web address. */
static bool is_address(struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == '\\' || text.ptr[i] == 0x7f)
            return false;
    }
    if (text.len > 0 && text.ptr[0] == '/')
        return text.len == 1 || text.ptr[1] != '/';
    return rp_str_starts(text, RP_STR("https://")) || rp_str_starts(text, RP_STR("http://"));
}

const struct rp_node *rp_doors_bad_address(const struct rp_node *body)
{
    static const char *const fields[] = {"redirect", "next"};

    for (size_t f = 0; f < RP_COUNT(fields); f++) {
        const struct rp_node *node = rp_node_get(body, fields[f]);
        uint32_t count = 0;
        const struct rp_node *items = node ? rp_node_list(node, &count) : NULL;
        for (uint32_t i = 0; i < count; i++) {
            if (!is_address(items[i].text))
                return &items[i];
        }
    }
    return NULL;
}

/* ---- Comparison ------------------------------------------------------------------------------ */

static bool same_renamed(const struct rp_renamed *a, size_t a_count, const struct rp_renamed *b,
                         size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++) {
        if (!rp_str_eq(a[i].from, b[i].from) || !rp_str_eq(a[i].to, b[i].to))
            return false;
    }
    return true;
}

static bool same_paths(const struct rp_paths *a, const struct rp_paths *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!rp_str_eq(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

static bool same_source(const struct rp_source_door *a, const struct rp_source_door *b)
{
    for (size_t i = 0; i < RP_SOURCE_PATHS; i++) {
        if (!same_paths(&a->paths[i], &b->paths[i]))
            return false;
    }
    return rp_str_eq(a->name, b->name) && rp_str_eq(a->secret, b->secret) &&
           rp_str_eq(a->header, b->header) && rp_str_eq(a->url, b->url) &&
           rp_str_eq(a->items, b->items) && a->verify == b->verify && a->activity == b->activity &&
           a->renames == b->renames &&
           same_renamed(a->events, a->event_count, b->events, b->event_count);
}

static bool same_form(const struct rp_form_door *a, const struct rp_form_door *b)
{
    return rp_str_eq(a->name, b->name) && rp_str_eq(a->event, b->event) &&
           rp_str_eq(a->redirect, b->redirect) && rp_str_eq(a->honeypot, b->honeypot) &&
           a->per_minute == b->per_minute && same_paths(&a->next, &b->next);
}

bool rp_doors_same(const struct rp_doors *a, const struct rp_doors *b)
{
    if (a->source_count != b->source_count || a->form_count != b->form_count ||
        a->cloud_subject != b->cloud_subject ||
        !same_renamed(a->cloud_events, a->cloud_event_count, b->cloud_events, b->cloud_event_count))
        return false;
    for (size_t i = 0; i < a->source_count; i++) {
        if (!same_source(&a->sources[i], &b->sources[i]))
            return false;
    }
    for (size_t i = 0; i < a->form_count; i++) {
        if (!same_form(&a->forms[i], &b->forms[i]))
            return false;
    }
    return true;
}
