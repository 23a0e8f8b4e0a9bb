/* SPDX-License-Identifier: MIT */
/* The counts of a database, and how they are shown. See census.h. */
#include "engine/census.h"

#include "base/text.h"

#include <string.h>

void rp_census_init(struct rp_census *census, struct rp_arena *arena, const struct rp_rules *rules)
{
    *census = (struct rp_census){.arena = arena};
    census->fired = RP_ARENA_ARRAY(arena, uint64_t, rules->score_count + 1);
    census->with_field = RP_ARENA_ARRAY(arena, uint64_t, rules->field_count + 1);
}

/* ---- Counting -------------------------------------------------------------------------------- */

/* The entry under the key; NULL when there are too many. */
static struct rp_census_name *entry_of(struct rp_arena *arena, struct rp_map *numbers,
                                       struct rp_census_name **items, uint32_t *count,
                                       uint32_t *cap, struct rp_str key, struct rp_str name)
{
    uint32_t number = rp_map_get(numbers, key);

    if (number != RP_MAP_NONE)
        return &(*items)[number];
    if (*count >= RP_CENSUS_NAMES_MAX)
        return NULL;
    if (*count == *cap) {
        uint32_t wider_cap = *cap ? *cap * 2 : 64;
        struct rp_census_name *wider = RP_ARENA_ARRAY(arena, struct rp_census_name, wider_cap);

        if (*count > 0)
            memcpy(wider, *items, *count * sizeof *wider);
        *items = wider;
        *cap = wider_cap;
    }
    rp_map_put(arena, numbers, rp_arena_str(arena, key), *count);
    (*items)[*count] = (struct rp_census_name){.name = rp_arena_str(arena, name)};
    return &(*items)[(*count)++];
}

void rp_census_event(struct rp_census *census, struct rp_str name)
{
    struct rp_arena scratch;
    struct rp_census_name *entry;

    rp_arena_init(&scratch);
    entry = entry_of(census->arena, &census->event_numbers, &census->event_names,
                     &census->event_count, &census->event_cap, rp_text_fold(&scratch, name), name);
    if (entry)
        entry->count++;
    rp_arena_fini(&scratch);
}

void rp_census_trait(struct rp_census *census, struct rp_str name, int64_t lead)
{
    struct rp_census_name *entry = entry_of(census->arena, &census->trait_numbers, &census->traits,
                                            &census->trait_count, &census->trait_cap, name, name);

    if (entry == NULL || entry->lead == lead)
        return;
    entry->lead = lead;
    entry->count++;
}

static uint64_t count_of(const struct rp_census *census, struct rp_str name)
{
    struct rp_arena scratch;
    uint32_t number;

    rp_arena_init(&scratch);
    number = rp_map_get(&census->event_numbers, rp_text_fold(&scratch, name));
    rp_arena_fini(&scratch);
    return number == RP_MAP_NONE ? 0 : census->event_names[number].count;
}

uint64_t rp_census_kind(const struct rp_census *census, const struct rp_kind *kind)
{
    uint64_t count;

    if (kind->any)
        return census->events;
    count = count_of(census, kind->name);
    for (uint32_t i = 0; i < kind->also_count; i++)
        count += count_of(census, kind->also[i].event);
    return count;
}

/* ---- Text ------------------------------------------------------------------------------------ */

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/* "3 %", "<1 %" */
static void print_share(struct rp_buf *out, uint64_t part, uint64_t whole)
{
    double percent = share(part, whole);

    if (part > 0 && percent < 1)
        rp_buf_text(out, "<1 %");
    else
        rp_buf_printf(out, "%.0f %%", percent);
}

static bool is_shown(const struct rp_field *field, const struct rp_census_spot *spot)
{
    return field->home == RP_FIELD_TRAIT && spot->read;
}

void rp_census_print(struct rp_buf *out, const struct rp_rules *rules,
                     const struct rp_census *census)
{
    const struct rp_census_spot *spots = rp_census_spots(census->arena, rules);

    rp_buf_printf(out, "%s%llu leads and %llu events of the database:\n",
                  census->whole ? "" : "the newest ", (unsigned long long)census->leads,
                  (unsigned long long)census->events);
    for (uint32_t i = 0; i < rules->field_count; i++) {
        const struct rp_field *field = &rules->fields[i];

        if (!is_shown(field, &spots[i]))
            continue;
        rp_buf_printf(out, "  %-36.*s known for ", RP_STR_ARG(field->key));
        print_share(out, census->with_field[i], census->leads);
        rp_buf_printf(out, " of leads (%llu)\n", (unsigned long long)census->with_field[i]);
    }
    for (uint32_t i = 0; i < rules->kind_count; i++)
        if (!rules->kinds[i].any)
            rp_buf_printf(out, "  %-36.*s came %llu time%s\n", RP_STR_ARG(rules->kinds[i].name),
                          (unsigned long long)rp_census_kind(census, &rules->kinds[i]),
                          rp_census_kind(census, &rules->kinds[i]) == 1 ? "" : "s");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_traits(struct rp_jw *jw, const struct rp_rules *rules,
                       const struct rp_census *census)
{
    const struct rp_census_spot *spots = rp_census_spots(census->arena, rules);

    rp_jw_key(jw, "traits");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->field_count; i++) {
        if (!is_shown(&rules->fields[i], &spots[i]))
            continue;
        rp_jw_object(jw);
        rp_jw_put_str(jw, "trait", rules->fields[i].key);
        rp_jw_put_int(jw, "leads", (int64_t)census->with_field[i]);
        rp_jw_put_milli(jw, "percent",
                        (int64_t)(share(census->with_field[i], census->leads) * 1000));
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

void rp_census_json(struct rp_jw *jw, const struct rp_rules *rules, const struct rp_census *census)
{
    rp_jw_key(jw, "facts");
    rp_jw_object(jw);
    rp_jw_put_int(jw, "leads", (int64_t)census->leads);
    rp_jw_put_int(jw, "events", (int64_t)census->events);
    rp_jw_put_bool(jw, "whole", census->whole);
    put_traits(jw, rules, census);
    rp_jw_key(jw, "events_by_name");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->kind_count; i++) {
        if (rules->kinds[i].any)
            continue;
        rp_jw_object(jw);
        rp_jw_put_str(jw, "event", rules->kinds[i].name);
        rp_jw_put_int(jw, "events", (int64_t)rp_census_kind(census, &rules->kinds[i]));
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
    rp_jw_key(jw, "rules");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < rules->score_count; i++) {
        rp_jw_object(jw);
        rp_jw_put_str(jw, "rule", rules->scores[i].name);
        rp_jw_put_int(jw, "hits", (int64_t)census->fired[i]);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
    rp_jw_object_end(jw);
}
