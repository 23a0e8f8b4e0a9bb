/* SPDX-License-Identifier: MIT */
/* The bytes of an import: a file or standard input, gzipped or not (zlib tells by itself). Knows
 * how far it has read; knows nothing of lines. Invariant: an error is kept and said by every
 * further read. */
#include "base/mem.h"
#include "cli/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

enum { READ_AHEAD = 256 * 1024 };

struct rp_import_file {
    gzFile gz;
    char *path;
    int64_t size;       /* of the file on disk; 0: not known */
    char pending[4096]; /* read by rp_import_first */
    size_t pending_at, pending_len;
    bool failed;
    char reason[160];
};

int rp_import_open(const char *path, struct rp_import_file **ret_file, struct rp_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    int descriptor = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct rp_import_file *file;
    struct stat info;

    if (descriptor < 0 || fstat(descriptor, &info) != 0) {
        int reason = errno;

        if (descriptor >= 0) {
            close(descriptor);
        }
        return rp_err_set(err, RIPEN_EIO, "%s cannot be read: %s", path, strerror(reason));
    }
    if (S_ISDIR(info.st_mode)) {
        close(descriptor);
        return rp_err_set(err, RIPEN_EIO, "%s is a directory; name a file", path);
    }
    file = rp_calloc(1, sizeof(*file));
    file->gz = gzdopen(descriptor, "rb");
    if (!file->gz) {
        close(descriptor);
        free(file);
        return rp_err_set(err, RIPEN_EIO, "%s cannot be read: %s", path, strerror(errno));
    }
    (void)gzbuffer(file->gz, READ_AHEAD);
    file->path = rp_strdup(standard ? "standard input" : path);
    file->size = S_ISREG(info.st_mode) ? (int64_t)info.st_size : 0;
    *ret_file = file;
    return 0;
}

void rp_import_close(struct rp_import_file *file)
{
    if (!file) {
        return;
    }
    (void)gzclose_r(file->gz);
    free(file->path);
    free(file);
}

/* A gzip file that ends too early reads like one that is over; only the state tells. */
static void check_end(struct rp_import_file *file)
{
    int code;
    const char *text = gzerror(file->gz, &code);

    if (code == Z_OK || code == Z_STREAM_END) {
        return;
    }
    file->failed = true;
    snprintf(file->reason, sizeof(file->reason), "%s",
             code == Z_BUF_ERROR ? "the file is cut off"
             : code == Z_ERRNO   ? strerror(errno)
                                 : text);
}

int64_t rp_import_read(void *ctx, char *bytes, size_t size)
{
    struct rp_import_file *file = ctx;
    unsigned want = size > READ_AHEAD ? READ_AHEAD : (unsigned)size;
    int got;

    if (file->pending_at < file->pending_len) {
        size_t left = file->pending_len - file->pending_at;
        size_t part = left < size ? left : size;

        memcpy(bytes, file->pending + file->pending_at, part);
        file->pending_at += part;
        return (int64_t)part;
    }
    if (file->failed) {
        return RIPEN_EIO;
    }
    got = gzread(file->gz, bytes, want);
    if (got <= 0) {
        check_end(file);
    }
    return got > 0 ? got : file->failed ? RIPEN_EIO : 0;
}

int rp_import_first(struct rp_import_file *file)
{
    int got = gzread(file->gz, file->pending, sizeof(file->pending));

    if (got <= 0) {
        check_end(file);
        return -1;
    }
    file->pending_len = (size_t)got;
    for (size_t i = 0; i < file->pending_len; i++) {
        unsigned char c = (unsigned char)file->pending[i];

        if (c > ' ' && !(i < 3 && (c == 0xef || c == 0xbb || c == 0xbf))) {
            return c;
        }
    }
    return -1;
}

int rp_import_status(const struct rp_import_file *file, struct rp_err *err)
{
    return file->failed ? rp_err_set(err, RIPEN_EIO, "%s could not be read to its end: %s",
                                     file->path, file->reason)
                        : 0;
}

double rp_import_share(const struct rp_import_file *file)
{
    double share = file->size > 0 ? (double)gzoffset(file->gz) / (double)file->size : -1;

    return share > 1 ? 1 : share;
}
