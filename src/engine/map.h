/* SPDX-License-Identifier: MIT */
/* From a text to a number, in an arena; for names while rules are compiled. Keys are borrowed. */
#ifndef RP_ENGINE_MAP_H
#define RP_ENGINE_MAP_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

struct rp_map {
    struct rp_map_slot {
        struct rp_str key;
        uint64_t hash;
        uint32_t value;
        uint32_t used;
    } * slots;
    uint32_t count, cap; /* cap is a power of two or 0 */
};

#define RP_MAP_NONE UINT32_MAX

uint32_t rp_map_get(const struct rp_map *map, struct rp_str key); /* RP_MAP_NONE when absent */
void rp_map_put(struct rp_arena *arena, struct rp_map *map, struct rp_str key, uint32_t value);

#endif
