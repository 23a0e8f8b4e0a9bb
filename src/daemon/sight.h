/* SPDX-License-Identifier: MIT */
/* What a rules directory and the configuration look like from outside, without reading them: names,
 * sizes, times and inodes. Two equal sights around a reading mean that nothing changed meanwhile; a
 * sight that differs from the last one means that there is something to load. Any thread. */
#ifndef RP_DAEMON_SIGHT_H
#define RP_DAEMON_SIGHT_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_sight {
    char hash[27];
    char **folders; /* real paths of every folder to be watched; arena */
    size_t folder_count;
    char **links; /* symbolic links on the way to the files, and the directory itself; arena */
    size_t link_count;
    uint32_t owner; /* user id of the owner of the newest file */
    bool written;   /* some file is open for writing just now */
};

/* Never fails: what cannot be looked at is part of the hash as such, and reading it will say why.
 * config: may not exist. open_files: find out whether one is being written (costs an open a file).
 */
void rp_sight_take(struct rp_arena *arena, const char *rules_dir, const char *config,
                   bool open_files, struct rp_sight *ret_sight);

/* The cheap part, for a look several times a second: a number that changes when one of these links
 * points elsewhere or the thing behind it was replaced. */
uint64_t rp_sight_links(char *const *links, size_t count);

#endif
