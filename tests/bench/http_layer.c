/* SPDX-License-Identifier: MIT */
/* http_layer PORT [MICROSECONDS-A-COMMIT]: the HTTP layer, ingest and queue with a writer that
 * commits nothing, until the standard input ends. For load from outside (wrk), to see what the
 * layer alone costs. */
#include "support/fake_serve.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct fake_options options = {.auth = {.open = true}};
    char line[16];

    options.port = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    options.commit_us = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    struct fake_serve *serve = fake_serve_start(&options);
    printf("listening on http://127.0.0.1:%d\n", serve->port);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        ;
    printf("events %zu groups %zu\n", atomic_load(&serve->events), atomic_load(&serve->groups));
    fake_serve_stop(serve);
    return 0;
}
