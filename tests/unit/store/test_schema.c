/* SPDX-License-Identifier: MIT */
/* The schema that migrations make, their digests, and the views that anyone may read with SQL. */
#include "base/asset.h"
#include "base/buf.h"
#include "base/hash.h"
#include "store/decisions.h"
#include "store/events.h"
#include "store/generations.h"
#include "store/identities.h"
#include "store/keys.h"
#include "store/outbox.h"
#include "store/states.h"
#include "unit/store/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

static struct rp_buf read_file(const char *path)
{
    struct rp_buf buf = {0};
    char part[4096];
    size_t len;
    FILE *file = fopen(path, "rb");

    if (!file)
        fail_msg("%s cannot be opened", path);
    while ((len = fread(part, 1, sizeof(part), file)) > 0)
        rp_buf_add(&buf, part, len);
    fclose(file);
    return buf;
}

/* RIPEN_GOLDEN=write in the environment writes what is there instead of comparing. */
static void compare_golden(const char *name, const struct rp_buf *got)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/tests/golden/%s", RIPEN_SOURCE_DIR, name);
    const char *mode = getenv("RIPEN_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(got->ptr, 1, got->len, file), got->len);
        fclose(file);
        return;
    }
    struct rp_buf want = read_file(path);
    if (!rp_str_eq(rp_buf_view(got), rp_buf_view(&want)))
        fail_msg("%s differs; if this is meant, run with RIPEN_GOLDEN=write and look at the change",
                 path);
    rp_buf_fini(&want);
}

static void migrations_make_the_golden_schema(void **state)
{
    const char *path = path_in(*state, "a.db");
    struct rp_err err = {0};
    struct rp_store *store;
    struct rp_buf buf = {0};
    sqlite3 *db;
    sqlite3_stmt *stmt;

    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    rp_store_close(store);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
                                        "ORDER BY type, name",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        rp_buf_printf(&buf, "%s;\n", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    compare_golden("schema.sql", &buf);
    rp_buf_fini(&buf);
}

/* A released migration is never edited. */
static void migrations_have_their_digests(void **state)
{
    struct rp_buf buf = {0};
    char digest[65];

    (void)state;
    for (const struct rp_asset *asset = rp_migrations; asset->name; asset++) {
        rp_sha256_hex(asset->bytes, asset->size, digest);
        rp_buf_printf(&buf, "%s  %s\n", digest, asset->name);
    }
    assert_true(buf.len > 0);
    compare_golden("migrations.sha256", &buf);
    rp_buf_fini(&buf);
}

static void fill(struct rp_store *store)
{
    struct rp_err err = {0};
    int64_t lead, node, anonymous, rule, dim, id, first;
    char granted[64], key[80];
    uint32_t number;

    assert_ok(rp_store_begin(store, &err));
    node = add_person(store, "u1", &lead);
    assert_ok(
        rp_identity_add(store, RP_NODE_ANONYMOUS, RP_STR("a1"), lead, NINE, &anonymous, &err));
    assert_ok(rp_store_name_id(store, RP_STR("price_page"), &rule, &err));
    assert_ok(rp_store_name_id(store, RP_STR("engagement"), &dim, &err));
    snprintf(granted, sizeof(granted), "[[%lld,%lld,5500],[%lld,%lld,-1000]]", (long long)rule,
             (long long)dim, (long long)rule, (long long)dim);
    struct rp_event event = make_event(node, "u1", "0b0e42f1-8b70-4b6e-9d3e-000000000001");
    event.anonymous_id = RP_STR("a1");
    event.effective_ms = NINE - 1500;
    event.sent_ms = NINE + 250;
    event.flags = RP_EVENT_CRM;
    assert_ok(rp_event_append(store, &event, 0, rp_str_from(granted), &first, &err));
    struct rp_event plain = make_event(anonymous, "", "m2");
    plain.type = RP_PAGE;
    plain.name = RP_STR("");
    assert_ok(rp_event_append(store, &plain, 0, RP_STR(""), &id, &err));
    struct rp_lead state;
    struct rp_state_summary summary = {
        .stage = RP_STR("mql"),
        .grade = RP_STR("A"),
        .scores = RP_STR("{\"engagement\":4.5}"),
        .profile = RP_STR("{\"email\":\"ana@acme.test\",\"first_name\":\"Ana\"}"),
        .total = 4500,
        .scored_ms = NINE,
    };
    rp_lead_init(&state);
    state.id = lead;
    state.created_ms = state.updated_ms = NINE;
    state.stage_since_ms = NINE + 1;
    assert_ok(rp_state_save(store, &state, &summary, &err));
    rp_lead_fini(&state);
    struct rp_move_row move = {
        .lead = lead,
        .event = first,
        .to = RP_STR("mql"),
        .because = RP_STR("at_least"),
        .reasons = RP_STR("{\"at_least\":{\"total\":4.5}}"),
        .at_ms = NINE,
        .generation = 1,
    };
    assert_ok(rp_move_add(store, &move, &id, &err));
    struct rp_outbox_row row = {
        .lead = lead,
        .event = first,
        .move = id,
        .key = RP_STR("key-1"),
        .action = RP_STR("tell_sales"),
        .to = RP_STR("crm"),
        .body = RP_STR("{}"),
        .created_ms = NINE,
        .due_ms = NINE,
    };
    assert_ok(rp_outbox_add(store, &row, &id, &err));
    struct rp_fault fault = {
        .rule = RP_STR("price_page"),
        .kind = RP_STR("budget"),
        .message = RP_STR("too many steps"),
        .file = RP_STR("scores.lua"),
        .line = 3,
    };
    assert_ok(rp_fault_add(store, first, &fault, &err));
    struct rp_generation_new rules = {
        .hash = RP_STR("abc"), .sources = RP_STR("-- rules"), .author = RP_STR("ana")};
    assert_ok(rp_generation_activate(store, &rules, NINE, &number, &err));
    assert_ok(rp_key_add(store, RP_SCOPE_READ, false, RP_STR("bi"), NINE, key, &id, &err));
    assert_ok(rp_store_commit(store, &err));
}

static void views_are_plain_rows(void **state)
{
    char path[512];
    struct rp_err err = {0};
    struct rp_store *store;
    static const struct {
        const char *sql, *expected;
    } queries[] = {
        {"SELECT id||'|'||email||'|'||first_name||'|'||stage||'|'||stage_since||'|'||total||'|'||"
         "grade||'|'||(scores ->> '$.engagement')||'|'||created_at||'|'||created_ms FROM leads",
         "ld_u1|ana@acme.test|Ana|mql|2026-03-02T09:00:00.001Z|4.5|A|4.5|2026-03-02T09:00:00.000Z|"
         "1772442000000"},
        {"SELECT company FROM leads", "NULL"},
        {"SELECT group_concat(lead||' '||kind||' '||value||' '||first_at, ';') FROM identities",
         "ld_u1 userId u1 2026-03-02T09:00:00.000Z;ld_u1 anonymousId a1 2026-03-02T09:00:00.000Z"},
        {"SELECT "
         "lead||'|'||type||'|'||event||'|'||message_id||'|'||user_id||'|'||anonymous_id||'|'||"
         "effective_at||'|'||received_at||'|'||sent_at||'|'||is_public||is_crm||is_imported||'|'||"
         "(body ->> '$.properties.plan') FROM events WHERE id = 1",
         "ld_u1|track|Demo Requested|0b0e42f1-8b70-4b6e-9d3e-000000000001|u1|a1|"
         "2026-03-02T08:59:58.500Z|2026-03-02T09:00:00.000Z|2026-03-02T09:00:00.250Z|010|pro"},
        {"SELECT original_at FROM events WHERE id = 1", "NULL"},
        {"SELECT type||'|'||message_id||'|'||anonymous_id||'|'||effective_ms FROM events WHERE id "
         "= 2",
         "page|m2|a1|1772442000000"},
        {"SELECT event FROM events WHERE id = 2", "NULL"},
        {"SELECT user_id FROM events WHERE id = 2", "NULL"},
        {"SELECT group_concat(event||' '||lead||' '||rule||' '||dimension||' '||points||' '||at, "
         "';') "
         "FROM contributions",
         "1 ld_u1 price_page engagement 5.5 2026-03-02T08:59:58.500Z;"
         "1 ld_u1 price_page engagement -1.0 2026-03-02T08:59:58.500Z"},
        {"SELECT lead||'|'||to_stage||'|'||because||'|'||(reasons ->> "
         "'$.at_least.total')||'|'||at||"
         "'|'||event||'|'||generation||'|'||passing FROM stages",
         "ld_u1|mql|at_least|4.5|2026-03-02T09:00:00.000Z|1|1|0"},
        {"SELECT from_stage FROM stages", "NULL"},
        {"SELECT lead||'|'||action||'|'||kind||'|'||endpoint||'|'||status||'|'||key||'|'||due_at "
         "FROM actions",
         "ld_u1|tell_sales|webhook|crm|pending|key-1|2026-03-02T09:00:00.000Z"},
        {"SELECT event||'|'||rule||'|'||kind||'|'||message||'|'||file||'|'||line FROM faults",
         "1|price_page|budget|too many steps|scores.lua|3"},
        {"SELECT number||'|'||hash||'|'||author||'|'||result||'|'||loaded_at||'|'||active FROM "
         "generations",
         "1|abc|ana|active|2026-03-02T09:00:00.000Z|1"},
        {"SELECT label||'|'||scope||'|'||is_public||'|'||created_at||'|'||length(prefix) FROM keys",
         "bi|read|0|2026-03-02T09:00:00.000Z|8"},
        {"SELECT count(*) FROM pragma_table_info('keys') WHERE name = 'digest'", "0"},
        {"SELECT group_concat(verb||' '||at, ';') FROM audit",
         "rules.activate 2026-03-02T09:00:00.000Z;key.create 2026-03-02T09:00:00.000Z"},
    };

    snprintf(path, sizeof(path), "%s", path_in(*state, "a.db"));
    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    fill(store);
    /* while the server runs */
    for (size_t i = 0; i < RP_COUNT(queries); i++)
        assert_query(path, queries[i].sql, queries[i].expected);
    rp_store_close(store);
}

/* What the hot path relies on: these queries walk an index and sort nothing. */
static void the_outbox_uses_its_indexes(void **state)
{
    char path[512];
    struct rp_err err = {0};
    struct rp_store *store;

    snprintf(path, sizeof(path), "%s", path_in(*state, "a.db"));
    assert_ok(rp_store_open(path, RP_STORE_SERVE, &store, &err));
    rp_store_close(store);
    assert_query(path, "SELECT count(*) FROM pragma_index_list('event_rows')", "0");
    assert_query(path, "SELECT count(*) FROM pragma_index_list('lead_states')", "0");
    sqlite3 *db;
    sqlite3_stmt *stmt;
    static const struct {
        const char *sql, *index;
    } plans[] = {
        {"SELECT id FROM outbox AS o WHERE o.kind <> 4 AND o.wake_ms IS NOT NULL AND o.wake_ms <= "
         "?1 ORDER BY o.wake_ms, o.id LIMIT 9",
         "outbox_wake "},
        {"SELECT id FROM outbox AS o WHERE o.kind = 4 AND o.wake_ms IS NOT NULL AND o.wake_ms <= "
         "?1 ORDER BY o.wake_ms, o.id LIMIT 9",
         "outbox_wake_mail"},
        {"SELECT min(wake_ms) FROM outbox WHERE wake_ms IS NOT NULL AND kind <> 4",
         "INDEX outbox_wake"},
        {"SELECT min(wake_ms) FROM outbox WHERE wake_ms IS NOT NULL AND kind = 4",
         "outbox_wake_mail"},
        {"SELECT id FROM outbox WHERE endpoint = ?1 AND lead = ?2 AND state < 2 AND kind IN (0, 1, "
         "4, 6) ORDER BY id LIMIT 1",
         "outbox_queue"},
        {"SELECT count(*) FROM outbox WHERE state = ?1 AND state <> 2", "outbox_state"},
        {"SELECT id FROM outbox WHERE state = ?1 AND state <> 2 AND id < ?3 ORDER BY id DESC LIMIT "
         "9",
         "outbox_state"},
    };
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < RP_COUNT(plans); i++) {
        char sql[512];
        snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", plans[i].sql);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(stmt, 3);
            assert_non_null(strstr(step, plans[i].index));
        }
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
}

int test_schema(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(migrations_make_the_golden_schema),
        cmocka_unit_test(migrations_have_their_digests),
        WITH_FOLDER(views_are_plain_rows),
        WITH_FOLDER(the_outbox_uses_its_indexes),
    };
#undef WITH_FOLDER

    return cmocka_run_group_tests_name("store: schema", tests, NULL, NULL);
}
