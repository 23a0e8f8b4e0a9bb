/* SPDX-License-Identifier: MIT */
/* Reads all merges, joins the leads that they name, and sorts leads and merges by family, so that a
 * family is a slice of each array. */
#include "core/family.h"

#include "base/mem.h"
#include "base/when.h"
#include "store/report_rows.h"

#include <stdlib.h>
#include <string.h>

struct member {
    int64_t lead;
    size_t family; /* index of the first member found; later of the family's slice */
    bool stands;
};
struct slice {
    size_t lead, lead_count, merge, merge_count;
    int64_t first_standing;
};
struct sorted_merge {
    struct rp_family_merge merge;
    size_t family, row;
};

struct rp_families {
    struct rp_arena arena;
    struct member *members; /* by lead */
    size_t member_count;
    int64_t *leads; /* by family, ascending within */
    struct slice *slices;
    size_t slice_count;
    struct sorted_merge *sorting;
    struct rp_family_merge *merges; /* by family */
    size_t merge_count, merge_cap;
};

static int take(void *ctx, const struct rp_merge_note *note, struct rp_err *err)
{
    struct rp_families *f = ctx;
    struct sorted_merge *sorted;

    (void)err;
    f->sorting = f->merge_count == f->merge_cap
                     ? rp_grow(f->sorting, &f->merge_cap, f->merge_count + 1, sizeof(*f->sorting))
                     : f->sorting;
    sorted = &f->sorting[f->merge_count];
    *sorted = (struct sorted_merge){.merge = {.at_ms = note->at_ms,
                                              .undone_ms = note->undone_ms,
                                              .from = note->from,
                                              .into = note->into,
                                              .node_count = note->node_count},
                                    .row = f->merge_count};
    sorted->merge.nodes = RP_ARENA_ARRAY(&f->arena, int64_t, note->node_count + 1);
    if (note->node_count > 0) {
        memcpy(sorted->merge.nodes, note->nodes, note->node_count * sizeof(int64_t));
    }
    f->merge_count++;
    return 0;
}

static int by_lead(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;

    return (x->lead > y->lead) - (x->lead < y->lead);
}

static struct member *find(const struct rp_families *f, int64_t lead)
{
    struct member key = {.lead = lead};

    return f->member_count > 0 ? bsearch(&key, f->members, f->member_count, sizeof(key), by_lead)
                               : NULL;
}

/* The root of a member: its own index. Paths are halved on the way. */
static size_t root_of(struct rp_families *f, size_t at)
{
    while (f->members[at].family != at) {
        f->members[at].family = f->members[f->members[at].family].family;
        at = f->members[at].family;
    }
    return at;
}

static void list_members(struct rp_families *f)
{
    size_t kept = 0;

    f->members = rp_calloc(2 * f->merge_count + 1, sizeof(*f->members));
    for (size_t i = 0; i < f->merge_count; i++) {
        f->members[f->member_count++].lead = f->sorting[i].merge.from;
        f->members[f->member_count++].lead = f->sorting[i].merge.into;
    }
    qsort(f->members, f->member_count, sizeof(*f->members), by_lead);
    for (size_t i = 0; i < f->member_count; i++) {
        if (kept == 0 || f->members[i].lead != f->members[kept - 1].lead) {
            f->members[kept] = (struct member){.lead = f->members[i].lead, .stands = true};
            f->members[kept].family = kept;
            kept++;
        }
    }
    f->member_count = kept;
    for (size_t i = 0; i < f->merge_count; i++) {
        struct member *from = find(f, f->sorting[i].merge.from);
        struct member *into = find(f, f->sorting[i].merge.into);
        size_t one = root_of(f, (size_t)(from - f->members));
        size_t other = root_of(f, (size_t)(into - f->members));

        from->stands = from->stands && f->sorting[i].merge.undone_ms != RP_NEVER;
        f->members[one > other ? one : other].family = one < other ? one : other;
    }
}

static int by_family(const void *a, const void *b)
{
    const struct sorted_merge *x = a;
    const struct sorted_merge *y = b;

    return x->family != y->family ? (x->family > y->family) - (x->family < y->family)
                                  : (x->row > y->row) - (x->row < y->row);
}

/* Roots are the lowest members, so slices come in the order of their roots. */
static void cut_slices(struct rp_families *f)
{
    size_t *slice_of = rp_calloc(f->member_count + 1, sizeof(*slice_of));
    size_t at = 0;

    f->slices = rp_calloc(f->member_count + 1, sizeof(*f->slices));
    f->leads = rp_calloc(f->member_count + 1, sizeof(*f->leads));
    for (size_t i = 0; i < f->member_count; i++) {
        if (root_of(f, i) == i) {
            slice_of[i] = f->slice_count++;
        }
        f->slices[slice_of[root_of(f, i)]].lead_count++;
    }
    for (size_t s = 0; s < f->slice_count; s++) {
        f->slices[s].lead = at;
        at += f->slices[s].lead_count;
        f->slices[s].lead_count = 0;
    }
    for (size_t i = 0; i < f->merge_count; i++) {
        f->sorting[i].family =
            slice_of[root_of(f, (size_t)(find(f, f->sorting[i].merge.from) - f->members))];
    }
    for (size_t i = 0; i < f->member_count; i++) {
        struct slice *slice = &f->slices[slice_of[root_of(f, i)]];

        f->leads[slice->lead + slice->lead_count++] = f->members[i].lead;
        if (f->members[i].stands && slice->first_standing == 0) {
            slice->first_standing = f->members[i].lead;
        }
    }
    for (size_t i = 0; i < f->member_count; i++) { /* no root is asked for any more */
        slice_of[i] = slice_of[root_of(f, i)];
    }
    for (size_t i = 0; i < f->member_count; i++) {
        f->members[i].family = slice_of[i];
    }
    free(slice_of);
}

static void sort_merges(struct rp_families *f)
{
    qsort(f->sorting, f->merge_count, sizeof(*f->sorting), by_family);
    f->merges = rp_calloc(f->merge_count + 1, sizeof(*f->merges));
    for (size_t i = 0; i < f->merge_count; i++) {
        struct slice *slice = &f->slices[f->sorting[i].family];

        f->merges[i] = f->sorting[i].merge;
        slice->merge = slice->merge_count == 0 ? i : slice->merge;
        slice->merge_count++;
    }
    free(f->sorting);
    f->sorting = NULL;
}

int rp_families_load(struct rp_store *store, struct rp_families **ret_families, struct rp_err *err)
{
    struct rp_families *f = rp_calloc(1, sizeof(*f));
    int status;

    rp_arena_init(&f->arena);
    status = rp_report_merges(store, take, f, err);
    if (status != 0) {
        rp_families_free(f);
        return status;
    }
    if (f->merge_count > 0) {
        list_members(f);
        cut_slices(f);
        sort_merges(f);
    }
    *ret_families = f;
    return 0;
}

void rp_families_free(struct rp_families *f)
{
    if (!f) {
        return;
    }
    rp_arena_fini(&f->arena);
    free(f->members);
    free(f->leads);
    free(f->slices);
    free(f->sorting);
    free(f->merges);
    free(f);
}

bool rp_family_of(const struct rp_families *f, const int64_t *id, struct rp_family *ret_family)
{
    const struct member *member = find(f, *id);
    const struct slice *slice;

    if (!member) {
        *ret_family = (struct rp_family){.leads = id, .lead_count = 1};
        return true;
    }
    slice = &f->slices[member->family];
    *ret_family = (struct rp_family){.leads = f->leads + slice->lead,
                                     .lead_count = slice->lead_count,
                                     .merges = f->merges + slice->merge,
                                     .merge_count = slice->merge_count};
    return slice->first_standing == *id;
}
