/* SPDX-License-Identifier: MIT */
/* Lead states, decisions, faults, generations, keys, the audit trail, lists of leads. */
#include "base/limits.h"
#include "store/audit.h"
#include "store/decisions.h"
#include "store/generations.h"
#include "store/identities.h"
#include "store/keys.h"
#include "store/reports.h"
#include "store/requests.h"
#include "store/states.h"
#include "unit/store/groups.h"

#include <stdio.h>
#include <string.h>

static void a_state_comes_back(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_lead lead, loaded;
    struct rp_str stage;
    int64_t id;

    rp_lead_init(&lead);
    rp_lead_init(&loaded);
    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &id);
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(rp_state_load(rig->store, id, &loaded, &stage, &err), RIPEN_ENOTFOUND);
    assert_string_equal(loaded.public_id, "ld_u1");
    assert_int_equal(loaded.created_ms, NINE);
    assert_int_equal(loaded.id, id);
    assert_int_equal(rp_state_load(rig->store, id + 1, &loaded, &stage, &err), RIPEN_ENOTFOUND);
    lead.id = id;
    lead.generation = 3;
    lead.through = 17;
    lead.created_ms = NINE - 5;
    lead.updated_ms = NINE + 5;
    lead.stage_since_ms = NINE + 1;
    lead.flags = 5;
    rp_lead_head_set(&lead, 9, 17);
    memcpy(rp_lead_cell_resize(&lead, rp_cell_key(RP_CELL_SUM, 1, 2), 5), "abcde", 5);
    struct rp_state_summary summary = {
        .stage = RP_STR("mql"),
        .grade = RP_STR("A"),
        .scores = RP_STR("{\"fit\":45}"),
        .total = 45000,
        .scored_ms = NINE,
    };
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_state_save(rig->store, &lead, &summary, &err));
    assert_ok(rp_state_save(rig->store, &lead, &summary, &err)); /* replaces */
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_state_load(rig->store, id, &loaded, &stage, &err));
    assert_str(stage, "mql");
    assert_int_equal(loaded.generation, 3);
    assert_int_equal(loaded.through, 17);
    assert_int_equal(loaded.created_ms, NINE - 5);
    assert_int_equal(loaded.updated_ms, NINE + 5);
    assert_int_equal(loaded.stage_since_ms, NINE + 1);
    assert_int_equal(loaded.flags, 5);
    assert_int_equal(loaded.stage, RP_STAGE_NONE);
    assert_int_equal(loaded.cells_len, lead.cells_len);
    assert_memory_equal(loaded.cells, lead.cells, lead.cells_len);
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_state_remove(rig->store, id, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(rp_state_load(rig->store, id, &loaded, &stage, &err), RIPEN_ENOTFOUND);
    rp_lead_fini(&lead);
    rp_lead_fini(&loaded);
}

static void decisions_and_faults_come_back(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_move_row *rows, row = {
                                  .from = RP_STR(""),
                                  .to = RP_STR("lead"),
                                  .because = RP_STR("known"),
                                  .reasons = RP_STR("{\"known\":true}"),
                                  .at_ms = NINE,
                                  .generation = 2,
                                  .passing = true,
                              };
    struct rp_fault *faults, fault = {
                                 .rule = RP_STR("price_page"),
                                 .kind = RP_STR("error"),
                                 .message = RP_STR("attempt to index a nil value"),
                                 .file = RP_STR("scores.lua"),
                                 .line = 12,
                             };
    int64_t lead, other, id;
    size_t count;

    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &lead);
    add_person(rig->store, "u2", &other);
    for (int i = 0; i < 9; i++) {
        row.lead = i % 2 ? other : lead;
        row.event = i;
        row.at_ms = NINE + i;
        assert_ok(rp_move_add(rig->store, &row, &id, &err));
        fault.line = i;
        assert_ok(rp_fault_add(rig->store, 7, &fault, &err));
    }
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_move_list(&rig->arena, rig->store, lead, &rows, &count, &err));
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].event, 2 * i);
    assert_str(rows[0].from, "");
    assert_str(rows[4].to, "lead");
    assert_str(rows[4].because, "known");
    assert_str(rows[4].reasons, "{\"known\":true}");
    assert_int_equal(rows[4].at_ms, NINE + 8);
    assert_int_equal(rows[4].generation, 2);
    assert_true(rows[4].passing);
    assert_ok(rp_move_get(&rig->arena, rig->store, id, &row, &err));
    assert_int_equal(row.lead, lead);
    assert_int_equal(rp_move_get(&rig->arena, rig->store, id + 1, &row, &err), RIPEN_ENOTFOUND);
    assert_ok(rp_move_list(&rig->arena, rig->store, 99, &rows, &count, &err));
    assert_int_equal(count, 0);
    assert_ok(rp_fault_list(&rig->arena, rig->store, 7, &faults, &count, &err));
    assert_int_equal(count, 9);
    assert_int_equal(faults[8].line, 8);
    assert_str(faults[0].rule, "price_page");
    assert_str(faults[0].kind, "error");
    assert_str(faults[0].file, "scores.lua");
    assert_str(faults[0].message, "attempt to index a nil value");
    assert_ok(rp_fault_list(&rig->arena, rig->store, 8, &faults, &count, &err));
    assert_int_equal(count, 0);
}

static uint32_t activate(struct rig *rig, const char *hash, int64_t now_ms)
{
    struct rp_err err = {0};
    uint32_t number;

    assert_ok(rp_store_begin(rig->store, &err));
    struct rp_generation_new what = {
        .hash = rp_str_from(hash), .sources = {"a\0b", 3}, .author = RP_STR("ana")};

    assert_ok(rp_generation_activate(rig->store, &what, now_ms, &number, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    return number;
}

static uint32_t keep(struct rig *rig, const char *hash, const char *result, const char *reason)
{
    struct rp_err err = {0};
    uint32_t number;
    struct rp_generation_new what = {.hash = rp_str_from(hash),
                                     .sources = RP_STR("text"),
                                     .author = RP_STR("eva"),
                                     .reason = rp_str_from(reason),
                                     .disabled = RP_STR("\none\ntwo\n")};

    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_generation_keep(rig->store, &what, result, NINE, &number, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    return number;
}

static void generations_that_were_not_activated(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_generation_row row, *rows;
    const struct rp_str *names;
    uint32_t number;
    size_t count;

    assert_int_equal(rp_generation_before(rig->store, &number, &err), RIPEN_ENOTFOUND);
    uint32_t first = activate(rig, "aaa", NINE);
    uint32_t held = keep(rig, "bbb", RP_RESULT_HELD, "too much");
    assert_int_equal(keep(rig, "bbb", RP_RESULT_REFUSED, "and wrong"), held);
    assert_ok(rp_generation_get(&rig->arena, rig->store, held, &row, &err));
    assert_str(row.result, "refused");
    assert_str(row.reason, "and wrong");
    assert_int_equal(row.parent, first);
    names = rp_generation_disabled(&rig->arena, row.disabled, &count);
    assert_int_equal(count, 2);
    assert_str(names[1], "two");
    assert_int_equal(keep(rig, "aaa", RP_RESULT_REFUSED, "no"), first); /* in force is in force */
    assert_ok(rp_generation_get(&rig->arena, rig->store, 0, &row, &err));
    assert_str(row.result, "active");
    assert_int_equal(rp_generation_before(rig->store, &number, &err), RIPEN_ENOTFOUND);
    assert_int_equal(activate(rig, "bbb", NINE + 1), held); /* by hand after all */
    assert_ok(rp_generation_before(rig->store, &number, &err));
    assert_int_equal(number, first);
    assert_ok(rp_generation_list(&rig->arena, rig->store, 1, &rows, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, held);
    assert_true(rows[0].active);
    assert_str(rows[0].reason, "");
    assert_int_equal(rows[0].sources.len, 0); /* a list is without them */
    assert_ok(rp_generation_find(rig->store, RP_STR("zzz"), &number, &err));
    assert_int_equal(number, 0);
}

/* At the bound all sources are there; past it the oldest, but never those in force. */
static void old_generations_lose_their_sources(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_generation_row row;
    char hash[16];

    assert_int_equal(activate(rig, "first", NINE), 1);
    assert_int_equal(keep(rig, "second", RP_RESULT_HELD, ""), 2);
    assert_ok(rp_store_begin(rig->store, &err));
    for (int i = 3; i <= RP_GENERATIONS_KEPT + 1; i++) {
        struct rp_generation_new what = {.hash = {hash, 0}, .sources = RP_STR("x")};
        uint32_t number;

        what.hash.len = (size_t)snprintf(hash, sizeof(hash), "h%d", i);
        assert_ok(rp_generation_keep(rig->store, &what, RP_RESULT_REFUSED, NINE, &number, &err));
        assert_int_equal(number, i);
    }
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_generation_get(&rig->arena, rig->store, 2, &row, &err));
    assert_str(row.sources, "text");
    keep(rig, "last", RP_RESULT_HELD, "");
    assert_ok(rp_generation_get(&rig->arena, rig->store, 2, &row, &err));
    assert_int_equal(row.sources.len, 0);
    assert_ok(rp_generation_get(&rig->arena, rig->store, 1, &row, &err));
    assert_int_equal(row.sources.len, 3);
}

static void requests_are_answered_once(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_request_row ask = {.at_ms = NINE, .verb = RP_STR("activate"), .generation = 7};
    struct rp_request_row row;
    int64_t first, second;

    ask.force = true;
    ask.author = RP_STR("ana");
    assert_int_equal(rp_request_newest(rig->store), 0);
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_request_add(rig->store, &ask, &first, &err));
    assert_ok(rp_request_add(rig->store, &ask, &second, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(rp_request_newest(rig->store), second);
    assert_ok(rp_request_next(&rig->arena, rig->store, 0, &row, &err));
    assert_int_equal(row.id, first);
    assert_str(row.verb, "activate");
    assert_int_equal(row.generation, 7);
    assert_true(row.force && !row.answered);
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_request_answer(rig->store, first, 409, RP_STR("{}"), NINE + 1, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_request_get(&rig->arena, rig->store, first, &row, &err));
    assert_true(row.answered);
    assert_int_equal(row.status, 409);
    assert_ok(rp_request_next(&rig->arena, rig->store, 0, &row, &err));
    assert_int_equal(row.id, second);
    assert_int_equal(rp_request_next(&rig->arena, rig->store, second, &row, &err), RIPEN_ENOTFOUND);
    assert_ok(rp_store_begin(rig->store, &err)); /* an hour later both are gone */
    assert_ok(rp_request_answer(rig->store, second, 200, RP_STR("{}"), NINE + 3600001, &err));
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(rp_request_newest(rig->store), 0);
}

static void generations_are_known_by_their_hash(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_generation_row row;
    struct rp_audit_row *audit;
    size_t count;

    assert_int_equal(rp_generation_get(&rig->arena, rig->store, 0, &row, &err), RIPEN_ENOTFOUND);
    uint32_t first = activate(rig, "aaa", NINE);
    assert_int_equal(activate(rig, "aaa", NINE + 1), first);
    uint32_t second = activate(rig, "bbb", NINE + 2);
    assert_int_not_equal(first, second);
    assert_ok(rp_generation_get(&rig->arena, rig->store, 0, &row, &err));
    assert_int_equal(row.number, second);
    assert_true(row.active);
    assert_str(row.result, "active");
    assert_ok(rp_generation_get(&rig->arena, rig->store, first, &row, &err));
    assert_false(row.active);
    assert_str(row.result, "superseded");
    assert_str(row.hash, "aaa");
    assert_str(row.author, "ana");
    assert_int_equal(row.loaded_ms, NINE);
    assert_int_equal(row.sources.len, 3);
    assert_memory_equal(row.sources.ptr, "a\0b", 3);
    assert_int_equal(activate(rig, "aaa", NINE + 3), first); /* a roll-back */
    assert_ok(rp_generation_get(&rig->arena, rig->store, 0, &row, &err));
    assert_int_equal(row.number, first);
    assert_str(row.result, "active");
    assert_int_equal(rp_generation_get(&rig->arena, rig->store, 77, &row, &err), RIPEN_ENOTFOUND);
    assert_ok(rp_audit_list(&rig->arena, rig->store, 0, 10, &audit, &count, &err));
    assert_int_equal(count, 3);
    assert_str(audit[0].verb, "rules.activate");
    assert_str(audit[0].detail, "aaa");
    assert_str(audit[1].actor, "ana");
    assert_int_equal(audit[0].at_ms, NINE + 3);
    assert_ok(rp_audit_list(&rig->arena, rig->store, audit[1].id, 10, &audit, &count, &err));
    assert_int_equal(count, 1);
}

static void keys_match_only_in_force(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_key_row *rows;
    char public_key[80], secret_key[80];
    int64_t first, second;
    size_t count;

    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_key_add(rig->store, RP_SCOPE_INGEST, true, RP_STR("site"), NINE, public_key,
                         &first, &err));
    assert_ok(rp_key_add(rig->store, RP_SCOPE_ADMIN, false, RP_STR("ops"), NINE, secret_key,
                         &second, &err));
    assert_int_equal(rp_key_add(rig->store, RP_SCOPE_ADMIN, true, RP_STR("bad"), NINE, secret_key,
                                &second, &err),
                     RIPEN_EDENIED);
    assert_ok(rp_store_commit(rig->store, &err));
    assert_int_equal(strlen(public_key), 50);
    assert_memory_equal(public_key, "rpn_pk_", 7);
    assert_memory_equal(secret_key, "rpn_sk_", 7);
    assert_ok(rp_key_list(&rig->arena, rig->store, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_str(rows[0].label, "site");
    assert_memory_equal(rows[0].prefix.ptr, public_key + 7, 8);
    assert_true(rows[0].is_public);
    assert_int_equal(rows[1].scope, RP_SCOPE_ADMIN);
    assert_int_equal(rows[1].revoked_ms, RP_NEVER);
    assert_ptr_equal(rp_key_match(rows, count, rp_str_from(public_key)), &rows[0]);
    assert_ptr_equal(rp_key_match(rows, count, rp_str_from(secret_key)), &rows[1]);
    for (size_t i = 0; i < strlen(secret_key); i++) {
        char wrong[80];
        memcpy(wrong, secret_key, sizeof(wrong));
        wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
        assert_null(rp_key_match(rows, count, rp_str_from(wrong)));
        assert_null(rp_key_match(rows, count, (struct rp_str){secret_key, i}));
    }
    assert_null(rp_key_match(rows, count, RP_STR("")));
    assert_ok(rp_store_begin(rig->store, &err));
    assert_ok(rp_key_revoke(rig->store, first, NINE + 9, &err));
    assert_ok(rp_key_revoke(rig->store, first, NINE + 99, &err)); /* the first time counts */
    assert_int_equal(rp_key_revoke(rig->store, 77, NINE, &err), RIPEN_ENOTFOUND);
    assert_ok(rp_store_commit(rig->store, &err));
    assert_ok(rp_key_list(&rig->arena, rig->store, &rows, &count, &err));
    assert_int_equal(rows[0].revoked_ms, NINE + 9);
    assert_null(rp_key_match(rows, count, rp_str_from(public_key)));
    struct rp_audit_row *audit;
    assert_ok(rp_audit_list(&rig->arena, rig->store, 0, 10, &audit, &count, &err));
    assert_int_equal(count, 3);
    assert_str(audit[0].verb, "key.revoke");
    assert_true(audit[0].subject.len == 8);
    for (int scope = RP_SCOPE_INGEST; scope <= RP_SCOPE_ADMIN; scope++) {
        enum rp_scope parsed;
        const char *name = rp_scope_name((enum rp_scope)scope);
        assert_true(rp_scope_parse(rp_str_from(name), &parsed));
        assert_int_equal(parsed, scope);
    }
    enum rp_scope none;
    assert_false(rp_scope_parse(RP_STR("none"), &none));
    assert_false(rp_scope_parse(RP_STR("root"), &none));
}

static void save_state(struct rp_store *store, int64_t id, const char *stage, int64_t total)
{
    struct rp_err err = {0};
    struct rp_lead lead;
    struct rp_state_summary summary = {
        .stage = rp_str_from(stage),
        .total = total,
        .profile = RP_STR("{\"email\":\"a@b.test\"}"),
        .scored_ms = NINE,
    };

    rp_lead_init(&lead);
    lead.id = id;
    lead.stage_since_ms = RP_NEVER;
    rp_lead_head_set(&lead, id, 1);
    assert_ok(rp_state_save(store, &lead, &summary, &err));
    rp_lead_fini(&lead);
}

static void leads_are_listed_in_pages(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_lead_filter filter = {0};
    struct rp_lead_row *rows;
    char user_id[32];
    size_t count, seen = 0;

    assert_ok(rp_store_begin(rig->store, &err));
    for (int i = 1; i <= 25; i++) {
        int64_t id;
        snprintf(user_id, sizeof(user_id), "u%d", i);
        add_person(rig->store, user_id, &id);
        if (i != 3) /* one has no state yet */
            save_state(rig->store, id, i % 5 ? "lead" : "mql", i * 1000);
        if (i == 4)
            assert_ok(rp_lead_merged(rig->store, id, 1, &err));
    }
    assert_ok(rp_store_commit(rig->store, &err));
    do {
        assert_ok(rp_lead_list(&rig->arena, rig->store, &filter, 10, &rows, &count, &err));
        for (size_t i = 0; i < count; i++, seen++) {
            assert_true(rows[i].lead > filter.after);
            filter.after = rows[i].lead;
            assert_int_equal(rows[i].summary.total, rows[i].lead * 1000);
            assert_int_equal(rows[i].stage_since_ms, RP_NEVER);
            assert_int_equal(rows[i].cells.len, 0);
        }
    } while (count == 10);
    assert_int_equal(seen, 23);
    filter = (struct rp_lead_filter){.stage = RP_STR("mql"), .cells = true};
    assert_ok(rp_lead_list(&rig->arena, rig->store, &filter, 10, &rows, &count, &err));
    assert_int_equal(count, 5);
    assert_str(rows[0].public_id, "ld_u5");
    assert_str(rows[0].summary.stage, "mql");
    assert_str(rows[0].summary.profile, "{\"email\":\"a@b.test\"}");
    struct rp_lead lead;
    rp_lead_init(&lead);
    assert_int_equal(rp_lead_cells_set(&lead, rows[0].cells.ptr, rows[0].cells.len), 0);
    rp_lead_fini(&lead);
    filter.stage = RP_STR("no such stage");
    assert_ok(rp_lead_list(&rig->arena, rig->store, &filter, 10, &rows, &count, &err));
    assert_int_equal(count, 0);
}

int test_records(void)
{
#define IN_MEMORY(test) cmocka_unit_test_setup_teardown(test, rig_memory, rig_end)
    const struct CMUnitTest tests[] = {
        IN_MEMORY(a_state_comes_back),
        IN_MEMORY(decisions_and_faults_come_back),
        IN_MEMORY(generations_are_known_by_their_hash),
        IN_MEMORY(generations_that_were_not_activated),
        IN_MEMORY(old_generations_lose_their_sources),
        IN_MEMORY(requests_are_answered_once),
        IN_MEMORY(keys_match_only_in_force),
        IN_MEMORY(leads_are_listed_in_pages),
    };
#undef IN_MEMORY

    return cmocka_run_group_tests_name("store: records", tests, NULL, NULL);
}
