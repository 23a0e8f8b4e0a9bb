/* SPDX-License-Identifier: MIT */
/* Receivers that fail in every way, and what may reach them: each action under one key with one
 * body, never again once it is done, in order for a lead and an endpoint. */
#include "core/retry.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

enum { CLAIM_MAX = 16, LEASE_MS = 60000 };

static void check_claim(const struct rp_outbox_row *row)
{
    if (row->id >= RECORDS_MAX) {
        die("more actions than the simulation can remember");
    }
    if (sim->deliveries[row->id].done) {
        die("action %lld was done and is given out again", (long long)row->id);
    }
    if (row->due_ms > sim->now_ms && row->attempts == 1) { /* else its lease was over */
        die("action %lld is due at %lld and given out at %lld", (long long)row->id,
            (long long)row->due_ms, (long long)sim->now_ms);
    }
    if (row->kind == RP_ACTION_TASK || row->kind == RP_ACTION_SET ||
        row->kind == RP_ACTION_ASSIGN) {
        die("action %lld is no delivery", (long long)row->id);
    }
    if (ask("SELECT count(*) FROM outbox AS a JOIN outbox AS b ON a.lead = b.lead AND a.endpoint = "
            "b.endpoint AND a.id < b.id WHERE b.id = ? AND a.state < 2 AND a.kind IN (0, 1, 4, 6)",
            row->id) > 0) {
        die("action %lld overtakes an older one", (long long)row->id);
    }
    check_lease(row);
    if (sim->deliveries[row->id].lease_ms > sim->now_ms) {
        die("action %lld is given out twice at a time", (long long)row->id);
    }
    sim->deliveries[row->id].lease_ms = sim->now_ms + LEASE_MS;
}

/* False: no answer will ever be told. */
static bool attempt(const struct rp_outbox_row *row, bool healthy, struct rp_outbox_result *result)
{
    static const int answers[] = {200, 200, 200, 204, 500, 503, 429, 302, 404, 410, 0};
    int status = healthy ? 200 : answers[below((int)(sizeof(answers) / sizeof(answers[0])))];
    int64_t retry_after_ms = status == 429 ? RP_SECOND * below(9000) : -1;

    *result = (struct rp_outbox_result){.id = row->id, .http_status = status};
    if (status == 200 && !healthy && chance(10)) {
        result->http_status = 0; /* it arrived, and the answer is lost */
    }
    if (!healthy && chance(8)) {
        return false;
    }
    result->outcome = rp_retry_decide(result->http_status, row->attempts, retry_after_ms,
                                      below(1000) / 1000.0, sim->now_ms, &result->due_ms);
    if (!healthy && chance(4)) {
        result->outcome = RP_OUTCOME_RETURNED;
        result->due_ms = sim->now_ms + RP_MINUTE;
    }
    result->error = result->outcome == RP_OUTCOME_DELIVERED ? RP_STR("") : RP_STR("failed");
    return true;
}

static size_t deliver(bool healthy)
{
    struct rp_outbox_result results[CLAIM_MAX];
    struct rp_outbox_row *rows;
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t count = 0;
    size_t told = 0;
    int status;

    rp_arena_init(&arena);
    status = rp_core_outbox_claim(life.core, &arena, RP_WAY_ANY, LEASE_MS,
                                  1 + (size_t)below(CLAIM_MAX), &rows, &count, &err);
    if (status != 0) {
        failed(status, &err, "a claim");
        rp_arena_fini(&arena);
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        check_claim(&rows[i]);
        told += attempt(&rows[i], healthy, &results[told]);
    }
    if (!healthy && chance(10)) {
        pass(LEASE_MS + below(100000)); /* so slow that the leases are over */
    }
    status = rp_core_outbox_finish(life.core, results, told, &err);
    for (size_t i = 0; i < told && status == 0; i++) {
        sim->deliveries[results[i].id].lease_ms = 0;
        sim->deliveries[results[i].id].done =
            results[i].outcome == RP_OUTCOME_DELIVERED || results[i].outcome == RP_OUTCOME_DEAD;
    }
    rp_arena_fini(&arena);
    failed(status, &err, "the end of deliveries");
    return count;
}

void deliver_step(void)
{
    for (int i = 1 + below(3); i > 0; i--) {
        (void)deliver(false);
    }
}

void deliver_all(void)
{
    for (int i = 0; i < 5000; i++) {
        int64_t due_ms = rp_outbox_due(rp_core_store(life.core), RP_WAY_ANY);

        if (due_ms == RP_NEVER) {
            break;
        }
        if (due_ms > sim->now_ms) {
            pass(due_ms - sim->now_ms);
        }
        (void)deliver(true);
    }
    if (ask("SELECT count(*) FROM outbox WHERE state < 2 AND kind IN (0, 1, 4, 6)") > 0) {
        die("actions are stuck in the outbox");
    }
}
