/* SPDX-License-Identifier: MIT */
/* A walk over the rules directory in byte order of its names, as engine/files.c reads it: the same
 * names are passed over, links are followed to files and not to folders. Each link on the way is
 * noted, since a swap of it changes nothing in the folders that are watched.
 *
 * A file that somebody has open for writing is no finished file, however long ago its last byte
 * came: half of all prefixes of a rules file are valid rules. The kernel tells by refusing a read
 * lease; where it cannot tell (another owner, another system) the file counts as finished. */
#include "daemon/sight.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 16, LINKS_ON_A_PATH_MAX = 40 };

struct looking {
    struct rp_arena *arena;
    struct rp_sight *sight;
    struct rp_digest *digest;
    size_t folder_cap, link_cap, files;
    int64_t newest_ns;
    bool open_files;
};

static void add_path(struct rp_arena *arena, char ***list, size_t *count, size_t *cap,
                     const char *path)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*list)[i], path) == 0)
            return;
    }
    if (*count == *cap) {
        size_t more = *cap ? *cap * 2 : 8;
        char **grown = RP_ARENA_ARRAY(arena, char *, more);
        if (*count > 0)
            memcpy(grown, *list, *count * sizeof(char *));
        *list = grown;
        *cap = more;
    }
    struct rp_str copy = rp_arena_printf(arena, "%s", path);
    (*list)[(*count)++] = (char *)(uintptr_t)copy.ptr;
}

static void add_link(struct looking *l, const char *path)
{
    add_path(l->arena, &l->sight->links, &l->sight->link_count, &l->link_cap, path);
}

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- Links on the way ------------------------------------------------------------------------ */

/* Walks a path name by name and notes every link that it passes. */
static void note_links(struct looking *l, const char *path, int depth)
{
    char so_far[PATH_MAX];
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof(so_far) || depth > LINKS_ON_A_PATH_MAX)
        return;
    for (size_t i = 1; i <= len; i++) {
        char target[PATH_MAX];
        ssize_t got;

        if (i < len && path[i] != '/')
            continue;
        memcpy(so_far, path, i);
        so_far[i] = '\0';
        got = readlink(so_far, target, sizeof(target) - 1);
        if (got <= 0)
            continue;
        target[got] = '\0';
        add_link(l, so_far);
        const char *slash = target[0] == '/' ? NULL : strrchr(so_far, '/');
        size_t folder = slash ? (size_t)(slash - so_far) + 1 : 0;
        struct rp_str next =
            rp_arena_printf(l->arena, "%.*s%s%s", (int)folder, so_far, target, path + i);
        note_links(l, next.ptr, depth + 1);
        return;
    }
}

/* ---- Files ----------------------------------------------------------------------------------- */

#ifdef F_SETLEASE
static bool is_being_written(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool refused;

    if (fd < 0)
        return false;
    refused = fcntl(fd, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    close(fd);
    return refused;
}
#else
static bool is_being_written(const char *path)
{
    (void)path;
    return false;
}
#endif

static void digest_text(struct looking *l, const char *text)
{
    rp_digest_part(l->digest, rp_str_from(text));
}

static void see_file(struct looking *l, const char *path, const char *relative)
{
    struct stat info;
    int64_t numbers[5];

    digest_text(l, relative);
    if (stat(path, &info) != 0) {
        digest_text(l, "absent");
        return;
    }
    numbers[0] = (int64_t)info.st_dev;
    numbers[1] = (int64_t)info.st_ino;
    numbers[2] = (int64_t)info.st_size;
    numbers[3] = nanoseconds(info.st_mtim);
    numbers[4] = (int64_t)info.st_mode;
    rp_digest_part(l->digest, (struct rp_str){(const char *)numbers, sizeof(numbers)});
    if (numbers[3] > l->newest_ns) {
        l->newest_ns = numbers[3];
        l->sight->owner = (uint32_t)info.st_uid;
    }
    if (l->open_files && S_ISREG(info.st_mode) && is_being_written(path))
        l->sight->written = true;
    l->files++;
}

static void see_folder(struct looking *l, const char *path, const char *prefix, int depth);

static void see_entry(struct looking *l, const char *folder, const char *prefix, const char *name,
                      int depth)
{
    struct rp_str path = rp_arena_printf(l->arena, "%s/%s", folder, name);
    struct rp_str relative = rp_arena_printf(l->arena, "%s%s", prefix, name);
    struct stat info;

    if (lstat(path.ptr, &info) != 0)
        return;
    if (S_ISDIR(info.st_mode)) {
        see_folder(l, path.ptr, rp_arena_printf(l->arena, "%s/", relative.ptr).ptr, depth + 1);
        return;
    }
    if (!rp_files_wanted(relative))
        return;
    if (S_ISLNK(info.st_mode))
        note_links(l, path.ptr, 0);
    see_file(l, path.ptr, relative.ptr);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_looked_at(const struct dirent *entry)
{
    return !rp_files_ignored(entry->d_name);
}

static void see_folder(struct looking *l, const char *path, const char *prefix, int depth)
{
    struct dirent **names = NULL;
    int count = depth > DEPTH_MAX ? -1 : scandir(path, &names, is_looked_at, by_name);

    digest_text(l, prefix);
    if (count < 0) {
        digest_text(l, "unreadable");
        return;
    }
    add_path(l->arena, &l->sight->folders, &l->sight->folder_count, &l->folder_cap, path);
    for (int i = 0; i < count; i++) {
        if (l->files <= RP_RULE_FILES_MAX)
            see_entry(l, path, prefix, names[i]->d_name, depth);
        free(names[i]);
    }
    free(names);
}

void rp_sight_take(struct rp_arena *arena, const char *rules_dir, const char *config,
                   bool open_files, struct rp_sight *ret_sight)
{
    char real[PATH_MAX];
    struct looking l = {.arena = arena,
                        .sight = ret_sight,
                        .digest = rp_digest_new(NULL, 0),
                        .newest_ns = INT64_MIN,
                        .open_files = open_files};

    *ret_sight = (struct rp_sight){0};
    add_link(&l, rules_dir);
    note_links(&l, rules_dir, 0);
    see_folder(&l, realpath(rules_dir, real) ? real : rules_dir, "", 0);
    if (config) {
        add_link(&l, config); /* its folder is not watched: it may hold the database */
        note_links(&l, config, 0);
        see_file(&l, config, "ripen.lua");
    }
    rp_digest_end(l.digest, ret_sight->hash);
}

uint64_t rp_sight_links(char *const *links, size_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < count; i++) {
        struct stat info = {0};
        struct stat own = {0};

        (void)stat(links[i], &info);
        (void)lstat(links[i], &own);
        /* A folder's own times change with its entries, which are watched. */
        int64_t numbers[4] = {(int64_t)info.st_ino, (int64_t)own.st_ino, (int64_t)info.st_dev,
                              S_ISREG(info.st_mode) ? nanoseconds(info.st_mtim) : 0};
        const unsigned char *bytes = (const unsigned char *)numbers;
        for (size_t j = 0; j < sizeof(numbers); j++)
            hash = (hash ^ bytes[j]) * UINT64_C(0x100000001b3);
    }
    return hash;
}
