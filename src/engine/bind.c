/* SPDX-License-Identifier: MIT */
/* Binds facts to slots: one pass over an event's values fills every slot that some rule reads and
 * notes the traits and touches that it brings; the lead's own fields are read from its cells when
 * first asked for. Folded text and numbers inside text are made lazily, once an event. What a slot
 * holds counts for one epoch (one event of one lead) and lives in the arena of the unit of work. */
#include "base/hash.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"
#include "model/owner.h"

#include <math.h>

/* ---- Atoms ----------------------------------------------------------------------------------- */

struct rp_str rp_atom_text(struct rp_scratch *s, struct rp_atom *atom)
{
    if (atom->type == RP_BOOL)
        return atom->number != 0 ? RP_STR("true") : RP_STR("false");
    if (atom->type == RP_NUMBER && atom->text.len == 0) {
        struct rp_buf buf = {0};

        rp_number_print(&buf, atom->number);
        atom->text = rp_arena_str(s->arena, rp_buf_view(&buf));
        rp_buf_fini(&buf);
    }
    return atom->text;
}

struct rp_str rp_atom_folded(struct rp_scratch *s, struct rp_atom *atom)
{
    if (!atom->folded_made) {
        atom->folded = rp_atom_text(s, atom);
        if (atom->type == RP_STRING)
            atom->folded = rp_text_fold(s->arena, atom->folded);
        atom->folded_made = true;
    }
    return atom->folded;
}

bool rp_atom_number(struct rp_atom *atom, double *ret_number)
{
    if (atom->type == RP_STRING && !atom->number_made) {
        atom->has_number = rp_number_in_text(atom->text, &atom->number);
        atom->number_made = true;
    }
    if (atom->type != RP_NUMBER && !(atom->type == RP_STRING && atom->has_number))
        return false;
    *ret_number = atom->number;
    return true;
}

struct rp_str rp_value_text(struct rp_scratch *s, const struct rp_value *value)
{
    struct rp_buf buf = {0};
    struct rp_str text;

    if (value->count == 1)
        return rp_atom_text(s, &value->atoms[0]);
    for (uint32_t i = 0; i < value->count; i++) {
        rp_buf_text(&buf, i ? ", " : "");
        rp_buf_str(&buf, rp_atom_text(s, &value->atoms[i]));
    }
    text = rp_arena_str(s->arena, rp_buf_view(&buf));
    rp_buf_fini(&buf);
    return text;
}

bool rp_value_number(const struct rp_value *value, double *ret_number)
{
    for (uint32_t i = 0; i < value->count; i++) {
        if (rp_atom_number(&value->atoms[i], ret_number))
            return true;
    }
    return false;
}

/* ---- The event's own values ---------------------------------------------------------------------
 */

static void slot_add(struct rp_scratch *s, struct rp_slot *slot, const struct rp_atom *atom)
{
    if (slot->value.count == 0) {
        slot->one = *atom;
        slot->value = (struct rp_value){&slot->one, 1};
        slot->cap = 1;
        return;
    }
    if (slot->value.count == slot->cap) {
        struct rp_atom *atoms = RP_ARENA_ARRAY(s->arena, struct rp_atom, (size_t)slot->cap * 4);

        memcpy(atoms, slot->value.atoms, slot->cap * sizeof(*atoms));
        slot->value.atoms = atoms;
        slot->cap *= 4;
    }
    slot->value.atoms[slot->value.count++] = *atom;
}

static bool atom_of_prop(const struct rp_prop *prop, struct rp_atom *ret_atom)
{
    if (prop->type == RP_NULL || prop->type == RP_ARRAY)
        return false;
    *ret_atom = (struct rp_atom){.type = prop->type, .text = prop->text, .number = prop->number};
    return true;
}

static void slot_add_prop(struct rp_scratch *s, struct rp_slot *slot, const struct rp_event *event,
                          uint32_t at)
{
    const struct rp_prop *prop = &event->props[at];
    struct rp_atom atom;

    if (prop->type != RP_ARRAY) {
        if (atom_of_prop(prop, &atom))
            slot_add(s, slot, &atom);
        return;
    }
    for (uint32_t i = at + 1; i < prop->next; i = event->props[i].next) {
        if (!event->props[i].dropped && atom_of_prop(&event->props[i], &atom))
            slot_add(s, slot, &atom);
    }
}

static void bind_target(struct rp_scratch *s, const struct rp_target *target, uint32_t at)
{
    const struct rp_event *event = s->event;
    struct rp_trait_hit *hit;
    struct rp_slot *slot;

    switch ((enum rp_target_role)target->role) {
    case RP_TARGET_EVENT:
        slot = &s->slots[target->slot];
        if (target->rank && event->type != RP_PAGE && event->type != RP_SCREEN)
            return;
        if (event->props[at].type == RP_NULL)
            return;
        if (slot->epoch != s->epoch || target->rank < slot->rank) {
            slot->epoch = s->epoch;
            slot->value.count = 0;
            slot->rank = target->rank;
        }
        if (target->rank == slot->rank)
            slot_add_prop(s, slot, event, at);
        return;
    case RP_TARGET_TRAIT:
        hit = &s->hits[target->slot];
        if (s->rules->fields[target->slot].group_only != (event->type == RP_GROUP) ||
            event->props[at].type == RP_OBJECT)
            return;
        if (hit->epoch != s->epoch) {
            s->hit_fields[s->hit_count++] = target->slot;
            *hit = (struct rp_trait_hit){s->epoch, at, target->rank};
        } else if ((target->rank < hit->rank && event->props[at].type != RP_NULL) ||
                   event->props[hit->prop].type == RP_NULL) {
            *hit = (struct rp_trait_hit){s->epoch, at, target->rank};
        }
        return;
    case RP_TARGET_TOUCH:
        s->touch_props[target->slot] = at;
        return;
    }
}

static void bind_props(struct rp_scratch *s)
{
    const struct rp_event *event = s->event;
    const struct rp_index *index = s->index;

    for (uint32_t i = 1; i < event->prop_count; i++) {
        const struct rp_prop *prop = &event->props[i];
        const struct rp_run *run;

        if (prop->dropped) {
            i = prop->next - 1;
            continue;
        }
        if (prop->element)
            continue;
        run = rp_runs_find(&index->paths, prop->path);
        for (uint32_t t = 0; run && t < run->count; t++)
            bind_target(s, &index->targets[run->first + t], i);
    }
}

void rp_bind_event(struct rp_scratch *s, const struct rp_lead *lead, const struct rp_event *event,
                   int64_t now_ms)
{
    s->epoch++;
    s->lead = lead;
    s->event = event;
    s->now_ms = now_ms;
    s->model = s->fold->model;
    s->profile_only = false;
    s->hit_count = 0;
    if (!event)
        return;
    if (s->index->touches)
        memset(s->touch_props, 0, sizeof(s->touch_props));
    bind_props(s);
}

/* ---- Everything else ------------------------------------------------------------------------- */

static void slot_set_text(struct rp_slot *slot, uint8_t type, struct rp_str text)
{
    if (text.len == 0)
        return;
    slot->one = (struct rp_atom){.type = type, .text = text};
    slot->value = (struct rp_value){&slot->one, 1};
}

static struct rp_str milli_text(struct rp_scratch *s, int64_t value)
{
    struct rp_buf buf = {0};
    struct rp_str text;

    rp_milli_print(&buf, value);
    text = rp_arena_str(s->arena, rp_buf_view(&buf));
    rp_buf_fini(&buf);
    return text;
}

static struct rp_str time_text(struct rp_scratch *s, int64_t ms)
{
    struct rp_buf buf = {0};
    struct rp_str text;

    rp_time_print(&buf, ms);
    text = rp_arena_str(s->arena, rp_buf_view(&buf));
    rp_buf_fini(&buf);
    return text;
}

static void read_meta(struct rp_scratch *s, const struct rp_field *field, struct rp_slot *slot)
{
    if (!s->event)
        return;
    if (rp_str_is(field->key, "type"))
        slot_set_text(slot, RP_STRING, rp_str_from(rp_event_type_name(s->event->type)));
    else if (rp_str_is(field->key, "timestamp"))
        slot_set_text(slot, RP_STRING, time_text(s, s->event->effective_ms));
    else
        slot_set_text(slot, RP_STRING, s->event->name);
}

static void set_milli(struct rp_scratch *s, struct rp_slot *slot, int64_t value)
{
    slot_set_text(slot, RP_NUMBER, milli_text(s, value));
    slot->one.number = (double)value / RP_MILLI;
}

/* What the engine knows of the lead beyond its profile. */
static void read_state(struct rp_scratch *s, const struct rp_field *field, struct rp_slot *slot)
{
    const struct rp_rules *rules = s->rules;
    struct rp_str key = field->key;
    struct rp_str score = RP_STR("score."), top = RP_STR(".top");
    uint32_t dim;

    if (rp_str_is(key, "stage")) {
        if (s->lead->stage < rules->stage_count)
            slot_set_text(slot, RP_STRING, rules->stages[s->lead->stage].name);
    } else if (rp_str_is(key, "status")) {
        struct rp_str status = rp_status_name(rules, s->lead);

        if (status.len)
            slot_set_text(slot, RP_STRING, status);
    } else if (rp_str_is(key, "stage_since")) {
        slot_set_text(slot, RP_STRING, time_text(s, s->lead->stage_since_ms));
    } else if (rp_str_is(key, "owner")) {
        struct rp_owner owner;

        rp_owner_get(s->lead, &owner);
        slot_set_text(slot, RP_STRING, rp_arena_str(s->arena, owner.name));
    } else if (rp_str_is(key, "id")) {
        slot_set_text(slot, RP_STRING, rp_arena_str(s->arena, rp_str_from(s->lead->public_id)));
    } else if (rp_str_is(key, "score.total") || rp_str_is(key, "total")) {
        set_milli(s, slot, rp_score_read(s, RP_NONE));
    } else if (rp_str_is(key, "score.grade") || rp_str_is(key, "grade")) {
        slot_set_text(slot, RP_STRING, rp_score_grade(s));
    } else if (rp_str_starts(key, score)) {
        dim = rp_rules_dim(rules, (struct rp_str){key.ptr + score.len, key.len - score.len});
        if (dim != RP_NONE)
            set_milli(s, slot, rp_score_read(s, dim));
    } else if (rp_str_ends(key, top)) {
        dim = rp_rules_dim(rules, (struct rp_str){key.ptr, key.len - top.len});
        if (dim != RP_NONE)
            slot_set_text(slot, RP_STRING, rp_score_top(s, dim));
    }
}

static bool is_kept(enum rp_field_home home)
{
    return home == RP_FIELD_TRAIT || home == RP_FIELD_TOUCH || home == RP_FIELD_LOOKUP ||
           home == RP_FIELD_META;
}

const struct rp_value *rp_bind_value(struct rp_scratch *s, uint32_t field_index)
{
    const struct rp_field *field = &s->rules->fields[field_index];
    struct rp_slot *slot = &s->slots[field_index];

    RP_ASSERT(field_index < s->rules->field_count);
    if (s->profile_only && field->home != RP_FIELD_TRAIT && field->home != RP_FIELD_TOUCH)
        return NULL;
    if (slot->epoch != s->epoch || !(is_kept(field->home) || field->home == RP_FIELD_EVENT)) {
        slot->epoch = s->epoch;
        slot->value.count = 0;
        switch (field->home) {
        case RP_FIELD_EVENT:
            break;
        case RP_FIELD_META:
            read_meta(s, field, slot);
            break;
        case RP_FIELD_TRAIT:
        case RP_FIELD_TOUCH:
            rp_profile_read(s, s->lead, field_index, slot);
            break;
        case RP_FIELD_STATE:
            read_state(s, field, slot);
            break;
        case RP_FIELD_FACT:
            rp_facts_read(s, field->key, slot);
            break;
        case RP_FIELD_LOOKUP:
            rp_lookup_read(s, field_index, slot);
            break;
        }
    }
    return slot->value.count ? &slot->value : NULL;
}

void rp_bind_forget(struct rp_scratch *s, uint32_t field)
{
    s->slots[field].epoch = 0;
}

uint32_t rp_lead_key_field(const struct rp_rules *rules, struct rp_str key)
{
    const struct rp_run *run = rp_runs_find(&rules->index->keys, rp_hash(key));

    for (uint32_t i = 0; run && i < run->count; i++) {
        uint32_t field = rules->index->key_fields[run->first + i];

        if (rp_str_eq(rules->fields[field].key, key))
            return field;
    }
    return RP_NONE;
}

/* ---- Kinds ----------------------------------------------------------------------------------- */

static void kinds_add(struct rp_scratch *s, const struct rp_member *member)
{
    if (s->kind_epoch[member->kind] == s->epoch)
        return;
    if (member->where && rp_cond_eval(s, member->where) != RP_TRUE)
        return;
    s->kind_epoch[member->kind] = s->epoch;
    s->kinds[s->kind_count++] = member->kind;
}

void rp_bind_kinds(struct rp_scratch *s)
{
    const struct rp_index *index = s->index;
    uint32_t type = (uint32_t)s->event->type;
    const struct rp_run *run;

    if (s->kinds_of == s->epoch)
        return;
    s->kinds_of = s->epoch;
    s->kind_count = 0;
    for (uint32_t i = 0; i < index->type_counts[type]; i++)
        kinds_add(s, &index->types[type][i]);
    if (s->event->type != RP_TRACK)
        return;
    run = rp_runs_find(&index->names, rp_hash(rp_text_fold(s->arena, s->event->name)));
    for (uint32_t i = 0; run && i < run->count; i++)
        kinds_add(s, &index->members[run->first + i]);
}
