/* SPDX-License-Identifier: MIT */
/* segment "regulars" { … }: a condition with a name, for conditions of others, lists and exports.
 */
#include "engine/compile.h"

void rp_compile_segments(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "segment", &at) != NULL)
        count++;
    rules->segments = RP_ARENA_ARRAY(&rules->arena, struct rp_segment, count);
    at = 0;
    while ((declared = rp_compile_next(compile, "segment", &at)) != NULL) {
        struct rp_node body = declared->body;

        body.field_count = 0;
        rules->segments[rules->segment_count++] =
            (struct rp_segment){.name = rp_compile_keep(compile, declared->name),
                                .place = declared->place,
                                .when = rp_compile_cond(compile, &body, RP_BARE_EVENT)};
    }
}
