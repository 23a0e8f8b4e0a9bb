/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over the files that are named, or over all files of the folders that are
 * named: the corpus as an ordinary test, with any compiler. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;

    if (!file || fstat(fileno(file), &info) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        return -1;
    }
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = malloc(size ? size : 1); /* exact, so that a sanitizer sees a read past it */
    size_t got = bytes ? fread(bytes, 1, size, file) : 0;
    fclose(file);
    if (bytes && got == size)
        LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return got == size ? 1 : -1;
}

static int replay_folder(const char *path, DIR *folder)
{
    int files = 0;

    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= (int)sizeof(name))
            return -1;
        int got = replay_file(name);
        if (got < 0)
            return got;
        files += got;
    }
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        int got = folder ? replay_folder(argv[i], folder) : replay_file(argv[i]);
        if (folder)
            closedir(folder);
        if (got < 0)
            return 1;
        files += got;
    }
    printf("%d inputs\n", files);
    return files == 0; /* a corpus that was not found is a failure */
}
