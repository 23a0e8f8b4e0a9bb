/* SPDX-License-Identifier: MIT */
/* One item of a request becomes a struct rp_event: validated, with its times, its identifiers, its
 * values and the body to be stored. The text is read once. Members that stand in columns are taken
 * out; what is left is kept as slices, and only a body that must be changed (event_body.c) is read
 * a second time. A refusal concerns this item alone and says which value is wrong.
 *
 * Knows the Segment-style shape as SDKs really send it; knows no routes, keys or stores. */
#include "base/check.h"
#include "base/hash.h"
#include "model/event_body.h"
#include "model/event_props.h"

#include <stdio.h>

#define PUBLIC_AGE_MAX (30 * RP_DAY)
#define SHOWN_MAX      60 /* bytes of a wrong value in a message */

enum column {
    TYPE,
    EVENT,
    NAME,
    MESSAGE_ID,
    USER_ID,
    ANONYMOUS_ID,
    PREVIOUS_ID,
    GROUP_ID,
    TIMESTAMP,
    ORIGINAL,
    SENT,
    RECEIVED,
    TEXTS, /* how many are taken as texts */
    IGNORED,
    KEPT,
};

static const struct {
    struct rp_str key;
    enum column column;
    enum rp_reject reject; /* when it is not a text */
} columns[] = {
    {{"type", 4}, TYPE, RP_REJECT_TYPE},
    {{"event", 5}, EVENT, RP_REJECT_NAME},
    {{"name", 4}, NAME, RP_REJECT_NAME},
    {{"messageId", 9}, MESSAGE_ID, RP_REJECT_ID},
    {{"userId", 6}, USER_ID, RP_REJECT_ID},
    {{"anonymousId", 11}, ANONYMOUS_ID, RP_REJECT_ID},
    {{"previousId", 10}, PREVIOUS_ID, RP_REJECT_ID},
    {{"groupId", 7}, GROUP_ID, RP_REJECT_ID},
    {{"timestamp", 9}, TIMESTAMP, RP_REJECT_TIME},
    {{"originalTimestamp", 17}, ORIGINAL, RP_REJECT_TIME},
    {{"sentAt", 6}, SENT, RP_REJECT_TIME},
    {{"receivedAt", 10}, RECEIVED, RP_REJECT_TIME},
    {{"writeKey", 8}, IGNORED, RP_REJECT_NONE},
    {{"integrations", 12}, IGNORED, RP_REJECT_NONE},
};

/* The state of one call. */
struct parse {
    struct rp_arena *arena;
    struct rp_str item;
    const struct rp_envelope *envelope;
    struct rp_event event;
    struct rp_str texts[TEXTS]; /* "" when absent or null */
    struct rp_member name;      /* the root's `name`, in case the body keeps it */
    struct rp_props props;
    struct rp_member *members; /* kept members of the root, in order */
    size_t member_count, member_cap;
    struct rp_str message;
};

static enum rp_reject refuse(struct parse *p, enum rp_reject reject, const char *what,
                             struct rp_str value)
{
    const char *cut = value.len > SHOWN_MAX ? "…" : "";

    if (value.len > SHOWN_MAX)
        value.len = SHOWN_MAX;
    p->message = rp_arena_printf(p->arena, "%s is \"%.*s%s\"; %s", what, RP_STR_ARG(value), cut,
                                 rp_reject_text(reject));
    return reject;
}

static size_t column_of(struct rp_str key)
{
    size_t i = 0;

    while (i < RP_COUNT(columns) && !rp_str_eq(columns[i].key, key))
        i++;
    return i;
}

static void keep(struct parse *p, const struct rp_member *member)
{
    if (p->member_count == p->member_cap) {
        size_t cap = p->member_cap ? p->member_cap * 2 : 16;
        struct rp_member *grown = rp_arena_alloc(p->arena, cap * sizeof(*grown));
        if (p->member_count > 0)
            memcpy(grown, p->members, p->member_count * sizeof(*grown));
        p->members = grown;
        p->member_cap = cap;
    }
    p->members[p->member_count++] = *member;
}

/* The slice from `from` to where the reader stands, without space in front. */
static struct rp_str slice(const struct rp_json *json, size_t from)
{
    while (json->text.ptr[from] == ' ' || json->text.ptr[from] == '\n' ||
           json->text.ptr[from] == '\r' || json->text.ptr[from] == '\t')
        from++;
    return (struct rp_str){json->text.ptr + from, json->at - from};
}

/* Takes the value of a member that stands in a column. */
static enum rp_reject take_column(struct parse *p, struct rp_json *json, size_t row,
                                  struct rp_member *member)
{
    size_t from = json->at;
    enum column column = columns[row].column;
    bool unused = column == IGNORED || (column == RECEIVED && !p->envelope->trust_received);

    member->token = unused ? rp_json_skip(json, NULL) : rp_json_next(json);
    if (unused || member->token == RP_JSON_ERROR)
        return RP_REJECT_NONE; /* an error is sticky: the caller meets it */
    struct rp_str *text = &p->texts[column];
    if (member->token == RP_JSON_STRING)
        *text = json->string;
    else if (member->token == RP_JSON_NUMBER)
        *text = json->raw;
    else if (member->token == RP_JSON_NULL)
        *text = (struct rp_str){NULL, 0};
    else
        return refuse(p, columns[row].reject, columns[row].key.ptr, RP_STR("not a text"));
    if (column == NAME) {
        member->value = slice(json, from);
        p->name = *member;
    }
    return RP_REJECT_NONE;
}

static enum rp_reject refuse_nul(struct parse *p)
{
    return refuse(p, RP_REJECT_CHARACTER, "a text", RP_STR("\\u0000"));
}

static enum rp_reject refuse_json(struct parse *p, const struct rp_json *json)
{
    p->message = rp_arena_printf(p->arena, "not JSON at byte %zu: %s", json->error_at, json->error);
    return RP_REJECT_NOT_OBJECT;
}

/* Reads the item: columns into texts, the rest into props and members. */
static enum rp_reject read_item(struct parse *p)
{
    struct rp_json json;
    enum rp_json_token token;

    rp_json_init(&json, p->arena, p->item);
    token = rp_json_next(&json);
    if (token == RP_JSON_ERROR)
        return refuse_json(p, &json);
    if (token != RP_JSON_OBJECT)
        return refuse(p, RP_REJECT_NOT_OBJECT, "the item", p->item);
    while ((token = rp_json_next(&json)) == RP_JSON_KEY) {
        struct rp_member member = {.key = json.string, .key_raw = json.raw};
        size_t row = column_of(member.key), from = json.at;
        enum rp_reject reject;
        if (row < RP_COUNT(columns)) {
            reject = take_column(p, &json, row, &member);
        } else {
            member.prop = p->props.count;
            member.token = rp_json_next(&json);
            reject = rp_props_add(&p->props, &json, member.token, member.key);
            p->message = p->props.message;
            if (reject == RP_REJECT_NONE) {
                member.value = slice(&json, from);
                keep(p, &member);
            }
        }
        if (reject != RP_REJECT_NONE)
            return reject;
    }
    if (token == RP_JSON_ERROR || rp_json_next(&json) == RP_JSON_ERROR)
        return refuse_json(p, &json);
    if (json.nul)
        return refuse_nul(p);
    rp_props_end(&p->props);
    return RP_REJECT_NONE;
}

static enum rp_reject set_type_and_name(struct parse *p)
{
    struct rp_event *event = &p->event;
    struct rp_str type = p->texts[TYPE];

    if (type.len == 0 && p->envelope->type_known)
        event->type = p->envelope->type;
    else if (!rp_event_type_parse(type, &event->type))
        return refuse(p, RP_REJECT_TYPE, "type", type);

    bool track = event->type == RP_TRACK;
    if (track || event->type == RP_PAGE || event->type == RP_SCREEN)
        event->name = track && p->texts[EVENT].len > 0 ? p->texts[EVENT] : p->texts[NAME];
    if (track && event->name.len == 0)
        return refuse(p, RP_REJECT_NAME, "event", event->name);
    if (event->name.len > RP_ID_MAX)
        return refuse(p, RP_REJECT_ID, track ? "event" : "name", event->name);
    return RP_REJECT_NONE;
}

static enum rp_reject set_ids(struct parse *p)
{
    struct rp_event *event = &p->event;

    for (size_t i = 0; i < RP_COUNT(columns); i++) {
        if (columns[i].reject == RP_REJECT_ID && p->texts[columns[i].column].len > RP_ID_MAX)
            return refuse(p, RP_REJECT_ID, columns[i].key.ptr, p->texts[columns[i].column]);
    }
    event->message_id = p->texts[MESSAGE_ID];
    event->user_id = p->texts[USER_ID];
    event->anonymous_id = p->texts[ANONYMOUS_ID];
    event->previous_id = p->texts[PREVIOUS_ID];
    event->group_id = p->texts[GROUP_ID];
    return RP_REJECT_NONE;
}

static enum rp_reject set_time(struct parse *p, enum column column, const char *what,
                               int64_t *ret_ms)
{
    if (p->texts[column].len > 0 && !rp_time_parse(p->texts[column], ret_ms))
        return refuse(p, RP_REJECT_TIME, what, p->texts[column]);
    return RP_REJECT_NONE;
}

/* The clock of the sender is corrected by what it showed when it sent. */
static int64_t effective_ms(const struct rp_event *event, bool public_key)
{
    int64_t received = event->received_ms, at = event->original_ms;

    if (at == RP_NEVER)
        return received;
    if (event->sent_ms != RP_NEVER)
        at = received - (event->sent_ms - at);
    if (public_key && at < received - PUBLIC_AGE_MAX)
        at = received - PUBLIC_AGE_MAX;
    return at < received ? at : received;
}

static enum rp_reject set_times(struct parse *p)
{
    struct rp_event *event = &p->event;
    int64_t received = RP_NEVER, timestamp = RP_NEVER;
    enum rp_reject reject;

    event->original_ms = RP_NEVER;
    event->sent_ms = p->envelope->sent_ms;
    if ((reject = set_time(p, ORIGINAL, "originalTimestamp", &event->original_ms)) ||
        (reject = set_time(p, TIMESTAMP, "timestamp", &timestamp)) ||
        (reject = set_time(p, SENT, "sentAt", &event->sent_ms)) ||
        (reject = set_time(p, RECEIVED, "receivedAt", &received)))
        return reject;
    if (event->original_ms == RP_NEVER)
        event->original_ms = timestamp;
    event->received_ms = p->envelope->received_ms;
    if (p->envelope->trust_received) {
        if (received != RP_NEVER)
            event->received_ms = received;
        else if (event->sent_ms != RP_NEVER)
            event->received_ms = event->sent_ms;
        else if (event->original_ms != RP_NEVER)
            event->received_ms = event->original_ms;
    }
    event->effective_ms = effective_ms(event, p->envelope->public_key);
    return RP_REJECT_NONE;
}

/* Jitsu names a page in its properties only. */
static void set_name_from_properties(struct rp_event *event)
{
    if (event->name.len > 0 || (event->type != RP_PAGE && event->type != RP_SCREEN))
        return;
    const struct rp_prop *name = rp_event_get(event, rp_path_of(RP_STR("properties.name")));
    if (name && name->type == RP_STRING && name->text.len <= RP_ID_MAX)
        event->name = name->text;
}

/* An e-mail that could be one: short, with an @ inside, without spaces. */
static bool email_at(const struct rp_event *event, const char *path, struct rp_str *ret_email)
{
    const struct rp_prop *prop = rp_event_get(event, rp_path_of(rp_str_from(path)));

    if (!prop || prop->type != RP_STRING || prop->text.len < 3 || prop->text.len > RP_ID_MAX)
        return false;
    const char *at = memchr(prop->text.ptr, '@', prop->text.len);
    if (!at || at == prop->text.ptr || at == prop->text.ptr + prop->text.len - 1)
        return false;
    for (size_t i = 0; i < prop->text.len; i++) {
        if ((unsigned char)prop->text.ptr[i] <= ' ')
            return false;
    }
    *ret_email = prop->text;
    return true;
}

/* A group's traits are the company's: its e-mail is not the person's. */
bool rp_event_email(const struct rp_event *event, struct rp_str *ret_email)
{
    return (event->type != RP_GROUP && email_at(event, "traits.email", ret_email)) ||
           email_at(event, "context.traits.email", ret_email) ||
           (event->type == RP_TRACK && email_at(event, "properties.email", ret_email));
}

static void make_message_id(struct parse *p)
{
    char received[24], sum[27];
    struct rp_digest *digest = rp_digest_new(NULL, 0);
    int len = snprintf(received, sizeof(received), "%lld", (long long)p->event.received_ms);

    rp_digest_part(digest, p->item);
    rp_digest_part(digest, (struct rp_str){received, (size_t)len});
    rp_digest_end(digest, sum);
    p->event.message_id = rp_arena_printf(p->arena, "gen-%s", sum);
}

/* Makes the body, and reads it again when it is not what was read already. */
static enum rp_reject set_body(struct parse *p)
{
    struct rp_event *event = &p->event;
    bool named = event->type == RP_TRACK || event->type == RP_PAGE || event->type == RP_SCREEN;
    const struct rp_body_parts parts = {
        .members = p->members,
        .member_count = p->member_count,
        .name = named || p->texts[NAME].len == 0 ? NULL : &p->name,
        .envelope_context = p->envelope->context,
        .props = p->props.list,
        .identify = event->type == RP_IDENTIFY,
    };
    bool changed = rp_body_make(p->arena, &parts, &event->body);

    if (changed) {
        if (event->body.len > RP_ITEM_MAX) {
            p->message = rp_arena_printf(p->arena,
                                         "the item with the context of its batch holds %zu bytes; "
                                         "an item holds at most %d",
                                         event->body.len, RP_ITEM_MAX);
            return RP_REJECT_TOO_LARGE;
        }
        rp_props_init(&p->props, p->arena, event->body.len, RP_PROPERTIES_MAX);
        enum rp_reject reject = rp_props_parse(&p->props, event->body);
        p->message = p->props.message;
        if (reject != RP_REJECT_NONE)
            return reject;
        if (p->props.nul)
            return refuse_nul(p);
    }
    event->props = p->props.list;
    event->prop_count = p->props.count;
    return RP_REJECT_NONE;
}

enum rp_reject rp_event_parse(struct rp_arena *arena, struct rp_str item,
                              const struct rp_envelope *envelope, struct rp_event *ret_event,
                              struct rp_str *ret_message)
{
    struct parse p = {.arena = arena, .item = item, .envelope = envelope};
    enum rp_reject reject;

    *ret_message = (struct rp_str){NULL, 0};
    if (item.len > RP_ITEM_MAX) {
        *ret_message = rp_arena_printf(arena, "the item holds %zu bytes; an item holds at most %d",
                                       item.len, RP_ITEM_MAX);
        return RP_REJECT_TOO_LARGE;
    }
    if (envelope->context.len > RP_BATCH_CONTEXT_MAX) {
        *ret_message =
            rp_arena_printf(arena,
                            "the context of the batch holds %zu bytes; it is copied into each "
                            "item and holds at most %d",
                            envelope->context.len, RP_BATCH_CONTEXT_MAX);
        return RP_REJECT_TOO_LARGE;
    }
    rp_props_init(&p.props, arena, item.len, RP_PROPERTIES_MAX);
    p.event.flags = envelope->flags | (envelope->public_key ? (uint32_t)RP_EVENT_PUBLIC : 0);
    if ((reject = read_item(&p)) || (reject = set_type_and_name(&p)) || (reject = set_ids(&p)) ||
        (reject = set_times(&p)) || (reject = set_body(&p)))
        goto out;
    set_name_from_properties(&p.event);
    rp_event_email(&p.event, &p.event.email);
    if (p.event.user_id.len == 0 && p.event.anonymous_id.len == 0 && p.event.email.len == 0) {
        reject = RP_REJECT_IDENTITY;
        p.message = rp_str_from(rp_reject_text(reject));
        goto out;
    }
    if (p.event.message_id.len == 0)
        p.event.message_id = envelope->message_id;
    if (p.event.message_id.len == 0)
        make_message_id(&p);
    *ret_event = p.event;
out:
    if (reject != RP_REJECT_NONE)
        *ret_message = p.message;
    return reject;
}
