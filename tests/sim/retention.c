/* SPDX-License-Identifier: MIT */
/* Old events become a base a lead. What the sender knows of them changes with that: a message may
 * only go when it is older than the store's horizon says. */
#include "core/retention.h"

#include "sim.h"

#include <string.h>

static bool lives[MESSAGES_MAX];

static void see_message(sqlite3_stmt *row)
{
    int number = message_number((const char *)sqlite3_column_text(row, 0));

    if (number >= 0) {
        lives[number] = true;
    }
}

void retention_settle(void)
{
    int64_t horizon;

    if (!sim->keeps) {
        return;
    }
    horizon = ask("SELECT value FROM meta WHERE key = 'retention_horizon'");
    memset(lives, 0, sizeof(lives));
    each("SELECT message_id FROM events WHERE lead IS NOT NULL", see_message);
    for (int i = 0; i < sim->message_count; i++) {
        struct message *message = &sim->messages[i];

        if (message->known != ACCEPTED || lives[i]) {
            continue;
        }
        if (horizon == 0 || message->effective_ms >= horizon) {
            die("message %d of %lld is gone, but all since %lld is kept: %s", i,
                (long long)message->effective_ms, (long long)horizon, message->json);
        }
        message->known = COMPACTED;
        sim->compacted++;
    }
    settle_table("event_rows", events_kept(), sim->events);
}

void retention_step(void)
{
    struct counts before = counts_now();

    if (!sim->keeps) {
        return;
    }
    pass(6 * RP_HOUR);
    for (int i = 1 + below(40); i > 0 && rp_core_retention_step(life.core); i--) {
    }
    expect_counts(&before, "retention");
    retention_settle();
}
