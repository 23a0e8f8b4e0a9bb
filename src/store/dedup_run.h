/* SPDX-License-Identifier: MIT */
/* One sorted run of (hash, event row) on pages of the store, with a filter a page in memory.
 * Private to dedup.c and dedup_run.c. */
#ifndef RP_STORE_DEDUP_RUN_H
#define RP_STORE_DEDUP_RUN_H

#include "store/store_priv.h"

/* A page is one row of just under 4 KiB, so that a probe reads one page of the file. */
#define RP_RUN_ENTRIES    336
#define RP_RUN_ENTRY_SIZE 12  /* hash 8, row - first_row 4, little-endian */
#define RP_RUN_FILTER     512 /* bytes of filter a page: 12.2 bits an entry */

enum rp_run_state { RP_RUN_BUILDING, RP_RUN_LIVE, RP_RUN_DEAD };

struct rp_entry {
    uint64_t hash;
    int64_t row; /* 0: no entry */
};

struct rp_run {
    int64_t id;
    enum rp_run_state state;
    int level;
    int64_t first_row, last_row, entries;
    uint32_t pages;
    uint64_t *fences; /* first hash of each page */
    uint8_t *filter;  /* RP_RUN_FILTER bytes a page */
    size_t fences_cap, filter_cap;
};

void rp_run_free(struct rp_run *run); /* NULL: no effect */
/* Writes the run's row; a new run gets its number. */
RP_MUST_USE int rp_run_save(struct rp_store *store, struct rp_run *run, struct rp_err *err);
/* Fences and filters of a live run. */
RP_MUST_USE int rp_run_load(struct rp_store *store, struct rp_run *run, struct rp_err *err);
/* Removes up to `max` pages of a dead run from its end, or its row when none is left. 1: done. */
RP_MUST_USE int rp_run_remove(struct rp_store *store, struct rp_run *run, uint32_t max,
                              struct rp_err *err);

/* Rows with this hash: at most `max`; returns the count. */
RP_MUST_USE int rp_run_find(struct rp_store *store, const struct rp_run *run, uint64_t hash,
                            int64_t *ret_rows, int max, struct rp_err *err);

/* Appends in the order of hashes; a page is written when it is full. */
struct rp_run_writer {
    struct rp_run *run;
    uint32_t count;
    struct rp_entry page[RP_RUN_ENTRIES];
};
RP_MUST_USE int rp_run_append(struct rp_store *store, struct rp_run_writer *writer,
                              struct rp_entry entry, struct rp_err *err);
/* Writes what is left and the run's row as live. */
RP_MUST_USE int rp_run_finish(struct rp_store *store, struct rp_run_writer *writer,
                              struct rp_err *err);

/* Reads in the order of hashes: 1 *ret_entry is the next, 0 the end. */
struct rp_run_reader {
    const struct rp_run *run;
    uint32_t next_page, at, count;
    struct rp_entry page[RP_RUN_ENTRIES];
};
RP_MUST_USE int rp_run_peek(struct rp_store *store, struct rp_run_reader *reader,
                            struct rp_entry *ret_entry, struct rp_err *err);

#endif
