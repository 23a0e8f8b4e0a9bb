/* SPDX-License-Identifier: MIT */
/* Facts that are neither the event's nor the profile's: what actions set on the lead (a JSON object
 * in its cells, kept by a rebuild) and the columns of look-up tables. */
#include "base/json_read.h"
#include "base/text.h"
#include "engine/eval.h"

static void slot_one(struct rp_slot *slot, struct rp_atom atom)
{
    slot->one = atom;
    slot->value = (struct rp_value){&slot->one, 1};
}

/* A scalar's JSON. */
static void slot_json(struct rp_scratch *s, struct rp_slot *slot, struct rp_str raw)
{
    struct rp_json json;

    slot->value.count = 0;
    rp_json_init(&json, s->arena, raw);
    switch ((int)rp_json_next(&json)) {
    case RP_JSON_STRING:
        slot_one(slot, (struct rp_atom){.type = RP_STRING, .text = json.string});
        return;
    case RP_JSON_NUMBER:
        slot_one(slot,
                 (struct rp_atom){.type = RP_NUMBER, .text = json.raw, .number = json.number});
        return;
    case RP_JSON_TRUE:
        slot_one(slot, (struct rp_atom){.type = RP_BOOL, .number = 1});
        return;
    case RP_JSON_FALSE:
        slot_one(slot, (struct rp_atom){.type = RP_BOOL});
        return;
    default:
        return;
    }
}

void rp_facts_read(struct rp_scratch *s, struct rp_str key, struct rp_slot *slot)
{
    uint32_t len = 0;
    const char *cell = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_FACTS, 0, 0), &len);
    struct rp_json json;

    if (!cell || len == 0)
        return;
    rp_json_init(&json, s->arena, rp_arena_str(s->arena, (struct rp_str){cell, len}));
    if (rp_json_next(&json) != RP_JSON_OBJECT)
        return;
    while (rp_json_next(&json) == RP_JSON_KEY) {
        struct rp_str name = json.string, raw;

        if (rp_json_skip(&json, &raw) == RP_JSON_ERROR)
            return;
        if (rp_str_eq(name, key))
            slot_json(s, slot, raw);
    }
}

static bool lookup_holds(struct rp_scratch *s, enum rp_match_op op, const struct rp_value *value,
                         struct rp_str key)
{
    for (uint32_t i = 0; i < value->count; i++) {
        struct rp_str text = rp_atom_folded(s, &value->atoms[i]);
        bool holds;

        switch ((int)op) {
        case RP_MATCH_GLOB:
            holds = rp_text_glob(text, key);
            break;
        case RP_MATCH_STARTS:
            holds = rp_str_starts(text, key);
            break;
        case RP_MATCH_ENDS:
            holds = rp_str_ends(text, key);
            break;
        case RP_MATCH_CONTAINS:
            holds = rp_text_contains(text, key);
            break;
        case RP_MATCH_WORD:
            holds = rp_text_word(text, key);
            break;
        default:
            holds = rp_str_eq(text, key);
        }
        if (holds)
            return true;
    }
    return false;
}

void rp_lookup_read(struct rp_scratch *s, uint32_t field, struct rp_slot *slot)
{
    const struct rp_field *wanted = &s->rules->fields[field];
    const struct rp_lookup *lookup = &s->rules->lookups[wanted->lookup];

    for (uint32_t row = 0; row < lookup->row_count; row++) {
        bool all = lookup->match_count > 0;

        for (uint32_t i = 0; all && i < lookup->match_count; i++) {
            const struct rp_value *value = rp_bind_value(s, lookup->match_fields[i]);

            all = value && lookup_holds(s, lookup->match_ops[i], value,
                                        lookup->keys[(size_t)row * lookup->match_count + i]);
        }
        if (all) {
            struct rp_str cell = lookup->cells[(size_t)row * lookup->column_count + wanted->column];

            if (cell.len)
                slot_one(slot, (struct rp_atom){.type = RP_STRING, .text = cell});
            return;
        }
    }
}
