/* SPDX-License-Identifier: MIT */
/* The stored body: a JSON object made of slices of the item. Usually they are copied side by side;
 * three habits of SDKs change it: a context on the batch, an identify whose traits stand in its
 * context, a `name` on an event that has none in its columns. */
#include "model/event_body.h"

#include "base/check.h"

/* Grows in the arena by one piece: the length is known before anything is written. */
struct out {
    char *ptr;
    size_t len;
};

static void add(struct out *out, struct rp_str text)
{
    memcpy(out->ptr + out->len, text.ptr, text.len);
    out->len += text.len;
}

static void add_member(struct out *out, struct rp_str key_raw, struct rp_str value)
{
    if (out->ptr[out->len - 1] != '{')
        out->ptr[out->len++] = ',';
    add(out, key_raw);
    out->ptr[out->len++] = ':';
    add(out, value);
}

static const struct rp_member *find(const struct rp_member *members, size_t count, const char *key)
{
    for (size_t i = count; i-- > 0;) { /* the last of equal keys counts */
        if (rp_str_is(members[i].key, key))
            return &members[i];
    }
    return NULL;
}

/* Whether a value holds nothing: absent, null or {}. */
static bool is_empty(const struct rp_body_parts *parts, const struct rp_member *member)
{
    if (!member || member->token == RP_JSON_NULL)
        return true;
    return member->token == RP_JSON_OBJECT && parts->props[member->prop].next == member->prop + 1;
}

static bool repeats_a_key(const struct rp_body_parts *parts)
{
    for (uint32_t i = 1; i < parts->props[0].next; i = parts->props[i].next) {
        if (parts->props[i].dropped)
            return true;
    }
    return false;
}

/* The traits inside the item's context when they are to stand at the root. */
static bool has_context_traits(const struct rp_body_parts *parts, const struct rp_member *context)
{
    if (!context || context->token != RP_JSON_OBJECT)
        return false;
    const struct rp_prop *props = parts->props;
    for (uint32_t i = context->prop + 1; i < props[context->prop].next; i = props[i].next) {
        if (!props[i].dropped && rp_str_is(props[i].key, "traits"))
            return props[i].type == RP_OBJECT && props[i].next > i + 1;
    }
    return false;
}

/* `"context":{…}` out of the batch's and the item's own, whose members win; without `traits` when
 * those were moved. */
static void add_context(struct rp_arena *arena, struct out *out, struct rp_str envelope,
                        const struct rp_member *own, bool without_traits)
{
    struct rp_members members = {0};

    if (envelope.len > 0)
        rp_members_add(arena, &members, envelope);
    if (own && own->token == RP_JSON_OBJECT)
        rp_members_add(arena, &members, own->value);
    if (out->ptr[out->len - 1] != '{')
        out->ptr[out->len++] = ',';
    add(out, RP_STR("\"context\":{"));
    for (size_t i = 0; i < members.count; i++) {
        const struct rp_member *member = &members.list[i];
        if (!without_traits || !rp_str_is(member->key, "traits"))
            add_member(out, member->key_raw, member->value);
    }
    out->ptr[out->len++] = '}';
}

static struct rp_str context_traits(struct rp_arena *arena, const struct rp_member *context)
{
    struct rp_members members = {0};

    bool object = rp_members_add(arena, &members, context->value);
    const struct rp_member *traits = object ? find(members.list, members.count, "traits") : NULL;
    RP_ASSERT(traits != NULL);
    return traits->value;
}

/* The way for a body that is not just what was sent. */
static void make_changed(struct rp_arena *arena, const struct rp_body_parts *parts,
                         const struct rp_member *context, bool move_traits, struct out *out)
{
    bool merge = parts->envelope_context.len > 0;

    if (move_traits)
        add_member(out, RP_STR("\"traits\""), context_traits(arena, context));
    if (parts->name)
        add_member(out, parts->name->key_raw, parts->name->value);
    for (size_t i = 0; i < parts->member_count; i++) {
        const struct rp_member *member = &parts->members[i];
        if (parts->props[member->prop].dropped || (move_traits && rp_str_is(member->key, "traits")))
            continue;
        if (member == context && (merge || move_traits))
            add_context(arena, out, parts->envelope_context, context, move_traits);
        else
            add_member(out, member->key_raw, member->value);
    }
    if (!context && merge)
        add_context(arena, out, parts->envelope_context, NULL, false);
}

bool rp_body_make(struct rp_arena *arena, const struct rp_body_parts *parts,
                  struct rp_str *ret_body)
{
    const struct rp_member *context = find(parts->members, parts->member_count, "context");
    const struct rp_member *traits = find(parts->members, parts->member_count, "traits");
    bool move_traits =
        parts->identify && is_empty(parts, traits) && has_context_traits(parts, context);
    bool changed =
        move_traits || parts->name || parts->envelope_context.len > 0 || repeats_a_key(parts);
    struct out out = {0};
    size_t size = sizeof("{\"traits\":,\"context\":{}}") + parts->envelope_context.len + 2;

    for (size_t i = 0; i < parts->member_count; i++)
        size += parts->members[i].key_raw.len + parts->members[i].value.len + 2;
    if (parts->name)
        size += parts->name->key_raw.len + parts->name->value.len + 2;
    out.ptr = rp_arena_alloc(arena, size + 1);
    out.ptr[out.len++] = '{';
    if (changed) {
        make_changed(arena, parts, context, move_traits, &out);
    } else {
        for (size_t i = 0; i < parts->member_count; i++)
            add_member(&out, parts->members[i].key_raw, parts->members[i].value);
    }
    out.ptr[out.len++] = '}';
    RP_ASSERT(out.len <= size);
    out.ptr[out.len] = '\0';
    *ret_body = (struct rp_str){out.ptr, out.len};
    return changed;
}

int rp_event_body_parse(struct rp_arena *arena, struct rp_event *event)
{
    struct rp_props props;

    /* What was accepted once stays readable, whatever the bounds are now. */
    rp_props_init(&props, arena, event->body.len, UINT32_MAX / 2);
    if (rp_props_parse(&props, event->body) != RP_REJECT_NONE)
        return RIPEN_EINPUT;
    event->props = props.list;
    event->prop_count = props.count;
    return RIPEN_OK;
}
