/* SPDX-License-Identifier: MIT */
/* Exports of CRMs as they are: their columns are known, so no map is needed. A row becomes a few
 * events: who it is with its traits, its starting stage, its consent or objection. */
#ifndef RP_CLI_IMPORT_PRESET_H
#define RP_CLI_IMPORT_PRESET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/ruleset.h"

/* E-mail addresses (import_suppress.c); zero-initialise, free the list. */
struct rp_addresses {
    struct rp_str *list;
    size_t count, cap;
};
void rp_addresses_add(struct rp_addresses *addresses, struct rp_str address);
/* Out of a file: one a line, or the first column of a CSV file, which may have a head. They are
 * folded and sorted; texts live in the arena. *ret_passed counts further lines without an address.
 * EIO; EINPUT: no line has one. */
int rp_addresses_read(struct rp_addresses *addresses, struct rp_arena *arena, const char *path,
                      size_t *ret_passed, struct rp_err *err);
/* Of those that were read; without regard to case. */
bool rp_addresses_have(const struct rp_addresses *addresses, struct rp_arena *arena,
                       struct rp_str address);

/* What the command line says; NULL: not said. */
struct rp_preset_wish {
    const char *preset;               /* "hubspot", "salesforce" */
    const char *stage, *stage_column; /* for all rows; the column that names it */
    const char *owner, *consent, *purpose;
    const struct rp_addresses *objected; /* who did; NULL: no list. Outlives the preset */
};

struct rp_import_preset;

/* Knows the stages of the rules. EINPUT: no such preset or stage. */
int rp_preset_new(const struct rp_preset_wish *wish, const struct rp_rules *rules,
                  struct rp_import_preset **ret_preset, struct rp_err *err);
void rp_preset_free(struct rp_import_preset *preset); /* NULL: no effect */
/* Finds the known columns. EINPUT: none with an e-mail. */
int rp_preset_bind(struct rp_import_preset *preset, const struct rp_str *columns, size_t count,
                   struct rp_err *err);
/* One row as {"batch":[…]} on out. False: it cannot be used, *ret_why says why. */
bool rp_preset_row(struct rp_import_preset *preset, struct rp_arena *arena,
                   const struct rp_str *cells, struct rp_str raw, struct rp_buf *out,
                   struct rp_str *ret_why);
/* Whose rows so far say that they opted out. The preset's. */
const struct rp_addresses *rp_preset_opted_out(const struct rp_import_preset *preset);
/* Columns that were left out, and values of the stage column that are no stage: sentences for
 * people, "" when there is nothing to say. */
void rp_preset_remarks(const struct rp_import_preset *preset, struct rp_buf *out);

#endif
