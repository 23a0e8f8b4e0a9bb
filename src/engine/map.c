/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing; never more than half full; old tables stay in the arena. */
#include "engine/map.h"

#include "base/hash.h"

static struct rp_map_slot *find(const struct rp_map *map, struct rp_str key, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (map->cap - 1);

    while (map->slots[at].used &&
           !(map->slots[at].hash == hash && rp_str_eq(map->slots[at].key, key)))
        at = (at + 1) & (map->cap - 1);
    return &map->slots[at];
}

uint32_t rp_map_get(const struct rp_map *map, struct rp_str key)
{
    const struct rp_map_slot *slot;

    if (map->cap == 0)
        return RP_MAP_NONE;
    slot = find(map, key, rp_hash(key));
    return slot->used ? slot->value : RP_MAP_NONE;
}

static void grow(struct rp_arena *arena, struct rp_map *map)
{
    struct rp_map wider = {.cap = map->cap ? map->cap * 2 : 16};

    wider.slots = RP_ARENA_ARRAY(arena, struct rp_map_slot, wider.cap);
    for (uint32_t i = 0; i < map->cap; i++)
        if (map->slots[i].used)
            *find(&wider, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    wider.count = map->count;
    *map = wider;
}

void rp_map_put(struct rp_arena *arena, struct rp_map *map, struct rp_str key, uint32_t value)
{
    struct rp_map_slot *slot;
    uint64_t hash = rp_hash(key);

    if (map->count * 2 >= map->cap)
        grow(arena, map);
    slot = find(map, key, hash);
    map->count += !slot->used;
    *slot = (struct rp_map_slot){.key = key, .hash = hash, .value = value, .used = 1};
}
