/* SPDX-License-Identifier: MIT */
/* A whole rule set as data: every declaration with its fields after defaults, the numbers of
 * weights.lua applied and told, lists and tables. The same rules give the same bytes. */
#ifndef RP_ENGINE_EXPORT_H
#define RP_ENGINE_EXPORT_H

#include "base/buf.h"
#include "base/json_write.h"
#include "engine/ruleset.h"
#include "engine/tree.h"

/* A loaded directory for those who show it. overrides: rp_declarations_weigh was called. */
struct rp_shown {
    const struct rp_rules *rules;
    const struct rp_declarations *declarations;
    struct rp_override *overrides;
    uint32_t override_count;
};

/* JSON that rp_json_schema describes. */
void rp_export_json(struct rp_buf *out, const struct rp_shown *shown);

/* export_node.c: a value beside the field that wants it. Tables are objects, or arrays where only
 * elements are meant; elements beside fields stand under "$items"; a constructor is
 * {"$call":"did","events":[…],…}, a function {"$function":{"file","line"}}. A key of a table that
 * would be one of these names has one more '$'. */
struct rp_export {
    struct rp_jw jw;
    const struct rp_shown *shown;
};
void rp_export_value(struct rp_export *export, const struct rp_schema_field *field,
                     const struct rp_node *node);
/* A key of the author's own, escaped as above. */
void rp_export_key(struct rp_export *export, struct rp_str key);
/* The literal default of a field, as a key and value; false when it has none. */
bool rp_export_default(struct rp_export *export, const struct rp_schema_field *field);

#endif
