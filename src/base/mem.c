/* SPDX-License-Identifier: MIT */
/* Allocation that aborts instead of returning NULL. It knows nothing of what the memory is for. */
#include "base/mem.h"

#include "base/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "ripen: out of memory (%zu bytes asked for)\n", size);
    abort();
}

void *rp_malloc(size_t size)
{
    void *ptr = malloc(size ? size : 1);

    if (!ptr)
        out_of_memory(size);
    return ptr;
}

void *rp_calloc(size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size)
        out_of_memory(count);
    void *ptr = calloc(count ? count : 1, size ? size : 1);
    if (!ptr)
        out_of_memory(count * size);
    return ptr;
}

void *rp_realloc(void *ptr, size_t size)
{
    void *moved = realloc(ptr, size ? size : 1);

    if (!moved)
        out_of_memory(size);
    return moved;
}

void *rp_grow(void *array, size_t *cap, size_t need, size_t item_size)
{
    RP_ASSERT(item_size > 0);
    if (need <= *cap)
        return array;
    size_t grown = *cap ? *cap : 8;
    while (grown < need) {
        if (grown > SIZE_MAX / 2)
            out_of_memory(need);
        grown *= 2;
    }
    if (grown > SIZE_MAX / item_size)
        out_of_memory(need);
    array = rp_realloc(array, grown * item_size);
    *cap = grown;
    return array;
}

char *rp_strdup(const char *text)
{
    return rp_strndup(text, strlen(text));
}

char *rp_strndup(const char *text, size_t len)
{
    char *copy = rp_malloc(len + 1);

    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}
