/* SPDX-License-Identifier: MIT */
/* Allocation that cannot return NULL: every size that input can influence is bounded before it gets
 * here, so failure means the machine, and the process aborts. Sizes of 0 are allowed. Free with
 * free(). */
#ifndef RP_BASE_MEM_H
#define RP_BASE_MEM_H

#include <stddef.h>

void *rp_malloc(size_t size);
void *rp_calloc(size_t count, size_t size); /* overflow of the product aborts */
void *rp_realloc(void *ptr, size_t size);
void *rp_grow(void *array, size_t *cap, size_t need,
              size_t item_size); /* doubles *cap until >= need */
char *rp_strdup(const char *text);
char *rp_strndup(const char *text, size_t len);

#endif
