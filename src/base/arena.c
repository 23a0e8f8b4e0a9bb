/* SPDX-License-Identifier: MIT */
/* The bump allocator. Blocks form a list, newest first; each is twice as large as the one before,
 * up to a bound. A reset keeps the largest block, so that a worker in its stride does not call
 * malloc. Built with RP_SANITIZED every piece is a block of its own and a reset frees them all: the
 * sanitizer then sees overruns and uses after a reset. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_MIN ((size_t)8 * 1024)
#define BLOCK_MAX ((size_t)1024 * 1024)
#define ALIGN     alignof(max_align_t)

struct rp_arena_block {
    struct rp_arena_block *next;
    size_t at, size;
    alignas(max_align_t) char bytes[];
};

void rp_arena_init(struct rp_arena *arena)
{
    *arena = (struct rp_arena){NULL, 0};
}

static void free_blocks(struct rp_arena_block *block)
{
    while (block) {
        struct rp_arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void rp_arena_fini(struct rp_arena *arena)
{
    free_blocks(arena->head);
    rp_arena_init(arena);
}

void rp_arena_reset(struct rp_arena *arena)
{
    struct rp_arena_block *keep = NULL;

#ifndef RP_SANITIZED
    for (struct rp_arena_block *b = arena->head; b; b = b->next) {
        if (b->size <= BLOCK_MAX && (!keep || b->size > keep->size))
            keep = b;
    }
    if (keep) {
        struct rp_arena_block **link = &arena->head;
        while (*link != keep)
            link = &(*link)->next;
        *link = keep->next;
    }
#endif
    free_blocks(arena->head);
    if (keep) {
        keep->next = NULL;
        keep->at = 0;
    }
    arena->head = keep;
    arena->used = 0;
}

static void *alloc_in_new_block(struct rp_arena *arena, size_t size)
{
    size_t block_size = size;

#ifndef RP_SANITIZED
    size_t usual = arena->head ? arena->head->size * 2 : BLOCK_MIN;
    if (usual > BLOCK_MAX)
        usual = BLOCK_MAX;
    if (block_size < usual)
        block_size = usual;
#endif
    RP_ASSERT(block_size <= SIZE_MAX - sizeof(struct rp_arena_block));
    struct rp_arena_block *block = rp_malloc(sizeof(*block) + block_size);
    block->next = arena->head;
    block->size = block_size;
    block->at = size;
    arena->head = block;
    return block->bytes;
}

void *rp_arena_alloc(struct rp_arena *arena, size_t size)
{
    struct rp_arena_block *block = arena->head;

    RP_ASSERT(size <= SIZE_MAX / 2);
    arena->used += size;
#ifdef RP_SANITIZED
    (void)block;
    return alloc_in_new_block(arena, size);
#else
    size = size ? (size + ALIGN - 1) & ~(ALIGN - 1) : ALIGN;
    if (block && block->size - block->at >= size) {
        void *ptr = block->bytes + block->at;
        block->at += size;
        return ptr;
    }
    return alloc_in_new_block(arena, size);
#endif
}

void *rp_arena_zalloc(struct rp_arena *arena, size_t size)
{
    void *ptr = rp_arena_alloc(arena, size);

    memset(ptr, 0, size);
    return ptr;
}

struct rp_str rp_arena_str(struct rp_arena *arena, struct rp_str text)
{
    char *copy = rp_arena_alloc(arena, text.len + 1);

    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return (struct rp_str){copy, text.len};
}

struct rp_str rp_arena_printf(struct rp_arena *arena, const char *fmt, ...)
{
    char small[256];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    RP_ASSERT(len >= 0);
    if ((size_t)len < sizeof(small))
        return rp_arena_str(arena, (struct rp_str){small, (size_t)len});
    char *text = rp_arena_alloc(arena, (size_t)len + 1);
    va_start(args, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, args);
    va_end(args);
    return (struct rp_str){text, (size_t)len};
}
