/* SPDX-License-Identifier: MIT */
/* Event rows come back as they were appended, and are small. */
#include "base/limits.h"
#include "store/events.h"
#include "store/identities.h"
#include "unit/store/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int64_t append(struct rig *rig, const struct rp_event *event, int64_t prev)
{
    struct rp_err err = {0};
    int64_t id;

    assert_ok(rp_event_append(rig->store, event, prev, RP_STR(""), &id, &err));
    return id;
}

static void assert_same(const struct rp_event *got, const struct rp_event *want)
{
    assert_int_equal(got->node, want->node);
    assert_int_equal(got->type, want->type);
    assert_int_equal(got->flags, want->flags);
    assert_true(rp_str_eq(got->name, want->name));
    assert_true(rp_str_eq(got->message_id, want->message_id));
    assert_true(rp_str_eq(got->user_id, want->user_id));
    assert_true(rp_str_eq(got->anonymous_id, want->anonymous_id));
    assert_true(rp_str_eq(got->previous_id, want->previous_id));
    assert_true(rp_str_eq(got->group_id, want->group_id));
    assert_int_equal(got->received_ms, want->received_ms);
    assert_int_equal(got->effective_ms, want->effective_ms);
    assert_int_equal(got->sent_ms, want->sent_ms);
    assert_int_equal(got->original_ms, want->original_ms);
    assert_true(rp_str_eq(got->body, want->body));
}

static void all_columns_come_back(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    int64_t lead, anonymous, email, prev;

    assert_ok(rp_store_begin(rig->store, &err));
    int64_t user = add_person(rig->store, "u1", &lead);
    assert_ok(
        rp_identity_add(rig->store, RP_NODE_ANONYMOUS, RP_STR("a1"), lead, NINE, &anonymous, &err));
    assert_ok(
        rp_identity_add(rig->store, RP_NODE_EMAIL, RP_STR("x@y.test"), lead, NINE, &email, &err));
    struct rp_event events[] = {
        make_event(user, "u1", "0b0e42f1-8b70-4b6e-9d3e-000000000000"), /* a UUID */
        make_event(user, "u1",
                   "0B0E42F1-8B70-4B6E-9D3E-000000000000"), /* not our way to write one */
        make_event(user, "u1", "0b0e42f1-8b70-4b6e-9d3e-00000000000g"),
        make_event(user, "u1", "0b0e42f1x8b70-4b6e-9d3e-000000000000"),
        make_event(user, "u1", "0123456789abcdef"), /* as long as the packed form */
        make_event(anonymous, "null", "m6"),
        make_event(email, "", "m7"),
    };
    events[1].anonymous_id = RP_STR("a1");      /* a node */
    events[2].anonymous_id = RP_STR("unknown"); /* none */
    events[3].type = RP_ALIAS;
    events[3].previous_id = RP_STR("old");
    events[3].group_id = RP_STR("g1");
    events[3].name = RP_STR("");
    events[4].flags = RP_EVENT_PUBLIC | RP_EVENT_CRM | RP_EVENT_IMPORTED;
    events[4].sent_ms = NINE + 5000;
    events[4].original_ms = NINE - 40 * RP_DAY;
    events[4].effective_ms = NINE - 40 * RP_DAY - 5000;
    events[5].anonymous_id = RP_STR("a1");
    events[5].type = RP_GROUP;
    events[6].body = RP_STR("{}");
    prev = 0;
    for (size_t i = 0; i < RP_COUNT(events); i++) {
        int64_t id = append(rig, &events[i], prev);
        assert_int_equal(id, i + 1);
        prev = i == 3 ? 1 : id; /* a chain need not be made of neighbours */
    }
    assert_ok(rp_store_commit(rig->store, &err));
    for (size_t i = 0; i < RP_COUNT(events); i++) {
        struct rp_event event;
        assert_ok(rp_event_read(&rig->arena, rig->store, (int64_t)i + 1, &event, &prev, &err));
        assert_int_equal(event.id, i + 1);
        assert_int_equal(prev, i == 4 ? 1 : i);
        assert_same(&event, &events[i]);
    }
    struct rp_event event;
    assert_ok(rp_event_read(&rig->arena, rig->store, 7, &event, &prev, &err));
    assert_str(event.email, "x@y.test");
    assert_int_equal(rp_event_read(&rig->arena, rig->store, 8, &event, &prev, &err),
                     RIPEN_ENOTFOUND);
}

static void a_cursor_walks_in_row_order(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_event_cursor *cursor = NULL;
    struct rp_event event;
    int64_t prev, expected = 3;
    char message[32];

    assert_int_equal(rp_event_newest(rig->store), 0);
    assert_int_equal(rp_event_next(&rig->arena, rig->store, &cursor, 0, &event, &prev, &err), 0);
    rp_event_cursor_free(cursor);
    rp_event_cursor_free(NULL);
    cursor = NULL;
    assert_ok(rp_store_begin(rig->store, &err));
    int64_t node = add_person(rig->store, "u1", NULL);
    for (int i = 1; i <= 10; i++) {
        snprintf(message, sizeof(message), "m%d", i);
        struct rp_event made = make_event(node, "u1", message);
        append(rig, &made, 0);
    }
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(rp_event_newest(rig->store), 10);
    while (rp_event_next(&rig->arena, rig->store, &cursor, 2, &event, &prev, &err) == 1)
        assert_int_equal(event.id, expected++);
    assert_int_equal(expected, 11);
    assert_int_equal(rp_event_next(&rig->arena, rig->store, &cursor, 2, &event, &prev, &err), 0);
    rp_event_cursor_free(cursor);
}

/* Bodies as an SDK sends them: a part of their own, then what all have in common. */
static const char *body_of(char *out, size_t size, int i)
{
    snprintf(
        out, size,
        "{\"properties\":{\"path\":\"/p/%d\"},\"context\":{\"ip\":\"10.0.%d.%d\","
        "\"userAgent\":\"Mozilla/5.0 \\\"(X11; Linux x86_64)\\\"\",\"campaign\":{\"name\":\"%d\"},"
        "\"library\":{\"name\":\"analytics.js\",\"version\":\"4.1\"}}}",
        i * 7919, i / 256, i % 256, i % 3);
    return out;
}

static void shared_ends_of_bodies(void **state)
{
    struct rp_err err = {0};
    struct rp_store *store;
    struct rp_arena arena;
    enum { COUNT = 3000, PEOPLE = 50 };
    int64_t nodes[PEOPLE], id;
    char body[512], message[32], user_id[32];
    const char *path = path_in(*state, "a.db");

    rp_arena_init(&arena);
    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    for (int group = 0; group < COUNT / 100; group++) {
        assert_ok(rp_store_begin(store, &err));
        for (int i = 0; group == 0 && i < PEOPLE; i++) {
            snprintf(user_id, sizeof(user_id), "u%d", i);
            nodes[i] = add_person(store, user_id, NULL);
        }
        bool again = group % 5 == 3; /* rolled back once: tails go with it */
        for (int i = group * 100; i < group * 100 + 100; i++) {
            snprintf(user_id, sizeof(user_id), "u%d", i % PEOPLE);
            snprintf(message, sizeof(message), "m%d", i);
            struct rp_event event = make_event(nodes[i % PEOPLE], user_id, message);
            event.body = rp_str_from(body_of(body, sizeof(body), i));
            assert_ok(rp_event_append(store, &event, 0, RP_STR(""), &id, &err));
            if (again && i == group * 100 + 99) {
                rp_store_rollback(store);
                assert_ok(rp_store_begin(store, &err));
                i = group * 100 - 1;
                again = false;
            }
        }
        assert_ok(rp_store_commit(store, &err));
    }
    rp_store_close(store);
    assert_query(path, "SELECT count(*) BETWEEN 3 AND 20 FROM tails", "1");
    assert_query(path, "SELECT max(length(body)) < 80 FROM event_rows WHERE id > 1000", "1");
    assert_query(path, "SELECT count(*) FROM events WHERE json_valid(body)", "3000");
    assert_ok(rp_store_open(path, RP_STORE_READ, &store, &err));
    for (int i = 0; i < COUNT; i++) {
        struct rp_event event;
        int64_t prev;
        assert_ok(rp_event_read(&arena, store, i + 1, &event, &prev, &err));
        assert_str(event.body, body_of(body, sizeof(body), i));
        rp_arena_reset(&arena);
    }
    rp_store_close(store);
    rp_arena_fini(&arena);
}

/* What one person repeats, and what holds an address, is no tail. */
static void personal_ends_stay_in_their_rows(void **state)
{
    static const char phone[] = "{\"a\":1,\"traits\":{\"phone\":\"+33 1 23 45 67 89\"}}";
    static const char mail[] = "{\"a\":1,\"traits\":{\"email\":\"ana@acme.test\",\"v\":\"1\"}}";
    const char *path = path_in(*state, "a.db");
    struct rp_err err = {0};
    struct rp_store *store;
    int64_t nodes[2], id;
    char message[32];

    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    assert_ok(rp_store_begin(store, &err));
    nodes[0] = add_person(store, "u1", NULL);
    nodes[1] = add_person(store, "u2", NULL);
    for (int i = 0; i < 400; i++) {
        snprintf(message, sizeof(message), "m%d", i);
        int who = i < 200 ? 0 : i % 2;
        struct rp_event event = make_event(nodes[who], who ? "u2" : "u1", message);
        event.body = rp_str_from(i < 200 ? phone : mail);
        assert_ok(rp_event_append(store, &event, 0, RP_STR(""), &id, &err));
    }
    assert_ok(rp_store_commit(store, &err));
    rp_store_close(store);
    assert_query(path, "SELECT count(*) FROM tails", "0");
    assert_query(path, "SELECT count(DISTINCT body) FROM events", "2");
}

/* Bodies of all shapes come back byte for byte, whether or not they are JSON. */
static void odd_bodies(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_event event;
    int64_t prev, node[2];
    char *big = malloc(RP_ITEM_MAX + 1), message[32];
    const char *bodies[] = {
        "{}",
        "",
        ",",
        ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
        "{\"a\":\"\\\\\",\"b\":\"x,y,z,x,y,z,x,y,z,x,y,z,x,y,z\"}",
        "\"\\",
        "]]]]}}}},{{{{{{{{{{[[[[[[[",
        big,
    };

    assert_non_null(big);
    memset(big, ',', RP_ITEM_MAX);
    big[RP_ITEM_MAX] = '\0';
    assert_ok(rp_store_begin(rig->store, &err));
    node[0] = add_person(rig->store, "u1", NULL);
    node[1] = add_person(rig->store, "u2", NULL);
    int64_t id = 0;
    for (int round = 0; round < 60; round++) {
        for (size_t i = 0; i < RP_COUNT(bodies); i++) {
            snprintf(message, sizeof(message), "m%d-%zu", round, i);
            struct rp_event made = make_event(node[round % 2], round % 2 ? "u2" : "u1", message);
            made.body = rp_str_from(bodies[i]);
            id = append(rig, &made, 0);
            assert_ok(rp_event_read(&rig->arena, rig->store, id, &event, &prev, &err));
            assert_str(event.body, bodies[i]);
            rp_arena_reset(&rig->arena);
        }
    }
    assert_ok(rp_store_commit(rig->store, &err));
    free(big);
}

/* Names beyond the bound stand in their rows. */
static void too_many_names(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_event event;
    int64_t prev, id;
    char name[32];

    assert_ok(rp_store_begin(rig->store, &err));
    int64_t node = add_person(rig->store, "u1", NULL);
    for (int i = 1; i <= RP_NAMES_MAX + 2; i++) {
        snprintf(name, sizeof(name), "event %d", i);
        event = make_event(node, "u1", name);
        event.name = rp_str_from(name);
        append(rig, &event, 0);
    }
    assert_ok(rp_store_commit(rig->store, &err));
    for (int i = RP_NAMES_MAX - 1; i <= RP_NAMES_MAX + 2; i++) {
        snprintf(name, sizeof(name), "event %d", i);
        assert_ok(rp_event_read(&rig->arena, rig->store, i, &event, &prev, &err));
        assert_str(event.name, name);
        assert_int_equal(rp_store_name_find(rig->store, rp_str_from(name)) > 0, i <= RP_NAMES_MAX);
    }
    /* rules' names are never too many */
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_store_name_id(rig->store, RP_STR("a rule"), &id, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_str(rp_store_name(rig->store, id), "a rule");
}

int test_events(void)
{
#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, rig_memory, rig_end)
    const struct CMUnitTest tests[] = {
        IN_MEMORY(all_columns_come_back),
        IN_MEMORY(a_cursor_walks_in_row_order),
        cmocka_unit_test_setup_teardown(shared_ends_of_bodies, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(personal_ends_stay_in_their_rows, folder_make,
                                        folder_remove),
        IN_MEMORY(odd_bodies),
        IN_MEMORY(too_many_names),
    };
#undef IN_MEMORY

    return cmocka_run_group_tests_name("store: events", tests, NULL, NULL);
}
