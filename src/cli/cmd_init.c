/* SPDX-License-Identifier: MIT */
/* ripen init: writes the starter rules, which are compiled in, and the definitions for editors into
 * a directory. All or nothing as
 * far as existing files go: when one of them is there already, none is written. */
#include "base/asset.h"
#include "base/buf.h"
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMED_MAX = 5 };

static void join(struct rp_buf *path, const char *dir, const char *name)
{
    rp_buf_reset(path);
    rp_buf_printf(path, "%s/%s", dir, name);
}

/* Makes the directories in front of the last '/'. */
static int make_parents(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        int failed;

        *slash = '\0';
        failed = mkdir(path, 0777) != 0 && errno != EEXIST;
        *slash = '/';
        if (failed) {
            return rp_complain("the directory of %s cannot be made: %s", path, strerror(errno));
        }
    }
    return RP_EXIT_DONE;
}

static int refuse_existing(const char *dir)
{
    struct rp_buf path = {0};
    struct rp_buf list = {0};
    size_t there = 0;

    for (const struct rp_asset *asset = rp_starter; asset->name; asset++) {
        struct stat info;

        join(&path, dir, asset->name);
        if (lstat(path.ptr, &info) == 0) {
            if (there < NAMED_MAX) {
                rp_buf_printf(&list, "%s%s", there ? ", " : "", path.ptr);
            }
            there++;
        }
    }
    if (there > NAMED_MAX) {
        rp_buf_printf(&list, " and %zu more", there - NAMED_MAX);
    }
    if (there > 0) {
        rp_complain("nothing was written: %s %s there already; name another directory", list.ptr,
                    there == 1 ? "is" : "are");
    }
    rp_buf_fini(&path);
    rp_buf_fini(&list);
    return there > 0 ? RP_EXIT_FAILED : RP_EXIT_DONE;
}

static int write_file(char *path, const struct rp_asset *asset)
{
    int descriptor;
    FILE *file;
    bool bad;

    if (make_parents(path) != RP_EXIT_DONE) {
        return RP_EXIT_FAILED;
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (!file) {
        return rp_complain("%s cannot be written: %s", path, strerror(errno));
    }
    bad = fwrite(asset->bytes, 1, asset->size, file) != asset->size;
    bad = fclose(file) != 0 || bad;
    return bad ? rp_complain("%s cannot be written: %s", path, strerror(errno)) : RP_EXIT_DONE;
}

int rp_cmd_init(const struct rp_command *command, int argc, char **argv)
{
    const struct rp_option options[] = {{0}};
    char *arguments[4] = {0};
    int count = rp_options_parse(command, options, argc, argv, arguments);
    struct rp_buf path = {0};
    size_t written = 0;
    int status;

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    status = refuse_existing(arguments[0]);
    for (const struct rp_asset *asset = rp_starter; asset->name && status == RP_EXIT_DONE;
         asset++) {
        join(&path, arguments[0], asset->name);
        status = write_file(path.ptr, asset);
        written += status == RP_EXIT_DONE;
    }
    rp_buf_fini(&path);
    if (status == RP_EXIT_DONE) {
        status = rp_types_write(arguments[0]);
    }
    if (status == RP_EXIT_DONE) {
        printf("%s: %zu files. Start with %s/README.md, then: ripen check %s\n", arguments[0],
               written, arguments[0], arguments[0]);
    }
    return status;
}
