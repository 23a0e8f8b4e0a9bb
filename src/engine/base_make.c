/* SPDX-License-Identifier: MIT */
/* Makes the record of a base: the cells for the rules that folded it, and beside them, by names,
 * what other rules can go on from. Order of the record as base_fold.c reads it. */
#include "base/hash.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "engine/base_event.h"
#include "engine/eval.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 4000 }; /* of the record in one text, so that it is within a text's bound */

struct trait {
    char *name;
    char *json; /* its value */
};

struct traits {
    struct trait *items;
    size_t count, cap;
};

struct rp_base {
    const struct rp_rules *rules;
    struct traits person, group;
    struct rp_buf grants;
    uint32_t grant_count;
    struct rp_base_seen seen[RP_BASE_SEEN_MAX]; /* a ring; names are owned */
    size_t seen_count;
};

struct rp_base *rp_base_new(const struct rp_rules *rules)
{
    struct rp_base *base = rp_calloc(1, sizeof(*base));

    base->rules = rules;
    return base;
}

static void traits_fini(struct traits *traits)
{
    for (size_t i = 0; i < traits->count; i++) {
        free(traits->items[i].name);
        free(traits->items[i].json);
    }
    free(traits->items);
}

void rp_base_free(struct rp_base *base)
{
    if (!base)
        return;
    traits_fini(&base->person);
    traits_fini(&base->group);
    rp_buf_fini(&base->grants);
    for (size_t i = 0; i < RP_BASE_SEEN_MAX; i++)
        free((char *)(uintptr_t)base->seen[i].name.ptr);
    free(base);
}

/* ---- Traits: the last writer wins, a null removes -------------------------------------------- */

static char *text_of(struct rp_str text)
{
    char *copy = rp_malloc(text.len + 1);

    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

static void scalar_json(const struct rp_prop *prop, struct rp_jw *jw)
{
    switch ((enum rp_prop_type)prop->type) {
    case RP_STRING:
        rp_jw_str(jw, prop->text);
        break;
    case RP_NUMBER:
        rp_jw_raw(jw, prop->text);
        break;
    case RP_BOOL:
        rp_jw_raw(jw, prop->number != 0 ? RP_STR("true") : RP_STR("false"));
        break;
    case RP_NULL:
    case RP_ARRAY:
    case RP_OBJECT:
        rp_jw_null(jw);
        break;
    }
}

static char *value_json(const struct rp_event *event, uint32_t at)
{
    const struct rp_prop *props = event->props;
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    if (props[at].type == RP_ARRAY) {
        rp_jw_array(&jw);
        for (uint32_t i = at + 1; i < props[at].next; i = props[i].next) {
            if (!props[i].dropped && props[i].type <= RP_STRING)
                scalar_json(&props[i], &jw);
        }
        rp_jw_array_end(&jw);
    } else {
        scalar_json(&props[at], &jw);
    }
    return out.ptr;
}

static struct trait *trait_find(struct traits *traits, struct rp_str name)
{
    for (size_t i = 0; i < traits->count; i++) {
        if (rp_str_is(name, traits->items[i].name))
            return &traits->items[i];
    }
    return NULL;
}

/* Takes `json` over; NULL removes. */
static void trait_set(struct traits *traits, struct rp_str name, char *json)
{
    struct trait *found = trait_find(traits, name);

    if (found && !json) {
        free(found->name);
        free(found->json);
        *found = traits->items[--traits->count];
    } else if (found) {
        free(found->json);
        found->json = json;
    } else if (json && traits->count < RP_BASE_TRAITS_MAX) {
        traits->items =
            rp_grow(traits->items, &traits->cap, traits->count + 1, sizeof(*traits->items));
        traits->items[traits->count++] = (struct trait){text_of(name), json};
    } else {
        free(json);
    }
}

/* One object of traits; names are dotted from it, as paths are. */
static void traits_object(struct traits *traits, struct rp_arena *arena,
                          const struct rp_event *event, uint32_t at, struct rp_str prefix)
{
    const struct rp_prop *props = event->props;

    for (uint32_t i = at + 1; i < props[at].next; i = props[i].next) {
        struct rp_str name = props[i].key;

        if (props[i].dropped)
            continue;
        if (prefix.len > 0)
            name = rp_arena_printf(arena, "%.*s.%.*s", RP_STR_ARG(prefix), RP_STR_ARG(name));
        if (props[i].type == RP_OBJECT)
            traits_object(traits, arena, event, i, name);
        else if (!rp_str_is(name, "email") || !(event->flags & RP_EVENT_PUBLIC) ||
                 !trait_find(traits, name))
            trait_set(traits, name, props[i].type == RP_NULL ? NULL : value_json(event, i));
    }
}

static void traits_of(struct rp_base *base, struct rp_arena *arena, const struct rp_event *event)
{
    static const char *const roots[] = {"context.traits", "traits"};
    struct traits *traits = event->type == RP_GROUP ? &base->group : &base->person;

    for (size_t r = 0; r < RP_COUNT(roots); r++) {
        const struct rp_prop *root = rp_event_get(event, rp_path_of(rp_str_from(roots[r])));

        if (root && root->type == RP_OBJECT)
            traits_object(traits, arena, event, (uint32_t)(root - event->props), RP_STR(""));
    }
}

/* ---- Grants and events ----------------------------------------------------------------------- */

static void put_u32(struct rp_buf *out, uint32_t value)
{
    rp_buf_add(out, &value, sizeof(value));
}

static void put_i64(struct rp_buf *out, int64_t value)
{
    rp_buf_add(out, &value, sizeof(value));
}

static void put_bytes(struct rp_buf *out, const void *bytes, size_t len)
{
    put_u32(out, (uint32_t)len);
    rp_buf_add(out, bytes, len);
}

static void put_str(struct rp_buf *out, struct rp_str text)
{
    put_bytes(out, text.ptr, text.len);
}

void rp_base_trace(void *ctx, const struct rp_trace_row *row)
{
    struct rp_base *base = ctx;
    const struct rp_rules *rules = base->rules;
    const struct rp_grant *grant = &row->grant;
    bool by_hand = grant->rule == RP_NONE && row->sum == RP_NONE;

    /* A rule that is gone is told by its name in the place of the event's (base_fold.c). */
    put_str(&base->grants,
            grant->rule != RP_NONE ? rules->scores[grant->rule].name : row->event_name);
    put_str(&base->grants, rules->dims[grant->dim].name);
    put_str(&base->grants, by_hand ? RP_STR("") : rules->models[grant->model].name);
    put_str(&base->grants, grant->key);
    put_str(&base->grants, row->event_name);
    put_str(&base->grants, grant->evidence);
    put_str(&base->grants, grant->rule != RP_NONE ? row->why : RP_STR(""));
    put_str(&base->grants, grant->cut);
    put_i64(&base->grants, row->at_ms);
    put_i64(&base->grants, grant->asked);
    put_i64(&base->grants, grant->granted);
    put_i64(&base->grants, row->until_ms);
    put_u32(&base->grants, by_hand);
    base->grant_count++;
}

static void seen_add(struct rp_base *base, const struct rp_base_seen *seen)
{
    struct rp_base_seen *slot = &base->seen[base->seen_count++ % RP_BASE_SEEN_MAX];

    free((char *)(uintptr_t)slot->name.ptr);
    *slot = *seen;
    slot->name.ptr = text_of(seen->name);
}

/* Its traits and events; its grants come by the trace. */
static void take_base(struct rp_base *base, struct rp_arena *arena, const struct rp_event *event)
{
    struct rp_base_reader reader;
    struct rp_event traits = {.type = RP_IDENTIFY};

    if (!rp_base_open(arena, event, &reader))
        return;
    (void)rp_base_u32(&reader); /* generation */
    (void)rp_base_str(&reader); /* cells */
    (void)rp_base_str(&reader); /* nodes */
    for (int part = 0; part < 2; part++) {
        traits.type = part ? RP_GROUP : RP_IDENTIFY;
        traits.body = rp_base_str(&reader);
        if (rp_event_body_parse(arena, &traits) == 0)
            traits_of(base, arena, &traits);
    }
    for (uint32_t left = rp_base_u32(&reader); left > 0 && !reader.bad; left--) {
        struct rp_base_seen seen = rp_base_seen(&reader);

        seen_add(base, &seen);
    }
}

void rp_base_add(struct rp_base *base, struct rp_arena *arena, const struct rp_event *event,
                 bool excluded)
{
    struct rp_base_seen seen = {.type = event->type,
                                .flags = event->flags,
                                .name = event->name,
                                .at_ms = event->effective_ms,
                                .received_ms = event->received_ms};

    if (event->flags & RP_EVENT_BASE) {
        take_base(base, arena, event);
        return;
    }
    traits_of(base, arena, event);
    if (!excluded) /* counters of other rules would take it in */
        seen_add(base, &seen);
}

/* ---- The body -------------------------------------------------------------------------------- */

static void put_traits(struct rp_buf *out, const struct traits *traits)
{
    struct rp_buf json = {0};
    struct rp_jw jw = rp_jw(&json);

    rp_jw_object(&jw);
    rp_jw_key(&jw, "traits");
    rp_jw_object(&jw);
    for (size_t i = 0; i < traits->count; i++) {
        rp_jw_key_str(&jw, rp_str_from(traits->items[i].name));
        rp_jw_raw(&jw, rp_str_from(traits->items[i].json));
    }
    rp_jw_object_end(&jw);
    rp_jw_object_end(&jw);
    put_str(out, rp_buf_view(&json));
    rp_buf_fini(&json);
}

static void put_seen(const struct rp_base *base, struct rp_buf *out)
{
    size_t count = base->seen_count < RP_BASE_SEEN_MAX ? base->seen_count : RP_BASE_SEEN_MAX;

    put_u32(out, (uint32_t)count);
    for (size_t i = base->seen_count - count; i < base->seen_count; i++) {
        const struct rp_base_seen *seen = &base->seen[i % RP_BASE_SEEN_MAX];

        put_u32(out, (uint32_t)seen->type);
        put_u32(out, seen->flags);
        put_str(out, seen->name);
        put_i64(out, seen->at_ms);
        put_i64(out, seen->received_ms);
    }
}

static void put_fields(const struct rp_base *base, const struct rp_lead *lead, struct rp_buf *out)
{
    const struct rp_rules *rules = base->rules;

    for (uint32_t i = 0; i < rules->field_count; i++) {
        uint32_t len;
        const void *cell = rp_lead_cell(lead, rp_cell_key(RP_CELL_TRAIT, 0, i), &len);

        if (!cell)
            continue;
        put_u32(out, 1);
        put_u32(out, (uint32_t)rules->fields[i].home);
        put_u32(out, rules->fields[i].group_only);
        put_str(out, rules->fields[i].key);
        put_bytes(out, cell, len);
    }
    put_u32(out, 0);
}

/* Hits and once-keys a rule, as the control model remembers them. */
static void put_hits(const struct rp_base *base, const struct rp_lead *lead, struct rp_buf *out)
{
    const struct rp_rules *rules = base->rules;

    for (uint32_t i = 0; i < rules->score_count; i++) {
        uint32_t hits_len, once_len;
        const void *hits = rp_lead_cell(lead, rp_cell_key(RP_CELL_RULE, 0, i), &hits_len);
        const void *once = rp_lead_cell(lead, rp_cell_key(RP_CELL_ONCE, 0, i), &once_len);

        if (!hits && !once)
            continue;
        put_u32(out, 1);
        put_str(out, rules->scores[i].name);
        put_bytes(out, hits, hits_len);
        put_bytes(out, once, once_len);
    }
    put_u32(out, 0);
}

void rp_base_body(const struct rp_base *base, const struct rp_lead *lead, const int64_t *nodes,
                  size_t node_count, struct rp_buf *out)
{
    static const char digits[] = "0123456789abcdef";
    struct rp_buf record = {0};
    uint32_t len;
    const void *cells = rp_lead_cells_fold(lead, &len);

    put_u32(&record, RP_BASE_VERSION);
    put_u32(&record, base->rules->number);
    put_bytes(&record, cells, len);
    put_bytes(&record, nodes, node_count * sizeof(*nodes));
    put_traits(&record, &base->person);
    put_traits(&record, &base->group);
    put_seen(base, &record);
    put_fields(base, lead, &record);
    put_hits(base, lead, &record);
    cells = rp_lead_cell(lead, rp_cell_key(RP_CELL_VOIDED, 0, 0), &len);
    put_bytes(&record, cells, len);
    put_u32(&record, base->grant_count);
    rp_buf_str(&record, rp_buf_view(&base->grants));
    cells = rp_lead_cell(lead, rp_cell_key(RP_CELL_CONSENT, 0, 0), &len);
    put_bytes(&record, cells, cells ? len : 0);
    rp_buf_text(out, "{\"base\":[\"");
    for (size_t i = 0; i < record.len; i++) {
        if (i > 0 && i % TEXT_BYTES == 0)
            rp_buf_text(out, "\",\"");
        rp_buf_char(out, digits[(uint8_t)record.ptr[i] >> 4]);
        rp_buf_char(out, digits[(uint8_t)record.ptr[i] & 15]);
    }
    rp_buf_text(out, "\"]}");
    rp_buf_fini(&record);
}
