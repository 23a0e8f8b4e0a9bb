/* SPDX-License-Identifier: MIT */
/* The generated files that editors read, written into a rules directory. Only files that Ripen
 * made are written over; each is replaced whole. */
#include "cli/commands.h"
#include "engine/help.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name;
    void (*make)(struct rp_buf *out);
} files[] = {
    {".ripen/ripen.d.lua", rp_types_lua},
    {".luarc.json", rp_types_luarc},
    {".luacheckrc", rp_types_luacheckrc},
};

enum { MARK_WITHIN = 200 };

/* A file of that name that is somebody's own. */
static bool is_foreign(const char *path)
{
    char head[MARK_WITHIN + 1];
    FILE *file = fopen(path, "rb");
    size_t got;

    if (!file) {
        return false;
    }
    got = fread(head, 1, MARK_WITHIN, file);
    fclose(file);
    head[got] = '\0';
    return got > 0 && strstr(head, RP_TYPES_MARK) == NULL;
}

static int write_one(const char *path, const struct rp_buf *text)
{
    struct rp_buf beside = {0};
    FILE *file;
    bool bad;

    rp_buf_printf(&beside, "%s.tmp", path);
    file = fopen(beside.ptr, "wb");
    bad = !file;
    if (file) {
        bad = fwrite(text->ptr, 1, text->len, file) != text->len;
        bad = fclose(file) != 0 || bad;
        bad = bad || rename(beside.ptr, path) != 0;
    }
    if (bad) {
        rp_complain("%s cannot be written: %s", path, strerror(errno));
        (void)unlink(beside.ptr);
    }
    rp_buf_fini(&beside);
    return bad ? RP_EXIT_FAILED : RP_EXIT_DONE;
}

int rp_types_write(const char *dir)
{
    struct rp_buf path = {0}, text = {0};
    int status = RP_EXIT_DONE;

    rp_buf_printf(&path, "%s/.ripen", dir);
    if (mkdir(path.ptr, 0777) != 0 && errno != EEXIST) {
        status = rp_complain("%s cannot be made: %s", path.ptr, strerror(errno));
    }
    for (size_t i = 0; i < RP_COUNT(files) && status == RP_EXIT_DONE; i++) {
        rp_buf_reset(&path);
        rp_buf_reset(&text);
        rp_buf_printf(&path, "%s/%s", dir, files[i].name);
        if (is_foreign(path.ptr)) {
            fprintf(stderr, "%s is not one of Ripen's own and stays as it is\n", path.ptr);
            continue;
        }
        files[i].make(&text);
        status = write_one(path.ptr, &text);
    }
    rp_buf_fini(&path);
    rp_buf_fini(&text);
    return status;
}
