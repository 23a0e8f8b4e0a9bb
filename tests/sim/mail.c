/* SPDX-License-Identifier: MIT */
/* What people decide about mail: addresses that get none, deliveries that rest, sequences that are
 * paused, go on or end. What was answered is known; what was not may be so or not. */
#include "core/amend.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

/* Asks, and returns whether it was done; a refusal is none. */
static bool ask_for(const char *verb, const char *body)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status =
        rp_core_amend(life.core, rp_str_from(verb), rp_str_from(body), RP_STR("ana"), &out, &err);

    say("%s %s: %d %s", verb, body, status, status ? err.text : "");
    rp_buf_fini(&out);
    if (status != RIPEN_ENOTFOUND && status != RIPEN_EDENIED && status != RIPEN_EINPUT) {
        failed(status, &err, verb);
    }
    return status == 0;
}

/* ---- Addresses --------------------------------------------------------------------------------
 */

void suppress_step(void)
{
    int address = below(sim->emails);
    bool stop = chance(60);
    uint8_t before = sim->suppressed[address];
    char body[200];

    snprintf(body, sizeof(body), "{\"lead\":\"%c%d@x.test\",\"reason\":\"asked\"}",
             chance(50) ? 'e' : 'E', address);
    sim->suppressed[address] = PERHAPS;
    if (ask_for(stop ? "suppress" : "unsuppress", body)) {
        sim->suppressed[address] = stop ? YES : NO;
    } else if (before != YES || ask("SELECT count(*) FROM suppression_rows WHERE address = 'e' || "
                                    "? || '@x.test'",
                                    (int64_t)address) > 0) {
        sim->suppressed[address] = before;
    }
}

/* ---- Deliveries -------------------------------------------------------------------------------
 */

static const char *const scopes[SCOPES] = {"deliveries", "email", "endpoint:crm", "notify"};

bool scope_covers(int scope, const struct rp_outbox_row *row)
{
    switch (scope) {
    case 0:
        return true;
    case 1:
        return row->kind == RP_ACTION_EMAIL;
    case 2:
        return rp_str_is(row->to, "crm");
    default:
        return row->kind == RP_ACTION_NOTIFY;
    }
}

static void pause_scope(int scope, bool set)
{
    char body[200];
    uint8_t before = sim->paused[scope];

    snprintf(body, sizeof(body), "{\"scope\":\"%s\",\"reason\":\"r\"}", scopes[scope]);
    sim->paused[scope] = PERHAPS;
    if (ask_for(set ? "pause" : "resume", body)) {
        sim->paused[scope] = set ? YES : NO;
    } else {
        sim->paused[scope] = before == NO && !set ? NO : PERHAPS;
    }
}

void pause_step(void)
{
    pause_scope(below(SCOPES), chance(40));
}

void resume_all(void)
{
    for (int i = 0; i < SCOPES; i++) {
        pause_scope(i, false);
    }
}

/* ---- Sequences --------------------------------------------------------------------------------
 */

static char chosen[64];

static void choose(sqlite3_stmt *row)
{
    snprintf(chosen, sizeof(chosen), "%s", (const char *)sqlite3_column_text(row, 0));
}

/* The author "hand" puts a lead at a step: the only way to come to one twice. */
void sequence_step(void)
{
    static const char *const steps[] = {"hello", "look", "tips", "rest", "end"};
    char body[300];

    chosen[0] = '\0';
    each(chance(50) ? "SELECT lead FROM sequences WHERE state = 'paused' ORDER BY id LIMIT 1"
                    : "SELECT lead FROM sequences WHERE state = 'running' ORDER BY started_ms DESC "
                      "LIMIT 1",
         choose);
    switch (below(6)) {
    case 0:
    case 1:
        snprintf(body, sizeof(body), "{\"lead\":\"%s\",\"reason\":\"r\"}", chosen);
        (void)ask_for("sequence-pause", body);
        break;
    case 2:
        snprintf(body, sizeof(body), "{\"lead\":\"%s\",\"reason\":\"r\"}", chosen);
        (void)ask_for("sequence-cancel", body);
        break;
    case 3:
        snprintf(body, sizeof(body), "{\"lead\":\"%s\",\"step\":\"%s\",\"author\":\"hand\"}",
                 chosen, steps[below(5)]);
        (void)ask_for("sequence-resume", body);
        break;
    default:
        snprintf(body, sizeof(body), "{\"lead\":\"%s\"}", chosen);
        (void)ask_for("sequence-resume", body);
        break;
    }
}
