/* SPDX-License-Identifier: MIT */
/* Leads, identity nodes, merging and finding. */
#include "store/identities.h"
#include "store/reports.h"
#include "unit/store/groups.h"

#include <stdio.h>
#include <string.h>

static void nodes_are_found_exactly(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_identity found;
    int64_t lead, node;

    assert_int_equal(rp_identity_find(rig->store, RP_NODE_USER, RP_STR("u1"), &found, &err),
                     RIPEN_ENOTFOUND);
    assert_int_equal(rp_identity_newest(rig->store), 0);
    assert_ok(rp_store_begin(rig->store, &err));
    node = add_person(rig->store, "u1", &lead);
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(rp_identity_newest(rig->store), node);
    assert_ok(rp_identity_find(rig->store, RP_NODE_USER, RP_STR("u1"), &found, &err));
    assert_int_equal(found.node, node);
    assert_int_equal(found.lead, lead);
    assert_str(found.value, "u1");
    /* the kind and each byte count */
    assert_int_equal(rp_identity_find(rig->store, RP_NODE_ANONYMOUS, RP_STR("u1"), &found, &err),
                     RIPEN_ENOTFOUND);
    assert_int_equal(rp_identity_find(rig->store, RP_NODE_USER, RP_STR("U1"), &found, &err),
                     RIPEN_ENOTFOUND);
    assert_int_equal(
        rp_identity_find(rig->store, RP_NODE_USER, (struct rp_str){"u1\0x", 4}, &found, &err),
        RIPEN_ENOTFOUND);
    assert_int_equal(rp_identity_lead(rig->store, node), lead);
    assert_int_equal(rp_identity_lead(rig->store, node + 1), 0);
    assert_int_equal(rp_identity_lead(rig->store, 0), 0);
    assert_int_equal(rp_identity_lead(rig->store, -1), 0);
    assert_ok(rp_identity_get(&rig->arena, rig->store, node, &found, &err));
    assert_str(found.value, "u1");
    assert_int_equal(found.kind, RP_NODE_USER);
}

static void a_rollback_takes_nodes_and_moves_back(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_identity found;
    int64_t first, second;

    assert_ok(rp_store_begin(rig->store, &err));
    int64_t node = add_person(rig->store, "u1", &first);
    add_person(rig->store, "u2", &second);
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u3", NULL);
    assert_ok(rp_identity_move(rig->store, node, second, &err));
    assert_int_equal(rp_identity_lead(rig->store, node), second);
    assert_ok(rp_identity_find(rig->store, RP_NODE_USER, RP_STR("u1"), &found, &err));
    assert_int_equal(found.lead, second);
    rp_store_rollback(rig->store);
    assert_int_equal(rp_identity_lead(rig->store, node), first);
    assert_int_equal(rp_identity_find(rig->store, RP_NODE_USER, RP_STR("u3"), &found, &err),
                     RIPEN_ENOTFOUND);
    assert_ok(rp_store_begin(rig->store, &err));
    assert_int_equal(rp_identity_move(rig->store, 12345, second, &err), RIPEN_ENOTFOUND);
    rp_store_rollback(rig->store);
}

/* More than one set of the cache holds. */
static void many_nodes(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    enum { COUNT = 30000 };
    char user_id[32];

    assert_ok(rp_store_begin(rig->store, &err));
    for (int i = 1; i <= COUNT; i++) {
        snprintf(user_id, sizeof(user_id), "user-%d", i);
        assert_int_equal(add_person(rig->store, user_id, NULL), i);
    }
    assert_ok(rp_store_commit(rig->store, &err));
    for (int i = 1; i <= COUNT; i++) {
        struct rp_identity found;
        snprintf(user_id, sizeof(user_id), "user-%d", i);
        assert_ok(rp_identity_find(rig->store, RP_NODE_USER, rp_str_from(user_id), &found, &err));
        assert_int_equal(found.node, i);
        assert_int_equal(found.lead, i);
    }
}

static void merged_leads_lead_to_the_survivor(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    int64_t first, second, third, found, ids[8];

    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &first);
    add_person(rig->store, "u2", &second);
    add_person(rig->store, "u3", &third);
    assert_ok(rp_lead_merged(rig->store, first, second, &err));
    assert_ok(rp_lead_merged(rig->store, second, third, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_lead_by_public_id(rig->store, RP_STR("ld_u1"), &found, &err));
    assert_int_equal(found, third);
    assert_int_equal(rp_lead_by_public_id(rig->store, RP_STR("ld_u9"), &found, &err),
                     RIPEN_ENOTFOUND);
    assert_int_equal(rp_state_count(rig->store), 1);
    assert_int_equal(rp_state_ids(rig->store, 0, ids, 8, &err), 1);
    assert_int_equal(ids[0], third);
    /* and stand on their own again */
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_lead_merged(rig->store, second, 0, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_lead_by_public_id(rig->store, RP_STR("ld_u1"), &found, &err));
    assert_int_equal(found, second);
    assert_int_equal(rp_state_count(rig->store), 2);
    assert_int_equal(rp_state_ids(rig->store, 0, ids, 1, &err), 1);
    assert_int_equal(rp_state_ids(rig->store, ids[0], ids, 8, &err), 1);
    assert_int_equal(ids[0], third);
    /* a damaged file does not hang us */
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_lead_merged(rig->store, third, second, &err));
    assert_ok(rp_lead_merged(rig->store, second, third, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(rp_lead_by_public_id(rig->store, RP_STR("ld_u1"), &found, &err), RIPEN_ESTORE);
}

static void a_person_is_found_by_any_name(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    int64_t lead, other, node, found;

    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &lead);
    add_person(rig->store, "u2", &other);
    assert_ok(rp_identity_add(rig->store, RP_NODE_EMAIL, RP_STR("ana@acme.test"), lead, NINE, &node,
                              &err));
    assert_ok(
        rp_identity_add(rig->store, RP_NODE_ANONYMOUS, RP_STR("anon-1"), lead, NINE, &node, &err));
    assert_ok(
        rp_identity_add(rig->store, RP_NODE_ANONYMOUS, RP_STR("u1"), other, NINE, &node, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    static const char *const texts[] = {"ld_u1", "Ana@ACME.test", "u1", "anon-1"};
    for (size_t i = 0; i < RP_COUNT(texts); i++) {
        assert_ok(rp_lead_find(rig->store, rp_str_from(texts[i]), &found, &err));
        assert_int_equal(found, lead);
    }
    assert_int_equal(rp_lead_find(rig->store, RP_STR("nobody"), &found, &err), RIPEN_ENOTFOUND);
    assert_non_null(strstr(err.text, "nobody"));
    assert_int_equal(rp_lead_find(rig->store, RP_STR(""), &found, &err), RIPEN_ENOTFOUND);
}

int test_identities(void)
{
#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, rig_memory, rig_end)
    const struct CMUnitTest tests[] = {
        IN_MEMORY(nodes_are_found_exactly),
        IN_MEMORY(a_rollback_takes_nodes_and_moves_back),
        IN_MEMORY(many_nodes),
        IN_MEMORY(merged_leads_lead_to_the_survivor),
        IN_MEMORY(a_person_is_found_by_any_name),
    };
#undef IN_MEMORY

    return cmocka_run_group_tests_name("store: identities", tests, NULL, NULL);
}
