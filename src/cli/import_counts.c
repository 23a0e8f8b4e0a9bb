/* SPDX-License-Identifier: MIT */
/* Counts by a 64-bit key, in an open table: how often a row was seen, which leads were met. The
 * keys are hashes or small numbers; equal ones are one. */
#include "base/mem.h"
#include "cli/import.h"

#include <stdlib.h>

static struct rp_import_count *place_of(const struct rp_import_counts *counts, uint64_t key)
{
    size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (counts->cap - 1);

    while (counts->places[at].count > 0 && counts->places[at].key != key) {
        at = (at + 1) & (counts->cap - 1);
    }
    return &counts->places[at];
}

static void widen(struct rp_import_counts *counts)
{
    struct rp_import_counts wider = {.cap = counts->cap ? counts->cap * 2 : 1024,
                                     .used = counts->used};

    wider.places = rp_calloc(wider.cap, sizeof(*wider.places));
    for (size_t i = 0; i < counts->cap; i++) {
        if (counts->places[i].count > 0) {
            *place_of(&wider, counts->places[i].key) = counts->places[i];
        }
    }
    free(counts->places);
    *counts = wider;
}

uint32_t rp_import_counts_add(struct rp_import_counts *counts, uint64_t key)
{
    struct rp_import_count *place;

    if (counts->used * 4 >= counts->cap * 3) {
        widen(counts);
    }
    place = place_of(counts, key);
    counts->used += place->count == 0;
    place->key = key;
    return place->count++;
}

void rp_import_counts_fini(struct rp_import_counts *counts)
{
    free(counts->places);
    *counts = (struct rp_import_counts){0};
}
