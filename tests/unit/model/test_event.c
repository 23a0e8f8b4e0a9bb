/* SPDX-License-Identifier: MIT */
/* The words of events and decisions, and the effective order. */
#include "base/check.h"
#include "base/hash.h"
#include "model/decision.h"
#include "model/event.h"
#include "unit/model/groups.h"

static void types_have_names(void **state)
{
    enum rp_event_type type;

    (void)state;
    for (int i = 0; i < RP_EVENT_TYPES; i++) {
        const char *name = rp_event_type_name((enum rp_event_type)i);
        assert_true(rp_event_type_parse(rp_str_from(name), &type));
        assert_int_equal(type, i);
    }
    assert_string_equal(rp_event_type_name(RP_IDENTIFY), "identify");
    assert_false(rp_event_type_parse(RP_STR("Track"), &type));
    assert_false(rp_event_type_parse(RP_STR("tracks"), &type));
    assert_false(rp_event_type_parse(RP_STR(""), &type));
}

static void verdicts_have_codes(void **state)
{
    (void)state;
    assert_string_equal(rp_reject_code(RP_REJECT_NONE), "");
    assert_string_equal(rp_reject_code(RP_REJECT_TYPE), "unknown_type");
    assert_string_equal(rp_reject_code(RP_REJECT_TOO_OLD), "too_old");
    for (int i = 1; i < RP_REJECT_COUNT; i++) {
        assert_true(rp_reject_code((enum rp_reject)i)[0] != '\0');
        assert_true(rp_reject_text((enum rp_reject)i)[0] != '\0');
        for (int j = 1; j < i; j++)
            assert_string_not_equal(rp_reject_code((enum rp_reject)i),
                                    rp_reject_code((enum rp_reject)j));
    }
}

static void actions_have_names(void **state)
{
    static const char *const names[] = {"webhook", "notify", "task", "set",
                                        "email",   "assign", "crm"};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(names); i++)
        assert_string_equal(rp_action_kind_name((enum rp_action_kind)i), names[i]);
}

static int compare(int64_t at_a, enum rp_event_type type_a, const char *id_a, int64_t at_b,
                   enum rp_event_type type_b, const char *id_b)
{
    struct rp_event a = {.effective_ms = at_a, .type = type_a, .message_id = rp_str_from(id_a)};
    struct rp_event b = {.effective_ms = at_b, .type = type_b, .message_id = rp_str_from(id_b)};
    struct rp_order order_a = rp_event_order(&a), order_b = rp_event_order(&b);
    int there = rp_order_cmp(&order_a, &order_b), back = rp_order_cmp(&order_b, &order_a);

    assert_int_equal(there, -back);
    return there;
}

static void order_is_time_then_rank_then_id(void **state)
{
    (void)state;
    assert_int_equal(compare(1, RP_TRACK, "b", 2, RP_IDENTIFY, "a"), -1);
    assert_int_equal(compare(1, RP_TRACK, "a", 1, RP_IDENTIFY, "b"), 1);
    assert_int_equal(compare(1, RP_PAGE, "a", 1, RP_ALIAS, "b"), 1);
    assert_int_equal(compare(1, RP_SCREEN, "a", 1, RP_GROUP, "b"), 1);
    assert_int_equal(compare(1, RP_IDENTIFY, "b", 1, RP_GROUP, "a"), 1);
    assert_int_equal(compare(1, RP_TRACK, "a", 1, RP_PAGE, "b"), -1);
    assert_int_equal(compare(1, RP_TRACK, "a", 1, RP_TRACK, "ab"), -1);
    assert_int_equal(compare(1, RP_TRACK, "é", 1, RP_TRACK, "z"), 1);
    assert_int_equal(compare(1, RP_TRACK, "a", 1, RP_PAGE, "a"), 0);
    assert_int_equal(compare(INT64_MIN, RP_TRACK, "a", INT64_MAX, RP_TRACK, "a"), -1);
}

static void values_are_found_by_path(void **state)
{
    struct rp_arena arena;
    struct rp_event event = {
        .body =
            RP_STR("{\"properties\":{\"a\":1,\"n\":null,\"list\":[{\"sku\":\"x\"},{\"sku\":\"y\"}],"
                   "\"tags\":[\"p\",\"q\"],\"deep\":{\"er\":true}},\"other\":\"o\"}")};
    const struct rp_prop *prop;

    (void)state;
    rp_arena_init(&arena);
    assert_null(rp_event_get(&event, rp_path_of(RP_STR("properties"))));
    assert_null(rp_event_get(&event, RP_PATH_ROOT));
    assert_int_equal(rp_event_body_parse(&arena, &event), RIPEN_OK);
    assert_ptr_equal(rp_event_get(&event, RP_PATH_ROOT), event.props);
    assert_int_equal(event.props[0].next, event.prop_count);

    prop = rp_event_get(&event, rp_path_of(RP_STR("properties.a")));
    assert_non_null(prop);
    assert_int_equal(prop->type, RP_NUMBER);
    assert_true(prop->number == 1);
    assert_str(prop->text, "1");
    assert_null(rp_event_get(&event, rp_path_of(RP_STR("properties.n"))));
    assert_null(rp_event_get(&event, rp_path_of(RP_STR("properties.z"))));
    prop = rp_event_get(&event, rp_path_of(RP_STR("properties.deep.er")));
    assert_non_null(prop);
    assert_int_equal(prop->type, RP_BOOL);
    assert_true(prop->number == 1);
    assert_str(rp_event_get(&event, rp_path_of(RP_STR("other")))->text, "o");

    /* A list is found as a list; its elements carry its path. */
    prop = rp_event_get(&event, rp_path_of(RP_STR("properties.tags")));
    assert_non_null(prop);
    assert_int_equal(prop->type, RP_ARRAY);
    assert_int_equal(prop->next, prop - event.props + 3);
    assert_str(prop[1].text, "p");
    assert_int_equal(prop[1].element, 1);
    assert_int_equal(prop[1].path, prop->path);
    assert_int_equal(prop[1].key.len, 0);
    prop = rp_event_get(&event, rp_path_of(RP_STR("properties.list.sku")));
    assert_non_null(prop);
    assert_str(prop->text, "x");
    rp_arena_fini(&arena);
}

static void bodies_that_are_no_objects_are_refused(void **state)
{
    static const char *const bodies[] = {"", "[]", "1", "{", "{\"a\":}", "{} x"};
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(bodies); i++) {
        struct rp_event event = {.body = rp_str_from(bodies[i])};
        assert_int_equal(rp_event_body_parse(&arena, &event), RIPEN_EINPUT);
        assert_null(event.props);
    }
    rp_arena_fini(&arena);
}

int test_event(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(verdicts_have_codes),
        cmocka_unit_test(actions_have_names),
        cmocka_unit_test(order_is_time_then_rank_then_id),
        cmocka_unit_test(values_are_found_by_path),
        cmocka_unit_test(bodies_that_are_no_objects_are_refused),
    };

    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
