/* SPDX-License-Identifier: MIT */
/* Where the public data sets lie that some tests read: $RIPEN_DATA, else ../shared/data beside the
 * sources. A test whose folder is missing says so and is skipped. */
#ifndef RP_TESTS_SUPPORT_SHARED_DATA_H
#define RP_TESTS_SUPPORT_SHARED_DATA_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* Opens a folder of it and writes its path; NULL (and a line on stdout) when it is missing. */
static inline DIR *shared_data_open(const char *folder, char *path, size_t size)
{
    const char *root = getenv("RIPEN_DATA");

    if (root && root[0])
        snprintf(path, size, "%s/%s", root, folder);
    else
        snprintf(path, size, "%s/../shared/data/%s", RIPEN_SOURCE_DIR, folder);
    DIR *dir = opendir(path);
    if (!dir)
        printf("skipped: there is no %s (set RIPEN_DATA to the folder of the data sets)\n", path);
    return dir;
}

/* A whole file, NUL-terminated; free() it. NULL when it cannot be read. */
static inline char *shared_data_read(const char *folder, const char *name, size_t *ret_len)
{
    char path[2048];
    size_t len = 0, cap = 4096;

    *ret_len = 0;
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = malloc(cap);
    for (size_t n; bytes && (n = fread(bytes + len, 1, cap - len - 1, file)) > 0;) {
        len += n;
        if (cap - len < 2) {
            char *more = realloc(bytes, cap *= 2);
            if (!more)
                free(bytes);
            bytes = more;
        }
    }
    fclose(file);
    if (bytes)
        bytes[len] = '\0';
    *ret_len = len;
    return bytes;
}

#endif
