/* SPDX-License-Identifier: MIT */
/* Clients that send and remember what was acknowledged, a server that is killed, a file that is
 * checked. */
#ifndef RP_TESTS_CRASH_H
#define RP_TESTS_CRASH_H

#include <stdbool.h>
#include <stdint.h>

enum { CLIENTS = 4, BATCH_EVENTS = 20, LEADS = 50 };

/* One client: its batches are numbered; a batch that was not answered is sent again, byte for byte.
 */
struct client {
    int number;
    int port;
    uint32_t acknowledged; /* batches answered with 200, from the first on; read by others */
    uint32_t accepted, duplicates;
    bool wrong; /* an answer that no crash explains */
    bool stop;  /* set by others */
};

/* Sends until the connection breaks or stop is set. */
void client_run(struct client *client);
/* messageId of event `at` of batch `batch`; text holds 64 bytes. */
void client_message_id(int client, uint32_t batch, int at, char text[64]);

/* Every acknowledged event is there once, none is there twice, each lead's state equals the fold of
 * its events, no lead was handed over twice. Returns the number of violations, each printed. */
int check_file(const char *db_path, const struct client *clients, bool states);

#endif
