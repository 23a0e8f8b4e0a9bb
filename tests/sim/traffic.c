/* SPDX-License-Identifier: MIT */
/* What arrives: events of few people with shared browsers, in order and late, twice, malformed, of
 * robots; in groups of requests. The verdict of each item is compared with what is known of it. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_MAX = 40, TIME_TEXT = 40 };

void message_id(int number, char out[64])
{
    if (number % 5 == 0) { /* as SDKs make them; stored in another form */
        snprintf(out, 64, "00000000-0000-4000-8000-%012d", number);
    } else {
        snprintf(out, 64, "m%d", number);
    }
}

int message_number(const char *id)
{
    const char *digits = id[0] == 'm' ? id + 1 : strlen(id) == 36 ? id + 24 : "";
    char again[64];
    int number;

    if (*digits == '\0') {
        return -1;
    }
    number = (int)strtol(digits, NULL, 10);
    message_id(number, again);
    return number < sim->message_count && strcmp(again, id) == 0 ? number : -1;
}

static void stamp(int64_t at_ms, char out[TIME_TEXT])
{
    struct rp_buf buf = {0};

    rp_time_print(&buf, at_ms);
    snprintf(out, TIME_TEXT, "%s", buf.ptr);
    rp_buf_fini(&buf);
}

/* ---- Making a message -------------------------------------------------------------------------
 */

static void put_ids(struct rp_buf *out, bool robot)
{
    static const struct {
        bool user, anonymous, email;
    } kinds[] = {{false, true, false}, {false, true, false}, {true, false, false},
                 {true, true, false},  {false, false, true}, {false, true, true},
                 {true, false, true},  {true, true, true}};
    int kind = below((int)(sizeof(kinds) / sizeof(kinds[0])));

    if (robot) {
        rp_buf_printf(out, "\"anonymousId\":\"robot%d\",\"context\":{\"userAgent\":\"a bot\"},",
                      below(3));
        return;
    }
    if (kinds[kind].user) {
        if (kinds[kind].anonymous && chance(4)) { /* names nobody */
            rp_buf_printf(out, "\"userId\":\"%s\",",
                          chance(50) ? "undefined" : "00000000-0000-0000-0000-000000000000");
        } else {
            rp_buf_printf(out, "\"userId\":\"u%d\",", below(sim->users));
        }
    }
    if (kinds[kind].anonymous) {
        rp_buf_printf(out, "\"anonymousId\":\"a%d\",", below(sim->anonymous));
    }
    if (kinds[kind].email) {
        rp_buf_printf(out, "\"context\":{\"traits\":{\"email\":\"E%d@x.test\"}},",
                      below(sim->emails));
    }
}

/* Of a purpose that is mailed, of another, of all. */
static void put_consent(struct rp_buf *out)
{
    static const char *const purposes[] = {"\"purpose\":\"marketing\"", "\"purpose\":\"marketing\"",
                                           "\"purpose\":\"news\"",
                                           "\"purpose\":[\"news\",\"marketing\"]"};
    bool given = chance(70);

    rp_buf_printf(out, "\"type\":\"track\",\"event\":\"%s\",\"properties\":{%s%s},",
                  given        ? "Consent Given"
                  : chance(50) ? "Consent Withdrawn"
                               : "Unsubscribed",
                  chance(75) ? purposes[below(4)] : "\"with\":\"all\"",
                  given && chance(8) ? ",\"confirmed\":false" : "");
}

static void put_what(struct rp_buf *out, int number, bool robot, bool is_public)
{
    static const char *const tracks[] = {
        "Form Submitted", "Form Submitted", "Product Added",  "Email Bounced",     "Liked",
        "Liked",          "Visit Ended",    "Demo Requested", "Trial Started",     "Lead Accepted",
        "Lead Rejected",  "Lead Postponed", "Deal Won",       "Contact Attempted", "Something"};
    int kind = below(robot ? 16 : 24);

    if (kind < 8) {
        rp_buf_printf(
            out, "\"type\":\"page\",\"properties\":{\"path\":\"%s%d\",\"note\":\"tok_%d_\"%s},",
            chance(40) ? "/pricing" : "/blog", below(4), number,
            chance(40)   ? ",\"topic\":\"wine\""
            : chance(30) ? ",\"topic\":\"tea\""
                         : "");
    } else if (kind < 16) {
        rp_buf_printf(out,
                      "\"type\":\"track\",\"event\":\"%s\",\"properties\":{\"price\":%d,"
                      "\"pages\":%d,\"form\":\"f%d\",\"note\":\"tok_%d_\"},",
                      tracks[below((int)(sizeof(tracks) / sizeof(tracks[0])))], below(90),
                      below(10), below(3), number);
    } else if (kind == 16 && !is_public) {
        rp_buf_printf(out, "\"type\":\"alias\",\"previousId\":\"a%d\",", below(sim->anonymous));
    } else if (kind == 17) {
        rp_buf_printf(out, "\"type\":\"group\",\"groupId\":\"g%d\",\"traits\":{\"plan\":\"p%d\"},",
                      below(3), below(9));
    } else if (kind > 19) {
        put_consent(out);
    } else {
        rp_buf_printf(out,
                      "\"type\":\"identify\",\"traits\":{\"title\":\"%s\",\"n\":%d,"
                      "\"note\":\"tok_%d_\"},",
                      chance(50) ? "VP" : "clerk", below(9), number);
    }
}

/* Seconds to weeks late, or ahead of our clock, or without a time. */
static void put_times(struct rp_buf *out)
{
    static const int64_t late[] = {RP_SECOND, RP_MINUTE, RP_HOUR, RP_DAY, 7 * RP_DAY};
    char text[TIME_TEXT];
    int64_t at_ms = sim->now_ms;

    if (chance(20)) {
        return;
    }
    if (chance(35)) {
        at_ms -= late[below(5)] * (1 + below(5)) + below(1000);
    } else if (chance(10)) {
        at_ms += RP_MINUTE * below(300);
    } else {
        at_ms -= below(3000);
    }
    stamp(at_ms, text);
    rp_buf_printf(out, "\"%s\":\"%s\",", chance(50) ? "timestamp" : "originalTimestamp", text);
    if (chance(25)) { /* the sender's clock is wrong */
        stamp(at_ms + below(100000), text);
        rp_buf_printf(out, "\"sentAt\":\"%s\",", text);
    }
}

static void put_malformed(struct rp_buf *out, const char *id)
{
    static const char *const wrong[] = {
        "\"type\":\"pgae\",\"userId\":\"u1\"", "\"type\":\"page\"",
        "\"type\":\"track\",\"userId\":\"u1\"",
        "\"type\":\"page\",\"userId\":\"u1\",\"timestamp\":\"yesterday\"",
        "\"type\":\"page\",\"userId\":[1]"};

    rp_buf_printf(out, "{\"messageId\":\"%s\",%s}", id, wrong[below(5)]);
}

static int new_message(void)
{
    int number = sim->message_count;
    struct message *message = &sim->messages[number];
    struct rp_buf json = {0};
    bool robot = chance(6);
    char id[64];

    if (number >= MESSAGES_MAX) {
        return below(MESSAGES_MAX);
    }
    sim->message_count++;
    message_id(number, id);
    message->is_public = chance(40);
    message->malformed = chance(4);
    if (message->malformed) {
        put_malformed(&json, id);
    } else {
        rp_buf_printf(&json, "{");
        put_ids(&json, robot);
        put_what(&json, number, robot, message->is_public);
        put_times(&json);
        rp_buf_printf(&json, "\"messageId\":\"%s\"}", id);
    }
    if (json.len >= JSON_MAX) {
        die("a message is too long: %s", json.ptr);
    }
    memcpy(message->json, json.ptr, json.len + 1);
    rp_buf_fini(&json);
    return number;
}

/* ---- Sending ----------------------------------------------------------------------------------
 */

struct group {
    struct rp_batch *first, **end;
    struct {
        int number;
        uint8_t before;
        bool other; /* sent under another identity this time */
    } items[GROUP_MAX];
    int count;
};

/* The text of an item: the message as it was, or as somebody else's. */
static void put_item(struct group *group, int number, struct rp_buf *out)
{
    struct message *message = &sim->messages[number];
    const char *what = strstr(message->json, "\"type\"");
    bool other =
        message->copies > 0 && !message->malformed && !strstr(message->json, "robot") && chance(15);

    group->items[group->count].number = number;
    group->items[group->count].before = message->known;
    group->items[group->count].other = other;
    group->count++;
    message->copies++;
    if (other) {
        message->shared = true;
        rp_buf_printf(out, "{\"userId\":\"u%d\",%s", below(sim->users), what);
    } else {
        rp_buf_printf(out, "%s", message->json);
    }
}

static void add_batch(struct group *group, int count, bool again)
{
    bool is_public = chance(40);
    struct rp_envelope envelope = {.received_ms = sim->now_ms,
                                   .sent_ms = RP_NEVER,
                                   .public_key = is_public,
                                   .flags = is_public ? RP_EVENT_PUBLIC : 0};
    struct rp_batch *batch = rp_batch_new();
    struct rp_buf text = {0};
    struct rp_err err = {0};

    rp_buf_printf(&text, "{\"batch\":[");
    for (int i = 0; i < count; i++) {
        bool old = sim->message_count > 0 && (again || chance(15));
        int number = old ? below(sim->message_count) : new_message();

        if (sim->messages[number].is_public != is_public) { /* a page has one key */
            if (sim->messages[number].copies > 0) {
                number = new_message();
            }
            sim->messages[number].is_public = is_public;
        }
        rp_buf_printf(&text, "%s", i ? "," : "");
        put_item(group, number, &text);
    }
    rp_buf_printf(&text, "]}");
    if (rp_batch_parse(batch, rp_arena_str(&batch->arena, rp_buf_view(&text)), &envelope, NULL,
                       &err) != 0) {
        die("%s: %s", text.ptr, err.text);
    }
    rp_buf_fini(&text);
    *group->end = batch;
    group->end = &batch->next;
}

/* The verdict against what was known before the group. */
static void take_verdict(struct group *group, int at, const struct rp_item *item)
{
    int number = group->items[at].number;
    struct message *message = &sim->messages[number];
    bool known = group->items[at].before == ACCEPTED;

    for (int i = 0; i < at; i++) {
        known = known || group->items[i].number == number;
    }
    if (item->verdict == RP_VERDICT_REJECTED) {
        if (sim->keeps && item->reject == RP_REJECT_TOO_OLD) { /* what is known of it stays known */
            message->known = group->items[at].before == UNSENT ? REJECTED : group->items[at].before;
            return;
        }
        if (!message->malformed) {
            die("message %d was rejected: %.*s\n%s", number, RP_STR_ARG(item->message),
                message->json);
        }
        message->known = REJECTED;
        return;
    }
    if (message->malformed) {
        die("message %d is malformed and was taken: %s", number, message->json);
    }
    if (!message->shared && group->items[at].before != MAYBE &&
        known != (item->verdict == RP_VERDICT_DUPLICATE)) {
        die("message %d was %s, but it is %s: %s", number,
            item->verdict == RP_VERDICT_DUPLICATE ? "called a duplicate" : "accepted",
            known ? "known" : "not known", message->json);
    }
    message->known = ACCEPTED;
    sim->acknowledged++;
}

static void send_group(bool again);

/* What the server does while a group is on its way to the disk, and nobody was told of it: another
 * group, deliveries, timers. */
static int run_ahead(struct rp_batch *first, struct rp_err *err)
{
    int status = rp_core_run_ahead(life.core, first, err);

    if (status != 0) {
        return status;
    }
    if (chance(30)) {
        send_group(chance(30));
    } else if (chance(30)) {
        deliver_step();
    } else if (chance(30)) {
        timers_step();
    }
    return rp_core_sync(life.core, err);
}

static void run_group(struct group *group)
{
    struct rp_err err = {0};
    int at = 0;
    int status;

    for (int i = 0; i < group->count; i++) {
        struct message *message = &sim->messages[group->items[i].number];

        message->known = message->known == ACCEPTED ? ACCEPTED : MAYBE;
    }
    status =
        sim->ahead ? run_ahead(group->first, &err) : rp_core_run(life.core, group->first, &err);
    if (status == RIPEN_EFULL) { /* nothing of it stayed */
        for (int i = group->count - 1; i >= 0; i--) {
            sim->messages[group->items[i].number].known = group->items[i].before;
        }
    }
    for (struct rp_batch *batch = group->first; batch && status == 0; batch = batch->next) {
        for (size_t i = 0; i < batch->item_count; i++) {
            take_verdict(group, at++, &batch->items[i]);
        }
    }
    while (group->first) {
        struct rp_batch *next = group->first->next;

        rp_batch_free(group->first);
        group->first = next;
    }
    failed(status, &err, "a group");
}

static void send_group(bool again)
{
    struct group group = {0};
    int batches = 1 + (chance(40) ? below(3) : 0);

    group.end = &group.first;
    for (int i = 0; i < batches; i++) {
        add_batch(&group, 1 + (chance(50) ? below(10) : 0), again);
    }
    run_group(&group);
}

void traffic_step(void)
{
    send_group(false);
}

void resend_step(void)
{
    send_group(true);
}
