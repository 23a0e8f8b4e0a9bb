/* SPDX-License-Identifier: MIT */
/* The bytes of a rules directory. Editors write in place and leave copies, so a directory is read
 * until two readings in a row agree; names of copies are passed over; sizes and numbers are
 * bounded. Symbolic links are followed to files and not to directories. */
#include "engine/files.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX    16
#define READINGS_MAX 10
#define PAUSE_US     50000
#define TOTAL_MAX    ((size_t)64 << 20)
#define PACK_MAGIC   "ripen files 1\n"

struct reading {
    struct rp_arena *arena;
    struct rp_source *items;
    size_t count, cap, total;
    struct rp_err *err;
};

/* ---- Which files ----------------------------------------------------------------------------- */

bool rp_files_ignored(const char *name)
{
    struct rp_str text = rp_str_from(name);

    return name[0] == '.' || name[0] == '#' || rp_str_ends(text, RP_STR("~")) ||
           rp_str_ends(text, RP_STR(".swp")) || rp_str_ends(text, RP_STR(".tmp"));
}

static bool in_folder(struct rp_str path, const char *folder)
{
    return rp_str_starts(path, rp_str_from(folder));
}

bool rp_files_misnamed(struct rp_str path)
{
    static const char *const behind[] = {".lua", ".lua.txt", ".lua.rtf", ".lua.doc", ".lua.docx"};

    if (in_folder(path, "lists/") || in_folder(path, "templates/") ||
        rp_str_ends(path, RP_STR(".lua")))
        return false;
    for (size_t i = 0; i < RP_COUNT(behind); i++) {
        size_t len = strlen(behind[i]);

        if (path.len > len && strncasecmp(path.ptr + path.len - len, behind[i], len) == 0)
            return true;
    }
    return false;
}

/* Rules, lists and templates; a README beside them is no part of the rules. ripen.lua is the
 * server's configuration. */
bool rp_files_wanted(struct rp_str path)
{
    if (rp_str_is(path, "ripen.lua"))
        return false;
    if (rp_str_ends(path, RP_STR(".lua")) || rp_files_misnamed(path))
        return true;
    if (in_folder(path, "lists/"))
        return rp_str_ends(path, RP_STR(".txt")) || rp_str_ends(path, RP_STR(".csv"));
    return in_folder(path, "templates/") &&
           (rp_str_ends(path, RP_STR(".txt")) || rp_str_ends(path, RP_STR(".html")));
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int fail(struct reading *reading, int status, const char *path, const char *what)
{
    return rp_err_set(reading->err, status, "%s: %s", path, what);
}

static int read_bytes(struct reading *reading, int fd, const char *path, struct rp_buf *bytes)
{
    for (;;) {
        ssize_t got;

        rp_buf_reserve(bytes, 64 * 1024);
        got = read(fd, bytes->ptr + bytes->len, 64 * 1024);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(reading, RIPEN_EIO, path, strerror(errno));
        if (got == 0)
            return 0;
        bytes->len += (size_t)got;
        if (bytes->len > RP_RULE_FILE_MAX)
            return fail(reading, RIPEN_ELIMIT, path, "the file is larger than 1 MiB");
    }
}

static int read_file(struct reading *reading, const char *path, struct rp_str relative)
{
    struct rp_buf bytes = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int status;

    if (fd < 0)
        return fail(reading, RIPEN_EIO, path, strerror(errno));
    status = read_bytes(reading, fd, path, &bytes);
    close(fd);
    if (status < 0)
        goto out;
    reading->total += bytes.len;
    if (reading->count >= RP_RULE_FILES_MAX || reading->total > TOTAL_MAX) {
        status =
            fail(reading, RIPEN_ELIMIT, path, "the directory holds more than 2000 files or 64 MiB");
        goto out;
    }
    reading->items =
        rp_grow(reading->items, &reading->cap, reading->count + 1, sizeof *reading->items);
    reading->items[reading->count++] =
        (struct rp_source){.path = rp_arena_str(reading->arena, relative),
                           .text = rp_arena_str(reading->arena, rp_buf_view(&bytes))};
out:
    rp_buf_fini(&bytes);
    return status;
}

static int read_folder(struct reading *reading, const char *dir, struct rp_str prefix, int depth);

static int read_entry(struct reading *reading, const char *dir, struct rp_str prefix,
                      const char *name, int depth)
{
    struct rp_str path = rp_arena_printf(reading->arena, "%s/%s", dir, name);
    struct rp_str relative = rp_arena_printf(reading->arena, "%.*s%s", RP_STR_ARG(prefix), name);
    struct stat info;

    if (lstat(path.ptr, &info) != 0)
        return errno == ENOENT ? 0 : fail(reading, RIPEN_EIO, path.ptr, strerror(errno));
    if (S_ISDIR(info.st_mode)) {
        if (depth >= DEPTH_MAX)
            return fail(reading, RIPEN_ELIMIT, path.ptr, "folders are nested too deeply");
        return read_folder(reading, path.ptr,
                           rp_arena_printf(reading->arena, "%.*s/", RP_STR_ARG(relative)),
                           depth + 1);
    }
    if (!rp_files_wanted(relative))
        return 0;
    if (S_ISLNK(info.st_mode) && (stat(path.ptr, &info) != 0 || !S_ISREG(info.st_mode)))
        return 0;
    if (!S_ISREG(info.st_mode))
        return 0;
    return read_file(reading, path.ptr, relative);
}

static int read_folder(struct reading *reading, const char *dir, struct rp_str prefix, int depth)
{
    DIR *folder = opendir(dir);
    int status = 0;

    if (folder == NULL && errno == ENOENT && depth == 0)
        return rp_err_set(
            reading->err, RIPEN_EIO,
            "there is no rules directory %s; name one, or make it with `ripen init %s`", dir, dir);
    if (folder == NULL)
        return fail(reading, RIPEN_EIO, dir, strerror(errno));
    for (;;) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(folder);
        if (entry == NULL) {
            if (errno != 0)
                status = fail(reading, RIPEN_EIO, dir, strerror(errno));
            break;
        }
        if (rp_files_ignored(entry->d_name))
            continue;
        status = read_entry(reading, dir, prefix, entry->d_name, depth);
        if (status < 0)
            break;
    }
    closedir(folder);
    return status;
}

static int compare(const void *left, const void *right)
{
    const struct rp_source *a = left, *b = right;

    return rp_str_cmp(a->path, b->path);
}

static int read_once(struct rp_arena *arena, const char *dir, struct rp_files *ret_files,
                     struct rp_err *err)
{
    struct reading reading = {.arena = arena, .err = err};
    int status = read_folder(&reading, dir, RP_STR(""), 0);

    if (status == 0) {
        ret_files->count = reading.count;
        ret_files->items = RP_ARENA_ARRAY(arena, struct rp_source, reading.count);
        if (reading.count > 0) {
            qsort(reading.items, reading.count, sizeof *reading.items, compare);
            memcpy(ret_files->items, reading.items, reading.count * sizeof *reading.items);
        }
    }
    free(reading.items);
    return status;
}

static bool same(const struct rp_files *a, const struct rp_files *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!rp_str_eq(a->items[i].path, b->items[i].path) ||
            !rp_str_eq(a->items[i].text, b->items[i].text))
            return false;
    return true;
}

static int read_stable(struct rp_arena *arena, const char *dir, struct rp_files *ret_files,
                       struct rp_err *err)
{
    struct rp_arena spare[2];
    struct rp_files readings[2] = {0};
    int status, present = 0;

    rp_arena_init(&spare[0]);
    rp_arena_init(&spare[1]);
    status = read_once(&spare[0], dir, &readings[0], err);
    for (int i = 0; status == 0 && i < READINGS_MAX; i++) {
        present = 1 - present;
        rp_arena_reset(&spare[present]);
        status = read_once(&spare[present], dir, &readings[present], err);
        if (status == 0 && same(&readings[0], &readings[1])) {
            ret_files->count = readings[0].count;
            ret_files->items = RP_ARENA_ARRAY(arena, struct rp_source, ret_files->count);
            for (size_t j = 0; j < ret_files->count; j++)
                ret_files->items[j] =
                    (struct rp_source){.path = rp_arena_str(arena, readings[0].items[j].path),
                                       .text = rp_arena_str(arena, readings[0].items[j].text)};
            goto out;
        }
        usleep(PAUSE_US);
    }
    if (status == 0)
        status = rp_err_set(err, RIPEN_EIO, "%s: the files do not stop changing; try again", dir);
out:
    rp_arena_fini(&spare[0]);
    rp_arena_fini(&spare[1]);
    return status;
}

static bool holds_rules(const struct rp_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        if (rp_str_ends(files->items[i].path, RP_STR(".lua")))
            return true;
    }
    return false;
}

int rp_files_read(struct rp_arena *arena, const char *dir, struct rp_files *ret_files,
                  struct rp_err *err)
{
    int status = read_stable(arena, dir, ret_files, err);

    if (status == 0 && !holds_rules(ret_files))
        return rp_err_set(
            err, RIPEN_EINPUT,
            "%s holds no rule file (*.lua); name the rules directory, or make one with "
            "`ripen init`",
            dir);
    return status;
}

void rp_files_hash(const struct rp_files *files, char ret_hash[65])
{
    struct rp_buf bytes = {0};

    for (size_t i = 0; i < files->count; i++) {
        const struct rp_source *source = &files->items[i];

        rp_buf_printf(&bytes, "%zu %.*s %zu ", source->path.len, RP_STR_ARG(source->path),
                      source->text.len);
        rp_buf_str(&bytes, source->text);
    }
    rp_sha256_hex(bytes.ptr ? bytes.ptr : "", bytes.len, ret_hash);
    rp_buf_fini(&bytes);
}

/* ---- Packing --------------------------------------------------------------------------------- */

struct rp_str rp_files_pack(struct rp_arena *arena, const struct rp_files *files)
{
    struct rp_buf out = {0};
    struct rp_str packed;

    rp_buf_text(&out, PACK_MAGIC);
    for (size_t i = 0; i < files->count; i++) {
        rp_buf_printf(&out, "%zu %zu\n", files->items[i].path.len, files->items[i].text.len);
        rp_buf_str(&out, files->items[i].path);
        rp_buf_str(&out, files->items[i].text);
    }
    packed = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return packed;
}

static bool unpack_size(struct rp_str packed, size_t *at, char end, size_t *ret_size)
{
    size_t size = 0, start = *at;

    while (*at < packed.len && packed.ptr[*at] >= '0' && packed.ptr[*at] <= '9') {
        if (size > TOTAL_MAX)
            return false;
        size = size * 10 + (size_t)(packed.ptr[(*at)++] - '0');
    }
    if (*at == start || *at >= packed.len || packed.ptr[*at] != end)
        return false;
    (*at)++;
    *ret_size = size;
    return true;
}

static bool unpack_text(struct rp_str packed, size_t *at, size_t size, struct rp_str *ret_text)
{
    if (size > packed.len - *at)
        return false;
    *ret_text = (struct rp_str){packed.ptr + *at, size};
    *at += size;
    return true;
}

int rp_files_unpack(struct rp_arena *arena, struct rp_str packed, struct rp_files *ret_files,
                    struct rp_err *err)
{
    struct rp_source *items = NULL;
    size_t count = 0, cap = 0, at = strlen(PACK_MAGIC);
    int status = 0;

    if (!rp_str_starts(packed, RP_STR(PACK_MAGIC)))
        return rp_err_set(err, RIPEN_EINPUT, "these are no packed rules");
    while (at < packed.len) {
        struct rp_source source;
        size_t path_len, text_len;

        if (count >= RP_RULE_FILES_MAX) {
            status = rp_err_set(err, RIPEN_ELIMIT, "packed rules hold at most %d files",
                                RP_RULE_FILES_MAX);
            goto out;
        }
        if (!unpack_size(packed, &at, ' ', &path_len) ||
            !unpack_size(packed, &at, '\n', &text_len) ||
            !unpack_text(packed, &at, path_len, &source.path) ||
            !unpack_text(packed, &at, text_len, &source.text)) {
            status = rp_err_set(err, RIPEN_EINPUT, "the packed rules end in the middle");
            goto out;
        }
        items = rp_grow(items, &cap, count + 1, sizeof *items);
        items[count++] = (struct rp_source){.path = rp_arena_str(arena, source.path),
                                            .text = rp_arena_str(arena, source.text)};
    }
    ret_files->count = count;
    ret_files->items = RP_ARENA_ARRAY(arena, struct rp_source, count);
    if (count > 0)
        memcpy(ret_files->items, items, count * sizeof *items);
out:
    free(items);
    return status;
}
