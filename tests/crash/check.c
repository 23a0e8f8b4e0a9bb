/* SPDX-License-Identifier: MIT */
/* The invariants, read off the file with the library's own reader. */
#include "base/arena.h"
#include "base/buf.h"
#include "core/reader.h"
#include "crash.h"
#include "model/event.h"
#include "store/aside.h"
#include "store/events.h"
#include "store/outbox.h"
#include "store/states.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One byte an event that a client may have sent: how often it is in the file. */
struct tally {
    unsigned char *counts[CLIENTS];
    size_t sizes[CLIENTS];
};

static int tally_events(struct rp_store *store, struct tally *tally)
{
    struct rp_event_cursor *cursor = NULL;
    struct rp_arena arena;
    struct rp_event event;
    struct rp_err err = {0};
    int64_t prev;
    int bad = 0;
    int got;

    rp_arena_init(&arena);
    while ((got = rp_event_next(&arena, store, &cursor, 0, &event, &prev, &err)) > 0) {
        char id[64];
        unsigned batch;
        int client;
        int at;
        size_t slot;

        snprintf(id, sizeof(id), "%.*s", RP_STR_ARG(event.message_id));
        if (sscanf(id, "c%d-%u-%d", &client, &batch, &at) != 3 || client < 0 || client >= CLIENTS) {
            printf("event %lld has a messageId that nobody sent: %s\n", (long long)event.id, id);
            bad++;
            continue;
        }
        slot = (size_t)batch * BATCH_EVENTS + (size_t)at;
        if (slot < tally->sizes[client] && tally->counts[client][slot]++) {
            printf("%s is there twice\n", id);
            bad++;
        }
        rp_arena_reset(&arena);
    }
    if (got < 0) {
        printf("events cannot be read: %s\n", err.text);
        bad++;
    }
    rp_event_cursor_free(cursor);
    rp_arena_fini(&arena);
    return bad;
}

static int check_events(struct rp_store *store, const struct client *clients)
{
    struct tally tally;
    int bad;

    for (int c = 0; c < CLIENTS; c++) {
        tally.sizes[c] = ((size_t)clients[c].acknowledged + 1) * BATCH_EVENTS;
        tally.counts[c] = calloc(tally.sizes[c], 1);
    }
    bad = tally_events(store, &tally);
    for (int c = 0; c < CLIENTS; c++) {
        for (size_t i = 0; i < (size_t)clients[c].acknowledged * BATCH_EVENTS; i++) {
            if (tally.counts[c][i] != 1) {
                printf("client %d: acknowledged event %zu of batch %zu is there %d times\n", c,
                       i % BATCH_EVENTS, i / BATCH_EVENTS, tally.counts[c][i]);
                bad++;
            }
        }
        free(tally.counts[c]);
    }
    return bad;
}

/* No lead was handed over twice: the stage is terminal, so one row a lead. */
static int check_outbox(struct rp_store *store)
{
    struct rp_outbox_row *rows;
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t count = 0;
    int bad = 0;

    rp_arena_init(&arena);
    if (rp_outbox_list(&arena, store, -1, 0, 0, 100000, &rows, &count, &err) != 0) {
        printf("outbox: %s\n", err.text);
        bad++;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            if (rows[i].lead == rows[j].lead && rows[i].kind == rows[j].kind) {
                printf("lead %lld was handed over twice: rows %lld and %lld\n",
                       (long long)rows[i].lead, (long long)rows[i].id, (long long)rows[j].id);
                bad++;
            }
        }
    }
    rp_arena_fini(&arena);
    return bad;
}

/* Leads that are set aside: their states are those that wait when a server stops. */
static size_t count_aside(struct rp_store *store)
{
    struct rp_aside_row *rows;
    struct rp_arena arena;
    size_t count = 0;

    rp_arena_init(&arena);
    if (rp_aside_list(&arena, store, &rows, &count, NULL) != 0) {
        count = 0;
    }
    rp_arena_fini(&arena);
    return count;
}

/* After an orderly stop every other state is on file and equals the fold of its lead's events. */
static int check_states(const char *db_path, size_t aside)
{
    struct rp_verified verified = {0};
    struct rp_reader *reader = NULL;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int bad = 0;

    if (rp_reader_open(db_path, NULL, NULL, &reader, &err) != 0 ||
        rp_reader_verify(reader, &verified, &out, &err) != 0) {
        printf("verify: %s\n", err.text);
        bad++;
    } else if (verified.different > 0 || verified.skipped > aside || verified.same == 0) {
        printf("%zu states equal, %zu different, %zu not written, %zu set aside\n%.*s",
               verified.same, verified.different, verified.skipped, aside,
               RP_STR_ARG(rp_buf_view(&out)));
        bad++;
    }
    rp_buf_fini(&out);
    rp_reader_close(reader);
    return bad;
}

int check_file(const char *db_path, const struct client *clients, bool states)
{
    struct rp_store *store = NULL;
    struct rp_err err = {0};
    int bad;

    if (rp_store_open(db_path, RP_STORE_READ, &store, &err) != 0) {
        printf("the store does not open: %s\n", err.text);
        return 1;
    }
    bad = check_events(store, clients) + check_outbox(store);
    if (states) {
        bad += check_states(db_path, count_aside(store));
    }
    rp_store_close(store);
    return bad;
}
