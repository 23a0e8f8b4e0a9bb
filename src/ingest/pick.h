/* SPDX-License-Identifier: MIT */
/* Values of a JSON text by dotted path: "data.items.0.id". For bodies that others' programs sent
 * and that have no shape of ours. Reads without a tree; of two equal keys the later one counts. */
#ifndef RP_INGEST_PICK_H
#define RP_INGEST_PICK_H

#include "base/json_read.h"

/* The raw value, without space around; false when it is absent, null, or the text is not JSON. The
 * path "" is the text itself. */
bool rp_pick(struct rp_arena *arena, struct rp_str json, struct rp_str path,
             struct rp_str *ret_raw);
/* As a text: of strings their characters, numbers and booleans as written; false for anything else
 * and for the empty string. */
bool rp_pick_text(struct rp_arena *arena, struct rp_str json, struct rp_str path,
                  struct rp_str *ret_text);
/* What the text starts with: OBJECT, ARRAY, STRING …, or ERROR when the whole is not JSON. */
enum rp_json_token rp_pick_kind(struct rp_arena *arena, struct rp_str json, const char **ret_error,
                                size_t *ret_at);

#endif
