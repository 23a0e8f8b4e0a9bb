/* SPDX-License-Identifier: MIT */
/* Counts what a database holds for `check --db`: folds leads, the newest first, with the rules that
 * are to be checked, and notes their events, traits and hits. Bounded, so that a large database
 * costs seconds. */
#include "base/hash.h"
#include "core/reader_priv.h"
#include "engine/census.h"
#include "engine/load.h"
#include "model/event_props.h"
#include "store/facts.h"
#include "store/generations.h"

#include <stdio.h>

enum { PAGE = 500, LEADS_MAX = 50000, EVENTS_MAX = 200000, NAME_MAX_BYTES = 200 };

/* ---- One event ------------------------------------------------------------------------------- */

/* The scalars below props[at] under their dotted names. */
static void count_traits(struct rp_census *census, const struct rp_event *event, uint32_t at,
                         const char *prefix, int64_t lead)
{
    const struct rp_prop *props = event->props;

    for (uint32_t i = at + 1; i < props[at].next; i = props[i].next) {
        char name[NAME_MAX_BYTES];
        int len = snprintf(name, sizeof(name), "%s%.*s", prefix, RP_STR_ARG(props[i].key));

        if (props[i].dropped || len < 0 || len + 1 >= (int)sizeof(name)) {
            continue;
        }
        if (props[i].type == RP_OBJECT) {
            snprintf(name + len, sizeof(name) - (size_t)len, ".");
            count_traits(census, event, i, name, lead);
        } else if (props[i].type != RP_NULL) {
            rp_census_trait(census, rp_str_from(name), lead);
        }
    }
}

static void count_event(struct rp_census *census, const struct rp_event *event, int64_t lead)
{
    static const char *const homes[] = {"traits", "context.traits"};

    rp_census_event(census, event->type == RP_TRACK ? event->name
                                                    : rp_str_from(rp_event_type_name(event->type)));
    for (size_t i = 0; i < RP_COUNT(homes); i++) {
        const struct rp_prop *prop = rp_event_get(event, rp_path_of(rp_str_from(homes[i])));

        if (prop && prop->type == RP_OBJECT && event->type != RP_GROUP) {
            count_traits(census, event, (uint32_t)(prop - event->props), "", lead);
        }
    }
    census->events++;
}

/* ---- One lead -------------------------------------------------------------------------------- */

static void count_view(struct rp_view *view, struct rp_census *census)
{
    const struct rp_rules *rules = view->fold.rules;

    for (size_t i = 0; i < view->history.count; i++) {
        count_event(census, &view->history.events[i], view->lead.id);
    }
    for (size_t i = 0; i < view->decision.grant_count; i++) {
        if (view->decision.grants[i].model == 0 &&
            view->decision.grants[i].rule < rules->score_count) {
            census->fired[view->decision.grants[i].rule]++;
        }
    }
    for (uint32_t i = 0; i < rules->field_count; i++) {
        struct rp_str text;

        if (rules->fields[i].home == RP_FIELD_TRAIT &&
            rp_lead_field(&view->fold, &view->lead, i, view->at_ms, &text)) {
            census->with_field[i]++;
        }
    }
    census->leads++;
}

static int count_leads(struct rp_reader *reader, struct rp_census *census, int64_t now_ms,
                       struct rp_err *err)
{
    int64_t ids[PAGE], before = INT64_MAX;
    int got, status = 0;

    while ((got = rp_lead_ids_newest(reader->store, before, ids, PAGE, err)) > 0) {
        for (int i = 0; i < got; i++) {
            struct rp_view view;

            if (census->events >= EVENTS_MAX || census->leads >= LEADS_MAX) {
                census->whole = false;
                return 0;
            }
            status = rp_view_open(reader, ids[i], now_ms, &view, err);
            if (status != 0) {
                return status;
            }
            count_view(&view, census);
            rp_view_close(&view);
            rp_arena_reset(&reader->arena);
        }
        before = ids[got - 1];
    }
    return got;
}

/* ---- The rules that are active there --------------------------------------------------------- */

static int load_before(struct rp_reader *reader, struct rp_arena *arena,
                       struct rp_rules **ret_rules, struct rp_err *err)
{
    struct rp_generation_row row;
    struct rp_findings findings;
    struct rp_files files;
    int status = rp_generation_get(arena, reader->store, 0, &row, err);

    *ret_rules = NULL;
    if (status == RIPEN_ENOTFOUND) {
        return 0;
    }
    if (status == 0) {
        status = rp_files_unpack(arena, row.sources, &files, err);
    }
    if (status == 0 && rp_load(arena, &files, NULL, ret_rules, &findings, NULL) != 0) {
        *ret_rules = NULL; /* of an older program: nothing can be said of what is gone */
    }
    return status;
}

int rp_reader_census(struct rp_reader *reader, struct rp_arena *arena, int64_t now_ms,
                     struct rp_census *ret_census, struct rp_rules **ret_before, struct rp_err *err)
{
    int status = rp_reader_begin(reader, err);

    *ret_before = NULL;
    if (status != 0) {
        return rp_reader_end(reader, status);
    }
    rp_census_init(ret_census, arena, reader->rules);
    ret_census->whole = true;
    status = count_leads(reader, ret_census, now_ms, err);
    if (status == 0) {
        status = load_before(reader, arena, ret_before, err);
    }
    ret_census->before = *ret_before;
    return rp_reader_end(reader, status);
}
