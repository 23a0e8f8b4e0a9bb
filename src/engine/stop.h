/* SPDX-License-Identifier: MIT */
/* Where Lua stopped reading a file. Its message names the line and a token; the same token may
 * stand in the line several times. */
#ifndef RP_ENGINE_STOP_H
#define RP_ENGINE_STOP_H

#include "engine/sandbox.h"

/* The token that the sandbox's last syntax error is about: line and column from 1, and its width.
 * At the end of the file: what stands last in it. False when there is no token. The sandbox's
 * message stays. */
bool rp_stop_find(struct rp_sandbox *sandbox, struct rp_str text, int *ret_line, int *ret_column,
                  int *ret_width);

#endif
