/* SPDX-License-Identifier: MIT */
/* limits { email = { per_lead, per } }: how many e-mails one lead gets within a time, whatever
 * action or sequence sends them. The schema has checked names, types and bounds. */
#include "engine/compile.h"

void rp_compile_limits(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    const struct rp_declared *declared;
    const struct rp_node *email;
    uint32_t at = 0;

    declared = rp_compile_next(compile, "limits", &at);
    email = declared ? rp_node_get(&declared->body, "email") : NULL;
    if (!email)
        return;
    rules->mails_per_lead = (uint32_t)rp_node_number(email, "per_lead", 0);
    rules->mails_per_ms = rp_node_span(email, "per", 0);
    rules->mails_per = rp_compile_keep(compile, rp_node_text(email, "per"));
}
