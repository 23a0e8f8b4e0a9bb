/* SPDX-License-Identifier: MIT */
/* A bump allocator for one unit of work: a batch, a request, a load. Nothing in it is freed alone.
 * A function that returns arena memory takes the arena as its first parameter. In sanitizer builds
 * each piece is a block of its own, so that overruns are seen. One thread at a time. */
#ifndef RP_BASE_ARENA_H
#define RP_BASE_ARENA_H

#include "base/check.h"
#include "base/str.h"

#include <stddef.h>

struct rp_arena_block;

struct rp_arena {
    struct rp_arena_block *head; /* newest block; NULL while empty */
    size_t used;                 /* bytes handed out since the last reset */
};

void rp_arena_init(struct rp_arena *arena);
void rp_arena_fini(struct rp_arena *arena);
void rp_arena_reset(struct rp_arena *arena); /* forgets all pieces, keeps one block for reuse */

/* Aligned for any type; never NULL. rp_arena_zalloc clears. */
void *rp_arena_alloc(struct rp_arena *arena, size_t size);
void *rp_arena_zalloc(struct rp_arena *arena, size_t size);
#define RP_ARENA_NEW(arena, type) ((type *)rp_arena_zalloc((arena), sizeof(type)))
#define RP_ARENA_ARRAY(arena, type, count)                                                         \
    ((type *)rp_arena_zalloc((arena), sizeof(type) * (count)))

/* Copies; the result is NUL-terminated behind its length. */
struct rp_str rp_arena_str(struct rp_arena *arena, struct rp_str text);
struct rp_str rp_arena_printf(struct rp_arena *arena, const char *fmt, ...) RP_PRINTF(2, 3);

#endif
