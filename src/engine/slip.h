/* SPDX-License-Identifier: MIT */
/* Slips of authors who write another notation or come from a word processor: typographic quotes and
 * spaces, accents in a name, `why: "…"`, `6,5`, `on = page`, a word of Lua as a field. Lua's own
 * message is about a byte or a missing name; here the line itself is looked at. Knows text only. */
#ifndef RP_ENGINE_SLIP_H
#define RP_ENGINE_SLIP_H

#include "base/arena.h"
#include "base/str.h"

/* `line` is where Lua stopped with `message`; *column (from 1, in characters; 0: not known) is the
 * word it named. When a slip is seen there, text, hint and *column say it; else they stay. */
void rp_slip_explain(struct rp_str line, const char *message, int *column, char *text, size_t size,
                     char *hint, size_t hint_size);

/* Hints for values that Lua reads and that mean nothing; `column` as above, the hint is arena's or
 * static. A word where a text belongs; "" when no word stands there. */
struct rp_str rp_slip_unquoted(struct rp_arena *arena, struct rp_str line, int column);
/* A value without a field: the rest of `6,5`, or the second of several. */
struct rp_str rp_slip_loose(struct rp_arena *arena, struct rp_str line, int column);
/* An unknown name: `path == …`, `once = yes`, `group = web`; "" when it is none of these. */
struct rp_str rp_slip_unknown(struct rp_arena *arena, struct rp_str line, int column);

#endif
