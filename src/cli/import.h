/* SPDX-License-Identifier: MIT */
/* ripen import, in parts: bytes of a file (import_file.c), rows of it (import_rows.c), counts of
 * what was seen (import_counts.c), and the run that sorts and feeds them (import_run.c). */
#ifndef RP_CLI_IMPORT_H
#define RP_CLI_IMPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/csv.h"
#include "base/err.h"
#include "base/limits.h"
#include "cli/import_preset.h"
#include "core/core.h"
#include "engine/mapping.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Bytes: a file or standard input, gzipped or not ------------------------------------------
 */

struct rp_import_file;

int rp_import_open(const char *path, struct rp_import_file **ret_file, struct rp_err *err);
void rp_import_close(struct rp_import_file *file); /* NULL: no effect */
/* An rp_read_fn; ctx is the file. */
int64_t rp_import_read(void *ctx, char *bytes, size_t size);
/* The first byte that is no white space or byte-order mark; -1: there is none. Before any read. */
int rp_import_first(struct rp_import_file *file);
/* 0, or why it could not be read to its end: EIO. */
int rp_import_status(const struct rp_import_file *file, struct rp_err *err);
/* The share of the file that was read, 0 to 1; negative when its size is not known. */
double rp_import_share(const struct rp_import_file *file);

/* ---- Rows: lines of JSON, or CSV records through a map -----------------------------------------
 */

enum rp_import_kind {
    RP_IMPORT_END,
    RP_IMPORT_ROW,     /* json and raw are set */
    RP_IMPORT_SKIPPED, /* the map leaves it out */
    RP_IMPORT_BAD,     /* code and message are set */
};

/* Texts live until the next row. */
struct rp_import_row {
    enum rp_import_kind kind;
    size_t line;        /* from 1 */
    struct rp_str json; /* an event, or {"batch":[…]} */
    struct rp_str raw;  /* what the row is told from others by; "": the JSON of each event */
    const char *code;
    struct rp_str message;
};

struct rp_import_rows;

/* With a mapping: CSV, whose first line it is bound to (findings as rp_mapping_bind). */
int rp_import_rows_new(struct rp_import_file *file, struct rp_mapping *mapping,
                       struct rp_import_rows **ret_rows, struct rp_findings *findings,
                       struct rp_err *err);
/* CSV as a CRM exports it. EINPUT: a column that is needed is not there. */
int rp_import_rows_preset(struct rp_import_file *file, struct rp_import_preset *preset,
                          struct rp_import_rows **ret_rows, struct rp_err *err);
void rp_import_rows_free(struct rp_import_rows *rows); /* NULL: no effect */
/* A negative status ends the reading: the file cannot be read on. */
int rp_import_rows_next(struct rp_import_rows *rows, struct rp_import_row *ret_row,
                        struct rp_err *err);

/* ---- Counts by a 64-bit key; zero-initialise ----------------------------------------------------
 */

struct rp_import_counts {
    struct rp_import_count {
        uint64_t key;
        uint32_t count; /* 0: a free place */
    } * places;
    size_t used, cap;
};
uint32_t rp_import_counts_add(struct rp_import_counts *counts, uint64_t key); /* times before */
void rp_import_counts_fini(struct rp_import_counts *counts);

/* ---- The run ------------------------------------------------------------------------------------
 */

struct rp_import_options {
    struct rp_core *core;
    struct rp_import_file *file;
    struct rp_import_rows *rows;
    size_t events_max, bytes_max; /* sorted at a time; 0: RP_IMPORT_EVENTS_MAX, …_BYTES_MAX */
    int64_t now_ms;               /* for events without any time */
    bool progress;                /* a bar on stderr once the work lasts */
};

struct rp_import_reason {
    size_t line;
    const char *code;
    struct rp_str message; /* in the result's arena */
};

struct rp_import_result {
    struct rp_arena arena;
    size_t rows, skipped, accepted, duplicates, rejected, leads;
    struct rp_import_reason reasons[RP_IMPORT_REASONS_MAX];
    size_t reason_count;
    int64_t micros;
};

/* Reads all rows and commits them in groups. On failure what was committed before is told in the
 * result and stays: a second import finds it as duplicates. */
int rp_import_run(const struct rp_import_options *options, struct rp_import_result *ret_result,
                  struct rp_err *err);
void rp_import_result_fini(struct rp_import_result *result);

/* Puts addresses on the suppression list, in a transaction of its own, and says so on stderr;
 * `source` is the file that they stand in. Not within a run. */
int rp_import_suppress(struct rp_core *core, const struct rp_addresses *addresses,
                       const char *source, struct rp_err *err);

#endif
