/* SPDX-License-Identifier: MIT */
/* From the tree of `smtp` to the configuration's struct: used by config.c only. */
#ifndef RP_ENGINE_CONFIG_SMTP_H
#define RP_ENGINE_CONFIG_SMTP_H

#include "engine/config.h"
#include "engine/tree.h"

/* Everything but url and password, which may be secrets. */
void rp_smtp_take(struct rp_arena *arena, const struct rp_node *body, struct rp_smtp *smtp);
/* Fills in what was left open: TLS by where the server is, the user by the sender. */
void rp_smtp_settle(struct rp_smtp *smtp);
/* What does not fit, when the environment has had its say: a sentence, "" when all does. *ret_field
 * names the field. */
struct rp_str rp_smtp_problem(struct rp_arena *arena, const struct rp_smtp *smtp,
                              const char **ret_field);
/* Whether the server is this machine. */
bool rp_smtp_is_local(struct rp_str url);

#endif
