/* SPDX-License-Identifier: MIT */
/* The active rules with something more in them: probes that keep and count what may be learned
 * from, or the file that was learned, to see that it gives the points of the card there. */
#include "base/hash.h"
#include "core/learn_priv.h"
#include "core/reader_priv.h"
#include "store/generations.h"

#include <stdlib.h>
#include <string.h>

#define PROBE     "zz_learn_probe" /* of names that no author takes */
#define COUNT_MAX 256              /* counts stop there */

uint32_t rp_learn_window(uint32_t column)
{
    static const uint32_t days[RP_LEARN_WINDOWS] = {7, 30, 90, 0};

    return days[column % RP_LEARN_WINDOWS];
}

/* ---- Loading --------------------------------------------------------------------------------- */

static int by_path(const void *left, const void *right)
{
    const struct rp_source *a = left, *b = right;

    return rp_str_cmp(a->path, b->path);
}

static int load_with(struct rp_reader *reader, struct rp_arena *arena, struct rp_str path,
                     struct rp_str lua, const struct rp_str *keeps, size_t keep_count,
                     struct rp_rules **ret_rules, struct rp_vm **ret_vm, struct rp_err *err)
{
    struct rp_load_options options = {.keeps = keeps, .keep_count = keep_count};
    struct rp_findings findings = {0};
    struct rp_generation_row row;
    struct rp_files files, more;
    int status = rp_generation_get(arena, reader->store, 0, &row, err);

    if (status == RIPEN_ENOTFOUND)
        return rp_err_set(err, RIPEN_EINPUT, "no rules are active in this database");
    if (status == 0)
        status = rp_files_unpack(arena, row.sources, &files, err);
    if (status != 0)
        return status;
    more.count = files.count + 1;
    more.items = RP_ARENA_ARRAY(arena, struct rp_source, more.count);
    memcpy(more.items, files.items, files.count * sizeof(*files.items));
    more.items[files.count] = (struct rp_source){path, lua};
    qsort(more.items, more.count, sizeof(*more.items), by_path);
    options.disabled = rp_generation_disabled(arena, row.disabled, &options.disabled_count);
    status = rp_load(arena, &more, &options, ret_rules, &findings, err);
    status = rp_learn_refused(&findings, status, err);
    if (status != 0)
        return status;
    *ret_vm = rp_vm_new(*ret_rules, err);
    return *ret_vm ? 0 : RIPEN_ERULE;
}

/* ---- Probes ---------------------------------------------------------------------------------- */

static void put_quoted(struct rp_buf *out, struct rp_str text)
{
    rp_buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++)
        rp_buf_printf(out, "\\%03u", (unsigned)(unsigned char)text.ptr[i]);
    rp_buf_char(out, '"');
}

static struct rp_str probe_text(struct rp_learn_gather *g)
{
    struct rp_buf out = {0};

    rp_buf_text(&out, "dimension \"" PROBE "\" { kind = \"state\", range = { 0, 1 } }\n");
    for (uint32_t c = 0; c < g->event_names.count * RP_LEARN_WINDOWS; c++) {
        const uint32_t days = rp_learn_window(c);
        rp_buf_printf(
            &out, "fit \"" PROBE "_%u\" { why = \"probe\", dimension = \"" PROBE "\", count = %s(",
            c, days ? "count" : "days_since");
        put_quoted(&out, g->event_names.items[c / RP_LEARN_WINDOWS]);
        if (days)
            rp_buf_printf(&out, ", { within = \"%ud\" }", days);
        rp_buf_printf(&out, "), bands = { { below = %d, points = 0 }, { points = 0 } } }\n",
                      COUNT_MAX);
    }
    const struct rp_str text = rp_arena_str(g->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

static uint32_t field_of(struct rp_arena *arena, const struct rp_rules *rules, struct rp_str fact)
{
    const uint64_t path = rp_path_of(rp_arena_printf(arena, "traits.%.*s", RP_STR_ARG(fact)));
    const struct rp_str name = rp_arena_printf(arena, "lead.%.*s", RP_STR_ARG(fact));

    for (uint32_t i = 0; i < rules->field_count; i++) {
        const struct rp_field *field = &rules->fields[i];
        if (!field->keeps_text && field->home == RP_FIELD_TRAIT)
            continue;
        if (rp_str_eq(field->name, name))
            return i;
        for (uint32_t a = 0; a < field->alias_count; a++)
            if (field->aliases[a] == path)
                return i;
    }
    return RP_NONE;
}

static const char *const touches[] = {"lead_touch.source", "lead_touch.medium",
                                      "lead_touch.campaign", "first_touch.source"};

/* A trait may come under several spellings, and some keys name what is no trait. */
static void take_traits(struct rp_learn_gather *g, const struct rp_str *names, size_t count)
{
    g->traits = RP_ARENA_ARRAY(g->arena, struct rp_learn_trait, count + 1);
    for (size_t i = 0; i < count; i++) {
        const uint32_t field = field_of(&g->scratch, g->rules, names[i]);
        bool known = field == RP_NONE;
        if (!known && i >= RP_COUNT(touches))
            known = g->rules->fields[field].home != RP_FIELD_TRAIT;
        for (uint32_t t = 0; t < g->trait_count; t++)
            known |= g->traits[t].field == field;
        if (!known)
            g->traits[g->trait_count++] =
                (struct rp_learn_trait){.name = rp_arena_str(g->arena, names[i]), .field = field};
    }
}

int rp_learn_probe(struct rp_learn_gather *g, struct rp_err *err)
{
    const size_t count = g->trait_names.count + RP_COUNT(touches);
    struct rp_str *keeps = RP_ARENA_ARRAY(g->arena, struct rp_str, count);

    for (size_t i = 0; i < count; i++)
        keeps[i] = i < RP_COUNT(touches) ? rp_str_from(touches[i])
                                         : g->trait_names.items[i - RP_COUNT(touches)];
    int status = load_with(g->reader, &g->scratch, RP_STR(PROBE ".lua"), probe_text(g), keeps,
                           count, &g->rules, &g->vm, err);
    if (status != 0)
        return status;
    take_traits(g, keeps, count);
    g->count_columns = (uint32_t)g->event_names.count * RP_LEARN_WINDOWS;
    for (g->first_fit = 0; g->first_fit < g->rules->fit_count; g->first_fit++)
        if (rp_str_is(g->rules->fits[g->first_fit].name, PROBE "_0"))
            break;
    rp_arena_reset(&g->scratch);
    return 0;
}

/* ---- The learned file ------------------------------------------------------------------------ */

struct check {
    struct rp_reader *reader;
    struct rp_arena arena, scratch;
    struct rp_rules *rules;
    struct rp_vm *vm;
    struct rp_fold fold;
    uint32_t dim;
};

static int check_row(struct check *c, const struct rp_learned *learned,
                     const struct rp_learn_found *found, uint32_t row, struct rp_err *err)
{
    const int64_t at_ms = found->table.at_ms[row];
    const int64_t want = (int64_t)rp_learn_points(&learned->card, &found->table, row) * 1000;
    struct rp_history history;
    struct rp_lead lead;
    int status = rp_learn_open(c->reader, &c->scratch, found->leads[row], &lead, &history, err);

    if (status != 0)
        return status;
    rp_learn_fold(&c->fold, &lead, &history, at_ms);
    const int64_t got = rp_lead_score(&c->fold, &lead, 0, c->dim, at_ms);
    const bool excluded = rp_lead_excluded(&c->fold, &lead, at_ms);
    if (got != want && !excluded)
        status = rp_err_set(err, RIPEN_ERULE,
                            "lead %s had %lld points by the card, and %lld by its rules",
                            lead.public_id, (long long)want / 1000, (long long)got / 1000);
    rp_lead_fini(&lead);
    return status;
}

int rp_reader_learn_check(struct rp_reader *reader, const struct rp_learn_history *history,
                          const struct rp_learned *learned, const struct rp_learn_found *found,
                          struct rp_str dimension, struct rp_str lua, struct rp_err *err)
{
    struct check c = {.reader = reader};
    int status = rp_reader_begin(reader, err);

    rp_arena_init(&c.arena);
    rp_arena_init(&c.scratch);
    if (status == 0)
        status = load_with(reader, &c.arena, RP_STR("zz_learned.lua"), lua, NULL, 0, &c.rules,
                           &c.vm, err);
    if (status == 0) {
        while (c.dim < c.rules->dim_count && !rp_str_eq(c.rules->dims[c.dim].name, dimension))
            c.dim++;
        RP_ASSERT(c.dim < c.rules->dim_count);
        rp_fold_init(&c.fold, c.rules, c.vm, &c.scratch);
        for (uint32_t row = 0; status == 0 && row < found->table.rows; row++) {
            status = check_row(&c, learned, found, row, err);
            rp_arena_reset(&c.scratch);
            if (history->progress && row % 256 == 0)
                history->progress(history->ctx, (double)row / found->table.rows);
        }
        rp_fold_fini(&c.fold);
    }
    rp_vm_free(c.vm);
    rp_rules_free(c.rules);
    rp_arena_fini(&c.scratch);
    rp_arena_fini(&c.arena);
    return rp_reader_end(reader, status);
}
