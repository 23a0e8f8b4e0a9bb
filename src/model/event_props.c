/* SPDX-License-Identifier: MIT */
/* Fills the flat list of values. Paths are rolled along the way; of equal keys in an object all but
 * the last are marked dropped when the object closes. Nothing here knows which members of an event
 * stand in columns. */
#include "model/event_props.h"

#include "base/check.h"
#include "base/hash.h"

#include <pthread.h>

#define FEW_CHILDREN 24 /* up to here comparing every pair beats a table */

static uint8_t hash_key[16];

static void make_hash_key(void)
{
    rp_random(hash_key, sizeof(hash_key));
}

void rp_props_init(struct rp_props *props, struct rp_arena *arena, size_t bytes, uint32_t max)
{
    size_t guess = bytes / 16 + 8; /* members of real events hold about 20 bytes each */

    *props = (struct rp_props){.arena = arena, .max = max};
    props->cap = guess > 512 ? 512 : (uint32_t)guess;
    props->list = rp_arena_alloc(arena, props->cap * sizeof(struct rp_prop));
    props->list[0] = (struct rp_prop){.path = RP_PATH_ROOT, .type = RP_OBJECT, .next = 1};
    props->count = 1;
}

static struct rp_prop *new_prop(struct rp_props *props)
{
    if (props->count == props->cap) {
        struct rp_prop *grown =
            rp_arena_alloc(props->arena, (size_t)props->cap * 2 * sizeof(struct rp_prop));
        memcpy(grown, props->list, props->count * sizeof(struct rp_prop));
        props->list = grown;
        props->cap *= 2;
    }
    return &props->list[props->count++];
}

static bool same_key(const struct rp_prop *a, const struct rp_prop *b)
{
    return a->path == b->path && rp_str_eq(a->key, b->key);
}

/* The same for an object of many members: a table of the last index of each key. */
static void drop_repeated_many(struct rp_props *props, uint32_t parent, uint32_t children)
{
    uint32_t slots = 64;

    while (slots < children * 2)
        slots *= 2;
    uint32_t *table = rp_arena_zalloc(props->arena, slots * sizeof(uint32_t));
    for (uint32_t i = parent + 1; i < props->count; i = props->list[i].next) {
        uint32_t slot = (uint32_t)(props->list[i].path * UINT64_C(0x9e3779b97f4a7c15) >> 32);
        for (slot &= slots - 1; table[slot] != 0; slot = (slot + 1) & (slots - 1)) {
            if (same_key(&props->list[table[slot]], &props->list[i])) {
                props->list[table[slot]].dropped = 1;
                break;
            }
        }
        table[slot] = i;
    }
}

/* Marks all but the last of equal keys among the children of a closed object. */
static void drop_repeated(struct rp_props *props, uint32_t parent)
{
    uint32_t children[FEW_CHILDREN], count = 0;
    struct rp_prop *list = props->list;
    uint64_t seen = 0; /* a bit for each path: two that are equal have the same */
    bool maybe = false;

    for (uint32_t i = parent + 1; i < props->count; i = list[i].next) {
        uint64_t bit = UINT64_C(1) << (list[i].path & 63);
        maybe |= (seen & bit) != 0;
        seen |= bit;
        if (count < FEW_CHILDREN)
            children[count] = i;
        count++;
    }
    if (!maybe)
        return;
    if (count > FEW_CHILDREN) {
        drop_repeated_many(props, parent, count);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (same_key(&list[children[i]], &list[children[j]]))
                list[children[j]].dropped = 1;
        }
    }
}

static enum rp_reject refuse_text(struct rp_props *props, const char *what, struct rp_str key,
                                  size_t len)
{
    props->message =
        rp_arena_printf(props->arena, "%s \"%.*s\" holds %zu bytes; a text holds at most %d", what,
                        (int)(key.len < 60 ? key.len : 60), key.ptr, len, RP_STRING_MAX);
    return RP_REJECT_STRING;
}

static enum rp_reject refuse_json(struct rp_props *props, const struct rp_json *json)
{
    props->message =
        rp_arena_printf(props->arena, "not JSON at byte %zu: %s", json->error_at, json->error);
    return RP_REJECT_NOT_OBJECT;
}

/* Appends one value without its children. */
static enum rp_reject push(struct rp_props *props, const struct rp_json *json,
                           enum rp_json_token token, struct rp_str key,
                           const struct rp_prop *parent)
{
    bool element = parent->type == RP_ARRAY;
    uint64_t path = element ? parent->path : rp_path(parent->path, key);

    if (props->count > props->max) {
        props->message =
            rp_arena_printf(props->arena, "the item holds more than %u values", props->max);
        return RP_REJECT_PROPERTIES;
    }
    struct rp_prop *prop = new_prop(props); /* `parent` may be gone from here on */
    *prop = (struct rp_prop){.key = key, .path = path, .next = props->count, .element = element};
    switch (token) {
    case RP_JSON_NULL:
        prop->type = RP_NULL;
        break;
    case RP_JSON_TRUE:
    case RP_JSON_FALSE:
        prop->type = RP_BOOL;
        prop->number = token == RP_JSON_TRUE;
        break;
    case RP_JSON_NUMBER:
        prop->type = RP_NUMBER;
        prop->number = json->number;
        prop->text = json->raw;
        break;
    case RP_JSON_STRING:
        prop->type = RP_STRING;
        prop->text = json->string;
        if (prop->text.len > RP_STRING_MAX)
            return refuse_text(props, "the text", key, prop->text.len);
        break;
    case RP_JSON_ARRAY:
        prop->type = RP_ARRAY;
        break;
    case RP_JSON_OBJECT:
        prop->type = RP_OBJECT;
        break;
    case RP_JSON_ERROR:
    case RP_JSON_END:
    case RP_JSON_KEY:
    case RP_JSON_ARRAY_END:
    case RP_JSON_OBJECT_END:
        RP_UNREACHABLE();
    }
    return RP_REJECT_NONE;
}

enum rp_reject rp_props_add(struct rp_props *props, struct rp_json *json, enum rp_json_token token,
                            struct rp_str key)
{
    uint32_t open[RP_JSON_DEPTH_MAX], depth = 0; /* containers that are not closed yet */

    if (token == RP_JSON_ERROR)
        return refuse_json(props, json);
    if (key.len > RP_STRING_MAX)
        return refuse_text(props, "the key", key, key.len);
    enum rp_reject reject = push(props, json, token, key, &props->list[0]);
    if (reject != RP_REJECT_NONE || (token != RP_JSON_ARRAY && token != RP_JSON_OBJECT))
        return reject;
    open[depth++] = props->count - 1;
    key = (struct rp_str){NULL, 0};
    while (depth > 0) {
        token = rp_json_next(json);
        if (token == RP_JSON_ERROR) {
            return refuse_json(props, json);
        } else if (token == RP_JSON_KEY) {
            key = json->string;
            if (key.len > RP_STRING_MAX)
                return refuse_text(props, "the key", key, key.len);
        } else if (token == RP_JSON_OBJECT_END || token == RP_JSON_ARRAY_END) {
            uint32_t closed = open[--depth];
            props->list[closed].next = props->count;
            if (token == RP_JSON_OBJECT_END)
                drop_repeated(props, closed);
            key = (struct rp_str){NULL, 0};
        } else {
            reject = push(props, json, token, key, &props->list[open[depth - 1]]);
            if (reject != RP_REJECT_NONE)
                return reject;
            if (token == RP_JSON_ARRAY || token == RP_JSON_OBJECT) {
                RP_ASSERT(depth < RP_JSON_DEPTH_MAX);
                open[depth++] = props->count - 1;
            }
            key = (struct rp_str){NULL, 0};
        }
    }
    return RP_REJECT_NONE;
}

void rp_props_end(struct rp_props *props)
{
    props->list[0].next = props->count;
    drop_repeated(props, 0);
}

enum rp_reject rp_props_parse(struct rp_props *props, struct rp_str object)
{
    struct rp_json json;
    enum rp_json_token token;

    rp_json_init(&json, props->arena, object);
    token = rp_json_next(&json);
    if (token != RP_JSON_OBJECT) {
        if (token == RP_JSON_ERROR)
            return refuse_json(props, &json);
        props->message = rp_str_from(rp_reject_text(RP_REJECT_NOT_OBJECT));
        return RP_REJECT_NOT_OBJECT;
    }
    while ((token = rp_json_next(&json)) == RP_JSON_KEY) {
        struct rp_str key = json.string;
        enum rp_reject reject = rp_props_add(props, &json, rp_json_next(&json), key);
        if (reject != RP_REJECT_NONE)
            return reject;
    }
    if (token == RP_JSON_ERROR || rp_json_next(&json) == RP_JSON_ERROR)
        return refuse_json(props, &json);
    props->nul = json.nul;
    rp_props_end(props);
    return RP_REJECT_NONE;
}

/* Keys come from outside: an unkeyed hash would let somebody choose slow ones. */
static uint64_t key_hash(struct rp_str key)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_hash_key);
    return rp_hash_keyed(hash_key, key);
}

static void members_grow(struct rp_arena *arena, struct rp_members *members)
{
    size_t cap = members->cap ? members->cap * 2 : 32;
    struct rp_member *list = rp_arena_alloc(arena, cap * sizeof(*list));

    if (members->count > 0)
        memcpy(list, members->list, members->count * sizeof(*list));
    members->list = list;
    members->cap = cap;
    members->slots = cap * 2;
    members->table = RP_ARENA_ARRAY(arena, uint32_t, members->slots);
    for (size_t i = 0; i < members->count; i++) {
        size_t slot = list[i].hash & (members->slots - 1);
        while (members->table[slot] != 0)
            slot = (slot + 1) & (members->slots - 1);
        members->table[slot] = (uint32_t)i + 1;
    }
}

static void members_put(struct rp_arena *arena, struct rp_members *members,
                        const struct rp_member *member)
{
    if (members->count == members->cap)
        members_grow(arena, members);
    size_t slot = member->hash & (members->slots - 1);
    for (; members->table[slot] != 0; slot = (slot + 1) & (members->slots - 1)) {
        struct rp_member *there = &members->list[members->table[slot] - 1];
        if (there->hash == member->hash && rp_str_eq(there->key, member->key)) {
            *there = *member;
            return;
        }
    }
    members->list[members->count++] = *member;
    members->table[slot] = (uint32_t)members->count;
}

bool rp_members_add(struct rp_arena *arena, struct rp_members *members, struct rp_str object)
{
    struct rp_json json;
    enum rp_json_token token;

    rp_json_init(&json, arena, object);
    if (rp_json_next(&json) != RP_JSON_OBJECT)
        return false;
    while ((token = rp_json_next(&json)) == RP_JSON_KEY) {
        struct rp_member member = {.key = json.string, .key_raw = json.raw};
        member.hash = key_hash(member.key);
        member.token = rp_json_skip(&json, &member.value);
        if (member.token == RP_JSON_ERROR)
            return false;
        members_put(arena, members, &member);
    }
    return token == RP_JSON_OBJECT_END && rp_json_next(&json) == RP_JSON_END;
}
