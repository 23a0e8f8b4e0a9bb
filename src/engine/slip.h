/* SPDX-License-Identifier: MIT */
/* Slips of authors who write another notation or come from a word processor: typographic quotes and
 * spaces, accents in a name, `why: "…"`, a word of Lua as a field. Lua's own message is about a
 * byte or a missing name; here the line itself is looked at. Knows text only. */
#ifndef RP_ENGINE_SLIP_H
#define RP_ENGINE_SLIP_H

#include "base/str.h"

/* `line` is where Lua stopped with `message`; *column (from 1, in characters; 0: not known) is the
 * word it named. When a slip is seen there, text, hint and *column say it; else they stay. */
void rp_slip_explain(struct rp_str line, const char *message, int *column, char *text, size_t size,
                     char *hint, size_t hint_size);

#endif
