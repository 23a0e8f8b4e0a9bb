/* SPDX-License-Identifier: MIT */
/* Finds the slot of the fact, reads it from states that are current and folds the others. Groups
 * are numbered in the order in which they are met: reports walk leads in the order of their
 * numbers, so two runs number alike. */
#include "core/report_by.h"

#include "base/hash.h"
#include "base/mem.h"
#include "core/reader_priv.h"
#include "engine/load.h"
#include "store/generations.h"
#include "store/states.h"

#include <stdlib.h>

enum { NONE, OTHER, FIRST_VALUE }; /* groups that are always there */

struct rp_by {
    struct rp_reader *reader;
    struct rp_arena arena, scratch;
    struct rp_rules *own_rules; /* that keep the fact; NULL: the active ones do */
    struct rp_vm *own_vm;
    struct rp_fold fold;
    uint32_t field; /* RP_NONE: everybody is one group */
    bool at_mql;    /* as it was then */
    struct rp_str *names;
    uint64_t *hashes;
    size_t count, cap;
};

/* "source" → "first_touch.source", "mql.campaign" → "mql_touch.campaign". */
static struct rp_str fact_of(struct rp_by *by, struct rp_str name)
{
    static const char *const parts[] = {"source",  "medium",  "campaign", "term",
                                        "content", "landing", "referrer"};
    static const char *const touches[] = {"first.", "last.", "lead.", "mql."};

    if (rp_str_starts(name, RP_STR("trait."))) {
        return rp_arena_str(&by->arena, (struct rp_str){name.ptr + 6, name.len - 6});
    }
    for (size_t i = 0; i < RP_COUNT(parts); i++) {
        if (rp_str_is(name, parts[i])) {
            return rp_arena_printf(&by->arena, "first_touch.%s", parts[i]);
        }
        for (size_t t = 0; t < RP_COUNT(touches); t++) {
            struct rp_str touch = rp_str_from(touches[t]);

            if (name.len > touch.len && rp_str_starts(name, touch) &&
                rp_str_is((struct rp_str){name.ptr + touch.len, name.len - touch.len}, parts[i])) {
                return rp_arena_printf(&by->arena, "%.*s_touch.%s", (int)touch.len - 1, touch.ptr,
                                       parts[i]);
            }
        }
    }
    return rp_arena_str(&by->arena, name);
}

static uint32_t field_of(struct rp_by *by, const struct rp_rules *rules, struct rp_str fact)
{
    uint64_t path = rp_path_of(rp_arena_printf(&by->arena, "traits.%.*s", RP_STR_ARG(fact)));
    struct rp_str name = rp_arena_printf(&by->arena, "lead.%.*s", RP_STR_ARG(fact));

    for (uint32_t i = 0; i < rules->field_count; i++) {
        const struct rp_field *field = &rules->fields[i];

        if (rp_str_eq(field->name, name) && (field->keeps_text || field->home != RP_FIELD_TRAIT)) {
            return i;
        }
        for (uint32_t a = 0; field->keeps_text && a < field->alias_count; a++) {
            if (field->aliases[a] == path) {
                return i;
            }
        }
    }
    return RP_NONE;
}

/* The active rules once more, with the fact kept. */
static int load_keeping(struct rp_by *by, struct rp_str fact, struct rp_err *err)
{
    struct rp_load_options options = {.keeps = &fact, .keep_count = 1};
    struct rp_findings findings = {0};
    struct rp_generation_row row;
    struct rp_files files;
    int status = rp_generation_get(&by->scratch, by->reader->store, 0, &row, err);

    if (status == 0) {
        status = rp_files_unpack(&by->scratch, row.sources, &files, err);
    }
    if (status == 0) {
        options.disabled =
            rp_generation_disabled(&by->scratch, row.disabled, &options.disabled_count);
        status = rp_load(&by->scratch, &files, &options, &by->own_rules, &findings, err);
    }
    if (status == 0) {
        by->own_vm = rp_vm_new(by->own_rules, err);
        status = by->own_vm ? 0 : RIPEN_ERULE;
    }
    rp_arena_reset(&by->scratch);
    return status;
}

static int find_field(struct rp_by *by, struct rp_str name, struct rp_err *err)
{
    struct rp_str fact = fact_of(by, name);
    const struct rp_rules *rules = by->reader->rules;
    int status;

    by->at_mql = rp_str_starts(fact, RP_STR("mql_touch."));
    if (by->at_mql) { /* the last touch as it was then */
        fact = rp_arena_printf(&by->arena, "last_touch.%.*s", (int)fact.len - 10, fact.ptr + 10);
    }
    by->field = field_of(by, rules, fact);
    if (by->field != RP_NONE) {
        return 0;
    }
    status = load_keeping(by, fact, err);
    if (status == 0) {
        by->field = field_of(by, by->own_rules, fact);
    }
    if (status == 0 && by->field == RP_NONE) {
        status = RIPEN_EINPUT;
    }
    return status == 0 ? 0
                       : rp_err_set(err, RIPEN_EINPUT,
                                    "--by is \"%.*s\": give source, medium, campaign, term, "
                                    "content, landing or referrer (of the first touch; "
                                    "mql.source and last.source are others), owner, country or "
                                    "another trait",
                                    RP_STR_ARG(name));
}

static void add_name(struct rp_by *by, struct rp_str name, uint64_t hash)
{
    if (by->count == by->cap) {
        size_t cap = by->cap;

        by->names = rp_grow(by->names, &by->cap, by->count + 1, sizeof(*by->names));
        by->hashes = rp_grow(by->hashes, &cap, by->count + 1, sizeof(*by->hashes));
    }
    by->names[by->count] = rp_arena_str(&by->arena, name);
    by->hashes[by->count++] = hash;
}

int rp_by_open(struct rp_reader *reader, struct rp_str name, struct rp_by **ret_by,
               struct rp_err *err)
{
    struct rp_by *by = rp_calloc(1, sizeof(*by));
    int status = 0;

    by->reader = reader;
    by->field = RP_NONE;
    rp_arena_init(&by->arena);
    rp_arena_init(&by->scratch);
    add_name(by, name.len > 0 ? RP_STR("(none)") : RP_STR(""), 0);
    add_name(by, RP_STR("(other)"), 0);
    if (name.len > 0) {
        status = find_field(by, name, err);
    }
    if (status != 0) {
        rp_by_free(by);
        return status;
    }
    rp_fold_init(&by->fold, by->own_rules ? by->own_rules : reader->rules,
                 by->own_vm ? by->own_vm : reader->vm, &by->scratch);
    *ret_by = by;
    return 0;
}

void rp_by_free(struct rp_by *by)
{
    if (!by) {
        return;
    }
    if (by->fold.scratch) {
        rp_fold_fini(&by->fold);
    }
    rp_vm_free(by->own_vm);
    rp_rules_free(by->own_rules);
    rp_arena_fini(&by->arena);
    rp_arena_fini(&by->scratch);
    free(by->names);
    free(by->hashes);
    free(by);
}

static uint32_t group_of(struct rp_by *by, struct rp_str value)
{
    uint64_t hash = rp_hash(value);

    if (value.len == 0) {
        return NONE;
    }
    for (size_t i = FIRST_VALUE; i < by->count; i++) {
        if (by->hashes[i] == hash && rp_str_eq(by->names[i], value)) {
            return (uint32_t)i;
        }
    }
    if (by->count - FIRST_VALUE >= RP_REPORT_GROUPS_MAX) {
        return OTHER;
    }
    add_name(by, value, hash);
    return (uint32_t)by->count - 1;
}

/* The lead's cells as of its newest event, or of the moment when it was decided. */
static int bring_up(struct rp_by *by, struct rp_lead *lead, int64_t mql_ms, struct rp_err *err)
{
    bool current = lead->generation == by->reader->rules->number &&
                   !rp_recent_concerns(&by->reader->recent, lead);
    struct rp_history history;
    int status;

    if (current && !by->at_mql && !by->own_rules) {
        return 0;
    }
    rp_recent_apply(&by->reader->recent, lead);
    status = rp_history_load(&by->scratch, by->reader->store, lead, NULL, 0, &history, err);
    if (status == 0) {
        rp_history_fold(&by->fold, lead, &history, by->at_mql ? mql_ms : INT64_MAX, NULL, NULL);
    }
    return status;
}

int rp_by_group(struct rp_by *by, int64_t id, int64_t mql_ms, uint32_t *ret_group,
                struct rp_err *err)
{
    struct rp_str value = RP_STR(""), stage;
    struct rp_lead lead;
    int status;

    *ret_group = NONE;
    if (by->field == RP_NONE || (by->at_mql && mql_ms == RP_NEVER)) {
        return 0;
    }
    rp_lead_init(&lead);
    status = rp_state_load(by->reader->store, id, &lead, &stage, err);
    if (status == RIPEN_ENOTFOUND && lead.public_id[0] != '\0') {
        status = 0;
    }
    lead.id = id;
    if (status == 0) {
        status = bring_up(by, &lead, mql_ms, err);
    }
    if (status == 0 && rp_lead_field(&by->fold, &lead, by->field, INT64_MAX / 2, &value)) {
        *ret_group = group_of(by, value);
    }
    rp_lead_fini(&lead);
    rp_arena_reset(&by->scratch);
    return status;
}

size_t rp_by_count(const struct rp_by *by)
{
    return by->count;
}

struct rp_str rp_by_name(const struct rp_by *by, uint32_t group)
{
    return by->names[group];
}
