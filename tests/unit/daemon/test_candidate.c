/* SPDX-License-Identifier: MIT */
/* The gates that a rule set passes, each open and shut, at its bound and past it. */
#include "base/limits.h"
#include "base/mem.h"
#include "core/reader.h"
#include "daemon/candidate.h"
#include "unit/daemon/groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1772442000000)
#define STAGES                                                                                     \
    "stages { \"visitor\", \"lead\", \"mql\" }\n"                                                  \
    "stage \"lead\" { enter = known() }\n"                                                         \
    "stage \"mql\" { from = \"lead\", enter = at_least { engagement = 100 }, terminal = true }\n"

struct rig {
    char place[64], rules[80], db[80];
    struct rp_config config;
    struct rp_in_force active;
    struct rp_candidate candidate;
    int64_t now_ms;
};

static int64_t rig_now(void *ctx)
{
    return ((struct rig *)ctx)->now_ms++;
}

/* `count` rules of `points` each. */
static void put_rules(struct rig *rig, int count, int points, const char *more)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/a.lua", rig->rules);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "dimension \"engagement\" { decay = \"none\" }\n%s%s", STAGES, more);
    for (int i = 0; i < count; i++)
        (void)fprintf(file, "score \"r%d\" { why = \"Did %d\", on = \"Did %d\", points = %d }\n", i,
                      i, i, points);
    assert_int_equal(fclose(file), 0);
}

/* A store with ten rules in force and `leads` leads that did one of them. */
static void begin(struct rig *rig, int leads)
{
    struct rp_core_options options = {.db_path = rig->db, .mode = RP_STORE_SERVE};
    struct rp_findings findings;
    struct rp_rules *rules;
    struct rp_files files;
    struct rp_arena arena;
    struct rp_core *core;
    struct rp_err err = {0};

    options.clock = (struct rp_clock){rig_now, rig};
    rp_arena_init(&arena);
    put_rules(rig, 10, 10, "");
    assert_int_equal(rp_core_open(&options, &core, &err), 0);
    assert_int_equal(rp_files_read(&arena, rig->rules, &files, &err), 0);
    assert_int_equal(rp_candidate_load(&arena, &files, NULL, RP_STR(""), &rules, &findings, &err),
                     0);
    rig->active = (struct rp_in_force){.rules = rp_candidate_rules(rules), .config = &rig->config};
    memcpy(rig->active.hash, rules->hash, sizeof(rules->hash));
    memcpy(rig->active.disk_hash, rules->hash, sizeof(rules->hash));
    assert_int_equal(rp_core_rules(core, rules, &files, RP_STR("ana"), &err), 0);
    rig->active.number = rp_core_active(core)->number;
    for (int i = 0; i < leads; i++) {
        struct rp_envelope envelope = {.sent_ms = RP_NEVER, .received_ms = NOW};
        struct rp_batch *batch = rp_batch_new();
        char body[128];

        (void)snprintf(body, sizeof(body),
                       "{\"type\":\"track\",\"userId\":\"u%d\",\"event\":\"Did 0\"}", i);
        assert_int_equal(rp_batch_parse(batch, rp_str_from(body), &envelope, NULL, &err), 0);
        assert_int_equal(rp_core_run(core, batch, &err), 0);
        assert_int_equal(batch->accepted, 1);
        rp_batch_free(batch);
    }
    assert_int_equal(rp_core_flush(core, &err), 0);
    rp_core_close(core);
    rp_arena_fini(&arena);
}

static int make_rig(void **state)
{
    struct rig *rig = rp_calloc(1, sizeof(*rig));

    (void)snprintf(rig->place, sizeof(rig->place), "/tmp/ripen-candidate-XXXXXX");
    assert_non_null(mkdtemp(rig->place));
    (void)snprintf(rig->rules, sizeof(rig->rules), "%s/rules", rig->place);
    (void)snprintf(rig->db, sizeof(rig->db), "%s/t.db", rig->place);
    assert_int_equal(mkdir(rig->rules, 0700), 0);
    rig->now_ms = NOW;
    rig->config =
        (struct rp_config){.queue_events_max = RP_QUEUE_EVENTS_MAX, .body_bytes_max = RP_BODY_MAX};
    *state = rig;
    return 0;
}

static int drop_rig(void **state)
{
    struct rig *rig = *state;
    char command[128];
    int status;

    (void)snprintf(command, sizeof(command), "rm -rf '%s'", rig->place);
    status = system(command);
    free(rig);
    return status;
}

/* Builds what is on disk and says the result; `what` is a part of its reason. */
static void expect(struct rig *rig, enum rp_candidate_result result, const char *what)
{
    struct rp_candidate *c = &rig->candidate;

    c->db_path = rig->db;
    c->rules_dir = rig->rules;
    c->active = &rig->active;
    c->now_ms = NOW;
    rp_candidate_build(c);
    if (c->result != result || (what[0] && (c->reason.len == 0 || !strstr(c->reason.ptr, what))))
        fail_msg("result %d \"%.*s\", expected %d \"%s\"", (int)c->result, RP_STR_ARG(c->reason),
                 (int)result, what);
    assert_int_equal(c->ready != NULL, result == RP_CANDIDATE_READY);
    rp_candidate_fini(c);
    *c = (struct rp_candidate){0};
}

static void errors(void **state)
{
    struct rig *rig = *state;

    begin(rig, 0);
    expect(rig, RP_CANDIDATE_UNCHANGED, "");
    put_rules(rig, 10, 11, "");
    expect(rig, RP_CANDIDATE_READY, "");
    put_rules(rig, 10, 12, "score \"x\" {");
    expect(rig, RP_CANDIDATE_REFUSED, "1 error in the rules; the first: a.lua:");
    rig->candidate.force = true; /* no force puts errors in force */
    expect(rig, RP_CANDIDATE_REFUSED, "a.lua:");
    put_rules(rig, 10, 12,
              "test \"too much\" { at = \"2026-03-02T09:00:00Z\", play = {\n"
              "  after(\"1h\") { track \"Did 0\" },\n"
              "  after(\"2h\") { expect { engagement = 13 } } } }\n");
    expect(rig, RP_CANDIDATE_HELD, "1 of 1 tests fail");
    rig->candidate.force = true; /* a person knows better */
    expect(rig, RP_CANDIDATE_READY, "");
    (void)snprintf(rig->rules, sizeof(rig->rules), "%s/nowhere", rig->place);
    expect(rig, RP_CANDIDATE_FAILED, "nowhere");
}

static void shrink_guard(void **state)
{
    struct rig *rig = *state;

    begin(rig, 0);
    put_rules(rig, 8, 10, "");
    rig->candidate.guards.shrink_percent = 20;
    expect(rig, RP_CANDIDATE_READY, ""); /* 20 % are not more than 20 % */
    put_rules(rig, 7, 10, "");
    rig->candidate.guards.shrink_percent = 20;
    expect(rig, RP_CANDIDATE_HELD, "3 of 10 rules would go away");
    rig->candidate.guards.shrink_percent = 20;
    rig->candidate.force = true;
    expect(rig, RP_CANDIDATE_READY, "");
    expect(rig, RP_CANDIDATE_READY, ""); /* off */
}

static void effect_guard(void **state)
{
    struct rig *rig = *state;

    begin(rig, RP_EFFECT_LEADS_MIN);
    put_rules(rig, 10, 99, ""); /* below the threshold: nobody moves */
    rig->candidate.guards.effect_percent = 10;
    expect(rig, RP_CANDIDATE_READY, "");
    put_rules(rig, 10, 100, "");
    rig->candidate.guards.effect_percent = 10;
    expect(rig, RP_CANDIDATE_HELD, "20 of 20 leads would move: +20 mql, -20 lead, more than 10 %");
    rig->candidate.guards.effect_percent = 100; /* all of them are not more than all of them */
    expect(rig, RP_CANDIDATE_READY, "");
    rig->candidate.guards.effect_percent = 10;
    rig->candidate.force = true;
    expect(rig, RP_CANDIDATE_READY, "");
}

static void replay_guard(void **state)
{
    struct rig *rig = *state;

    begin(rig, 20);
    put_rules(rig, 10, 12, "");
    rig->candidate.guards.replay_percent = 100; /* all of them are not more than all of them */
    expect(rig, RP_CANDIDATE_READY, "");
    put_rules(rig, 10, 13, "");
    rig->candidate.guards.replay_percent = 99;
    expect(rig, RP_CANDIDATE_HELD, "20 of 20 leads looked at would get another score");
    rig->candidate.guards.replay_percent = 99;
    rig->candidate.force = true;
    expect(rig, RP_CANDIDATE_READY, "");
    put_rules(rig, 10, 10,
              "score \"bad\" { why = \"Fails\", on = \"*\", points = 1,\n"
              "  test = function() error(\"no\") end }\n");
    rig->candidate.guards.replay_percent = 100;
    expect(rig, RP_CANDIDATE_HELD, "rules fail 20 times on the stored events of 20 leads");
    expect(rig, RP_CANDIDATE_READY, ""); /* off */
}

static void few_leads_hold_nothing(void **state)
{
    struct rig *rig = *state;

    begin(rig, RP_EFFECT_LEADS_MIN - 1);
    put_rules(rig, 10, 100, "");
    rig->candidate.guards.effect_percent = 10;
    expect(rig, RP_CANDIDATE_READY, "");
}

static void what_is_on_disk_was_superseded_by_hand(void **state)
{
    struct rig *rig = *state;

    begin(rig, 0);
    memset(rig->active.hash, 'f', 64); /* another one is in force; the files are as they were */
    expect(rig, RP_CANDIDATE_UNCHANGED, "");
    rig->candidate.explicit_ask = true;
    expect(rig, RP_CANDIDATE_READY, "");
    put_rules(rig, 10, 11, "");
    expect(rig, RP_CANDIDATE_READY, "");
}

/* Whether a change of the configuration to this endpoint would be taken. */
static bool takes(struct rig *rig, const char *endpoint)
{
    struct rp_candidate c = {
        .db_path = rig->db, .rules_dir = rig->rules, .active = &rig->active, .now_ms = NOW};
    char path[96];
    FILE *file;
    bool taken;

    (void)snprintf(path, sizeof(path), "%s/ripen.lua", rig->place);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fprintf(file, "endpoint \"crm\" { url = \"https://crm.test/\", %s }\n", endpoint);
    assert_int_equal(fclose(file), 0);
    c.config_path = path;
    rp_candidate_build(&c);
    assert_int_equal(c.result, RP_CANDIDATE_UNCHANGED);
    taken = c.config != NULL;
    rp_candidate_fini(&c);
    return taken;
}

static void what_a_crm_needs_is_taken(void **state)
{
    static const char *const changed[] = {
        "preset = \"rest\", token = env \"RIPEN_TEST_B\"",
        "preset = \"hubspot\", token = env \"RIPEN_TEST_A\"",
        "preset = \"rest\", token = env \"RIPEN_TEST_A\", header = \"X-Key\"",
        "preset = \"rest\", token = env \"RIPEN_TEST_A\", method = \"PATCH\"",
        "preset = \"rest\", token = env \"RIPEN_TEST_A\", path = \"/p/{match}\"",
        "preset = \"rest\", token = env \"RIPEN_TEST_A\", read = false",
        "preset = \"rest\", token = env \"RIPEN_TEST_A\", rate = 7",
        "preset = \"rest\", token = env \"RIPEN_TEST_A\", version = \"v60.0\"",
        ("preset = \"rest\", token = env \"RIPEN_TEST_A\", client_id = env \"RIPEN_TEST_A\", "
         "client_secret = env \"RIPEN_TEST_A\""),
    };
    static const char plain[] = "preset = \"rest\", token = env \"RIPEN_TEST_A\"";
    struct rig *rig = *state;
    struct rp_findings findings = {0};
    struct rp_arena arena;
    struct rp_err err = {0};
    char path[96];

    assert_int_equal(setenv("RIPEN_TEST_A", "one", 1), 0);
    assert_int_equal(setenv("RIPEN_TEST_B", "two", 1), 0);
    begin(rig, 0);
    assert_true(takes(rig, plain)); /* there was no endpoint */
    (void)snprintf(path, sizeof(path), "%s/ripen.lua", rig->place);
    rp_arena_init(&arena);
    assert_int_equal(rp_config_load(&arena, path, &rig->config, &findings, &err), 0);
    assert_false(takes(rig, plain));
    for (size_t i = 0; i < RP_COUNT(changed); i++)
        if (!takes(rig, changed[i]))
            fail_msg("not taken: %s", changed[i]);
    assert_int_equal(setenv("RIPEN_TEST_A", "three", 1), 0); /* a new value under the same name */
    assert_true(takes(rig, plain));
    rp_arena_fini(&arena);
}

static void from_the_store(void **state)
{
    struct rig *rig = *state;

    begin(rig, 0);
    rig->candidate.stored = true;
    rig->candidate.generation = 1;
    expect(rig, RP_CANDIDATE_UNCHANGED, "");
    rig->candidate.stored = true;
    rig->candidate.generation = 2;
    expect(rig, RP_CANDIDATE_FAILED, "no generation 2");
    rig->candidate.stored = true;
    expect(rig, RP_CANDIDATE_FAILED, "nothing to go back to");
    rig->candidate.stored = true;
    rig->candidate.generation = 1;
    rig->candidate.disable = RP_STR("r3\n"); /* a generation of its own */
    expect(rig, RP_CANDIDATE_READY, "");
}

int test_candidate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(errors, make_rig, drop_rig),
        cmocka_unit_test_setup_teardown(shrink_guard, make_rig, drop_rig),
        cmocka_unit_test_setup_teardown(effect_guard, make_rig, drop_rig),
        cmocka_unit_test_setup_teardown(replay_guard, make_rig, drop_rig),
        cmocka_unit_test_setup_teardown(few_leads_hold_nothing, make_rig, drop_rig),
        cmocka_unit_test_setup_teardown(what_is_on_disk_was_superseded_by_hand, make_rig, drop_rig),
        cmocka_unit_test_setup_teardown(what_a_crm_needs_is_taken, make_rig, drop_rig),
        cmocka_unit_test_setup_teardown(from_the_store, make_rig, drop_rig),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
