/* SPDX-License-Identifier: MIT */
/* Judges declared trees by the schema: kinds of values, unknown fields, bounds, choices, and names
 * that nothing declares. What passes can be compiled without further doubt about its form. */
#ifndef RP_ENGINE_CHECK_H
#define RP_ENGINE_CHECK_H

#include "engine/diagnose.h"
#include "engine/tree.h"

#include <stdbool.h>

struct rp_names {
    struct rp_str *items; /* sorted after rp_scope_collect */
    uint32_t count, cap;
};

/* What there is to refer to. */
struct rp_scope {
    struct rp_arena *arena;
    struct rp_diagnosis *diagnosis;
    const struct rp_load_options *options;
    struct rp_names names[RP_REF_COUNT];
    bool quiet; /* a file could not be read: names may stand in it, so unknown ones are not reported
                 */
};

/* Gathers names from the declarations and files. Reports names given twice. */
void rp_scope_collect(struct rp_scope *scope, const struct rp_files *files,
                      struct rp_declared *declared, uint32_t count);
bool rp_scope_has(const struct rp_scope *scope, enum rp_ref ref, struct rp_str name);
/* Reports an unknown name with the nearest known one. */
void rp_scope_unknown(struct rp_scope *scope, enum rp_ref ref, struct rp_str name,
                      struct rp_place place, int width);

/* Sets `broken` in those declarations that have an error. */
void rp_check_declared(struct rp_scope *scope, struct rp_declared *declared, uint32_t count);

/* Characters under the caret for a value. */
int rp_node_width(const struct rp_node *node);

#endif
