/* SPDX-License-Identifier: MIT */
/* Ripen inside another program: a store in memory, three events, a lead with its reasons, and the
 * actions that follow. Uses the public header alone.
 *
 *   cc embed.c -lripen -o embed && ./embed rules
 */
#include <ripen/ripen.h>

#include <stdio.h>
#include <string.h>

/* The host owns the clock: here it is always the same morning. */
static int64_t morning(void *ctx)
{
    (void)ctx;
    return INT64_C(1772442000000); /* 2026-03-02T09:00:00Z */
}

static const char *const events[] = {
    "{\"messageId\":\"1\",\"type\":\"identify\",\"userId\":\"ana\",\"traits\":{"
    "\"email\":\"ana@globex.test\",\"title\":\"VP Marketing\",\"company\":{\"employees\":500}}}",
    "{\"messageId\":\"2\",\"type\":\"page\",\"userId\":\"ana\",\"properties\":{\"path\":"
    "\"/pricing\"}}",
    "{\"messageId\":\"3\",\"type\":\"track\",\"userId\":\"ana\",\"event\":\"Demo Requested\"}",
};

/* Whatever the host has for sending: a queue, a mailer, an HTTP client. */
static int send(const struct ripen_action *action)
{
    printf("action %s to %s (%s)\n  %s\n", action->kind, action->to, action->key, action->body);
    return 1;
}

static int ingest(ripen *ripen)
{
    struct ripen_verdicts verdicts;

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        int status = ripen_ingest(ripen, events[i], strlen(events[i]), &verdicts);

        if (status != RIPEN_OK) {
            return status;
        }
        printf("event %zu: %s\n", i + 1, verdicts.json);
    }
    return RIPEN_OK;
}

static int show(ripen *ripen)
{
    const char *json;
    int status = ripen_lead(ripen, "ana", &json);

    if (status == RIPEN_OK) {
        printf("lead: %s\n", json);
        status = ripen_explain(ripen, "ana@globex.test", 0, &json);
    }
    if (status == RIPEN_OK) {
        printf("explanation: %s\n", json);
    }
    return status;
}

static int deliver(ripen *ripen)
{
    const struct ripen_action *actions;
    size_t count;
    int status = ripen_outbox_lease(ripen, 30000, 100, &actions, &count);

    for (size_t i = 0; status == RIPEN_OK && i < count; i++) {
        status = send(&actions[i]) ? ripen_outbox_done(ripen, actions[i].id)
                                   : ripen_outbox_failed(ripen, actions[i].id, 1, "not now");
    }
    return status;
}

int main(int argc, char **argv)
{
    struct ripen_options options = {.size = sizeof(options), .db_path = ":memory:"};
    ripen *ripen;
    int status;

    options.rules_dir = argc > 1 ? argv[1] : "rules";
    options.now_ms = morning;
    status = ripen_open(&options, &ripen);
    if (status == RIPEN_OK) {
        status = ingest(ripen);
    }
    if (status == RIPEN_OK) {
        status = show(ripen);
    }
    if (status == RIPEN_OK) {
        status = deliver(ripen);
    }
    if (status != RIPEN_OK) {
        fprintf(stderr, "%s: %s\n", ripen_status_name(status), ripen_message(ripen));
    }
    ripen_close(ripen);
    return status == RIPEN_OK ? 0 : 1;
}
