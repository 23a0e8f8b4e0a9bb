/* SPDX-License-Identifier: MIT */
/* Requests that real SDKs sent (the data set `wire`): each item is accepted and says what its
 * sender meant. */
#include "base/hash.h"
#include "model/event.h"
#include "support/shared_data.h"
#include "unit/model/groups.h"

struct counts {
    size_t requests, items, types[RP_EVENT_TYPES], emails;
};

static void check_item(const char *file, const struct rp_event *event)
{
    if (event->user_id.len == 0 && event->anonymous_id.len == 0)
        fail_msg("%s: nobody", file);
    if (rp_str_starts(event->message_id, RP_STR("gen-")))
        fail_msg("%s: every SDK sends a messageId", file);
    assert_int_not_equal(event->original_ms, RP_NEVER);
    assert_int_not_equal(event->sent_ms, RP_NEVER);
    /* Sent when received: only the difference of the sender's own two times is left. One event was
     * given a time of its own, weeks ago. */
    int64_t age_ms = event->received_ms - event->effective_ms;
    assert_int_equal(age_ms, event->sent_ms - event->original_ms);
    assert_in_range(age_ms, 0, 30 * RP_DAY);
    if (event->type == RP_TRACK)
        assert_true(event->name.len > 0);
    if (event->type == RP_GROUP)
        assert_str(event->group_id, "acct-7");
    if (event->type == RP_ALIAS)
        assert_true(event->previous_id.len > 0);
    if (event->type == RP_IDENTIFY) {
        const struct rp_prop *email = rp_event_get(event, rp_path_of(RP_STR("traits.email")));
        assert_non_null(email);
        assert_str(email->text, "ada@example.com");
        assert_str(event->email, "ada@example.com");
    }
    if (event->type == RP_PAGE && strstr(file, "all"))
        assert_str(event->name, "Getting started");
    assert_null(rp_event_get(event, rp_path_of(RP_STR("writeKey"))));
    assert_null(rp_event_get(event, rp_path_of(RP_STR("integrations"))));
    assert_non_null(rp_event_get(event, rp_path_of(RP_STR("context.library.name"))));
}

static void check_request(struct rp_arena *arena, const char *file, struct rp_str body,
                          struct counts *counts)
{
    struct rp_request request;
    struct rp_err err;
    struct rp_event event;
    struct rp_str message;

    if (rp_request_parse(arena, body, &request, &err) != RIPEN_OK)
        fail_msg("%s: %s", file, err.text);
    struct rp_envelope envelope = {
        .received_ms = request.sent_ms, .sent_ms = request.sent_ms, .context = request.context};
    assert_int_not_equal(request.sent_ms, RP_NEVER);
    counts->requests++;
    for (size_t i = 0; i < request.item_count; i++) {
        if (rp_event_parse(arena, request.items[i], &envelope, &event, &message) != RP_REJECT_NONE)
            fail_msg("%s item %zu: %.*s", file, i, RP_STR_ARG(message));
        check_item(file, &event);
        counts->items++;
        counts->types[event.type]++;
        counts->emails += event.email.len > 0;
    }
}

static void recorded_requests_are_understood(void **state)
{
    char path[1024];
    struct rp_arena arena;
    struct counts counts = {0};

    (void)state;
    DIR *dir = shared_data_open("wire/decoded", path, sizeof(path));
    if (!dir)
        skip();
    rp_arena_init(&arena);
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len;
        if (!strstr(entry->d_name, ".json"))
            continue;
        char *bytes = shared_data_read(path, entry->d_name, &len);
        assert_non_null(bytes);
        check_request(&arena, entry->d_name, (struct rp_str){bytes, len}, &counts);
        free(bytes);
        rp_arena_reset(&arena);
    }
    closedir(dir);
    rp_arena_fini(&arena);
    printf("wire: %zu requests, %zu items, %zu with an e-mail\n", counts.requests, counts.items,
           counts.emails);
    assert_true(counts.requests >= 70 && counts.items >= 300);
    for (int type = 0; type < RP_EVENT_TYPES; type++)
        assert_true(counts.types[type] > 0);
}

int test_event_wire(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_requests_are_understood),
    };

    return cmocka_run_group_tests_name("event_wire", tests, NULL, NULL);
}
