/* SPDX-License-Identifier: MIT */
/* Text as people write it: comparison ignores case, accents and typographic variants
 * (é = e, œ = oe, ß = ss, ’ = ', non-breaking space = space). */
#ifndef RP_BASE_TEXT_H
#define RP_BASE_TEXT_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

/* The folded form. Returns `text` itself when it is folded already (no copy). */
struct rp_str rp_text_fold(struct rp_arena *arena, struct rp_str text);

/* On folded text, linear time, no recursion: */
bool rp_text_glob(struct rp_str text, struct rp_str pattern); /* * any run, ? one character */
bool rp_text_contains(struct rp_str text, struct rp_str part);
bool rp_text_word(struct rp_str text,
                  struct rp_str words); /* whole words: "vp" is in "VP, Sales" */

bool rp_utf8_valid(struct rp_str text);
/* Edit distance with a bound, for "did you mean": result > max means farther. */
int rp_text_distance(struct rp_str a, struct rp_str b, int max);

/* Without white space and control characters at both ends. */
static inline struct rp_str rp_str_trim(struct rp_str s)
{
    while (s.len > 0 && (unsigned char)s.ptr[0] <= ' ') {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (unsigned char)s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

#endif
