/* SPDX-License-Identifier: MIT */
/* A map: what the columns of a CSV file mean. A small Lua file that returns a table, read in the
 * rules' sandbox and reported like rules:
 *
 *   return {
 *     userId = "{lead_id}", timestamp = "{date}",          -- texts with {columns}
 *     properties = { campaign = "{campaign|none}" },       -- {column|what an empty cell means}
 *     by   = "{type}",                                     -- what decides which event a row is
 *     rows = {
 *       ["webinar"] = "Webinar Attended",                  -- a track of this name
 *       ["pricing"] = { type = "page", properties = { path = "/pricing" } },
 *       ["call"]    = { by = "{outcome}", rows = { … } },  -- a question inside
 *       ["note"]    = false,                               -- left out
 *     },
 *     other = false,                                       -- what stands in no line of rows
 *   }
 *
 * A row inherits every field that it does not give; properties, traits and context key by key. A
 * text that only has empty columns is left out of the event. */
#ifndef RP_ENGINE_MAPPING_H
#define RP_ENGINE_MAPPING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/load.h"

struct rp_mapping;

/* Reads a map; it lives in the arena. EIO: the file cannot be read; ERULE: it has errors, told in
 * the findings. */
int rp_mapping_load(struct rp_arena *arena, const char *path, struct rp_mapping **ret_mapping,
                    struct rp_findings *findings, struct rp_err *err);

/* Joins it with the first line of a file. ERULE with findings when it names a column that is not
 * there. Case, accents and spaces around do not matter. */
int rp_mapping_bind(struct rp_mapping *mapping, const struct rp_str *columns, size_t count,
                    struct rp_findings *findings, struct rp_err *err);

enum rp_mapped {
    RP_MAPPED,        /* *out holds the event, a JSON object */
    RP_MAPPED_SKIP,   /* the map leaves such rows out */
    RP_MAPPED_NO_ROW, /* *out holds what stands in no line of `rows` */
};
/* One row; `cells` has as many as there are columns. Replaces what *out holds. */
enum rp_mapped rp_mapping_apply(const struct rp_mapping *mapping, const struct rp_str *cells,
                                struct rp_buf *out);

#endif
