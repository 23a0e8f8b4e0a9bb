/* SPDX-License-Identifier: MIT */
/* What people decide: corrections, un-merge, forgetting, export. */
#include "core/people.h"

#include "core/amend.h"
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void somebody(char out[32])
{
    switch (below(3)) {
    case 0:
        snprintf(out, 32, "u%d", below(sim->users));
        break;
    case 1:
        snprintf(out, 32, "a%d", below(sim->anonymous));
        break;
    default:
        snprintf(out, 32, "e%d@x.test", below(sim->emails));
        break;
    }
}

/* What is asked for may be wrong, which is told; the rest is the store's. */
static bool refused(int status)
{
    return status == RIPEN_ENOTFOUND || status == RIPEN_EDENIED || status == RIPEN_EINPUT;
}

void correction_step(void)
{
    char lead[32];
    char body[400];
    char id[64];
    const char *verb = "note";
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status;

    somebody(lead);
    switch (below(5)) {
    case 4:
        verb = chance(80) ? "experiment_start" : "experiment_stop";
        snprintf(body, sizeof(body), "{\"experiment\":\"x\",\"reason\":\"r\"}");
        break;
    case 0:
        verb = "stage";
        snprintf(body, sizeof(body),
                 "{\"lead\":\"%s\",\"stage\":\"%s\",\"reason\":\"r\",\"author\":\"ana\"}", lead,
                 rules_stage(&sim->knobs, below(5)));
        break;
    case 1:
        verb = "points";
        snprintf(body, sizeof(body),
                 "{\"lead\":\"%s\",\"points\":%d,\"reason\":\"r\",\"author\":\"ana\"}", lead,
                 below(60) - 30);
        break;
    case 2:
        verb = "void";
        message_id(sim->message_count ? below(sim->message_count) : 0, id);
        snprintf(body, sizeof(body), "{\"messageId\":\"%s\",\"reason\":\"r\",\"author\":\"ana\"}",
                 id);
        break;
    default:
        snprintf(body, sizeof(body), "{\"lead\":\"%s\",\"text\":\"called\",\"author\":\"ana\"}",
                 lead);
        break;
    }
    status =
        rp_core_amend(life.core, rp_str_from(verb), rp_str_from(body), RP_STR("ana"), &out, &err);
    say("%s %s: %d %s", verb, body, status, status ? err.text : "");
    rp_buf_fini(&out);
    if (!refused(status)) {
        failed(status, &err, verb);
    }
}

/* Most seeds with models have their experiment from the beginning. */
void experiment_begin(void)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status;

    if (!sim->knobs.models || sim->step > 0 || !chance(80)) {
        return;
    }
    status = rp_core_amend(life.core, RP_STR("experiment_start"), RP_STR("{\"experiment\":\"x\"}"),
                           RP_STR("ana"), &out, &err);
    say("experiment_start: %d", status);
    rp_buf_fini(&out);
    if (!refused(status)) {
        failed(status, &err, "experiment_start");
    }
}

void unmerge_step(void)
{
    struct counts before = counts_now();
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    char lead[32];
    int status;

    somebody(lead);
    status = rp_core_unmerge(life.core, rp_str_from(lead), RP_STR("ana"), &unmerged, &err);
    say("unmerge %s: %d %s", lead, status, status ? err.text : "");
    if (!refused(status)) {
        failed(status, &err, "an un-merge");
    }
    if (counts_now().actions != before.actions) {
        die("an un-merge caused an action");
    }
}

/* ---- Forgetting -------------------------------------------------------------------------------
 */

static bool lead_lives[LEADS_MAX];
static bool message_lives[MESSAGES_MAX];

static void see_lead(sqlite3_stmt *row)
{
    int64_t lead = sqlite3_column_int64(row, 0);

    if (lead >= LEADS_MAX) {
        die("more leads than the simulation can remember");
    }
    lead_lives[lead] = true;
}

static void see_message(sqlite3_stmt *row)
{
    int number = message_number((const char *)sqlite3_column_text(row, 0));

    if (number >= 0) {
        message_lives[number] = true;
    }
}

static struct record *settled;
static bool row_lives[RECORDS_MAX];

static void see_row(sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);

    if (id < RECORDS_MAX) {
        row_lives[id] = true;
    }
}

void settle_table(const char *name, const char *sql, struct record *records)
{
    settled = records;
    memset(row_lives, 0, sizeof(row_lives));
    each(sql, see_row);
    for (int id = 0; id < RECORDS_MAX; id++) {
        if (records[id].state == 1 && !row_lives[id]) {
            if (records[id].lead != 0 && !sim->gone[records[id].lead]) {
                die("row %d of %s went with somebody else's lead", id, name);
            }
            records[id].state = 2;
        }
    }
}

static bool in_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    size_t len;
    char *bytes;
    bool found;

    if (!file) {
        return false;
    }
    (void)fseek(file, 0, SEEK_END);
    len = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(len + 1);
    if (!bytes || fread(bytes, 1, len, file) != len) {
        die("%s cannot be read", path);
    }
    (void)fclose(file);
    found = memmem(bytes, len, text, strlen(text)) != NULL;
    free(bytes);
    return found;
}

void forget_settle(void)
{
    memset(lead_lives, 0, sizeof(lead_lives));
    memset(message_lives, 0, sizeof(message_lives));
    each("SELECT id FROM lead_rows WHERE public_id NOT GLOB 'forgotten:*'", see_lead);
    each("SELECT message_id FROM events WHERE lead IS NOT NULL", see_message);
    for (int lead = 1; lead < LEADS_MAX; lead++) {
        if (sim->gone[lead] && lead_lives[lead]) {
            die("lead %d is back", lead);
        }
        sim->seen[lead] = sim->seen[lead] || lead_lives[lead];
        sim->gone[lead] = sim->seen[lead] && !lead_lives[lead];
    }
    for (int i = 0; i < sim->message_count; i++) {
        struct message *message = &sim->messages[i];
        char token[32];

        if (message->known != ACCEPTED || message_lives[i]) {
            continue;
        }
        message->known = FORGOTTEN;
        snprintf(token, sizeof(token), "tok_%d_", i);
        if (sim->keeps && message->shared) { /* another person's base may hold what he sent too */
            continue;
        }
        if (!sim->forgetting && (in_file("sim.db", token) || in_file("sim.db-wal", token))) {
            die("message %d of a person who was forgotten is still in the file", i);
        }
    }
    settle_table("move_rows", "SELECT id FROM move_rows", sim->moves);
    settle_table("status_rows", "SELECT id FROM status_rows", sim->statuses);
    settle_table("outbox", "SELECT id FROM outbox WHERE lead > 0", sim->outbox);
    /* The newest row is emptied, not removed. */
    settle_table("event_rows", events_kept(), sim->events);
    for (int i = 0; i < sim->swap_count; i++) {
        int64_t newest = ask("SELECT coalesce(max(id), 0) FROM move_rows");

        sim->swaps[i].last_move =
            sim->swaps[i].last_move < newest ? sim->swaps[i].last_move : newest;
        newest = ask("SELECT coalesce(max(id), 0) FROM sequence_step_rows");
        sim->swaps[i].last_step =
            sim->swaps[i].last_step < newest ? sim->swaps[i].last_step : newest;
    }
    sim->forgetting = false;
}

void forget_step(void)
{
    struct rp_forget forget;
    struct rp_err err = {0};
    char lead[32];
    int status;

    somebody(lead);
    check_all(false); /* what is on record is known */
    sim->forgetting = true;
    status = rp_core_forget(life.core, rp_str_from(lead), &forget, &err);
    say("forget %s: %d %s", lead, status, status ? err.text : "");
    if (status == 0 || refused(status)) {
        sim->forgetting = false;
        if (status == 0) {
            forget_settle();
        }
        return;
    }
    failed(status, &err, "to forget");
    forget_settle();
}

void export_step(void)
{
    struct rp_reader *reader;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    char lead[32];
    int status;

    somebody(lead);
    if (rp_reader_open(NULL, rp_core_store(life.core), rp_core_active(life.core), &reader, &err) !=
        0) {
        die("%s", err.text);
    }
    status = rp_reader_export(reader, rp_str_from(lead), sim->now_ms, &out, &err);
    if (status != 0 && status != RIPEN_ENOTFOUND) {
        die("the export of %s: %s", lead, err.text);
    }
    rp_reader_close(reader);
    rp_buf_fini(&out);
}
