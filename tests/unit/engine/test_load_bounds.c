/* SPDX-License-Identifier: MIT */
/* How many of something rules may hold, and how long what they make may be: at each bound and past
 * it. */
#include "base/limits.h"
#include "engine/fold.h"
#include "model/assign_hash.h"
#include "unit/engine/load_groups.h"
#include "unit/engine/load_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- Declarations ---------------------------------------------------------------------------- */

static void put_team(struct rp_buf *out, int count)
{
    rp_buf_text(out, "team \"sdr\" { members = {");
    for (int i = 0; i < count; i++)
        rp_buf_printf(out, " \"p%d@acme.test\",", i);
    rp_buf_text(out, " } }\n");
}

static void put_models(struct rp_buf *out, int count)
{
    for (int i = 0; i < count; i++)
        rp_buf_printf(out, "model \"m%d\" { }\n", i);
}

static void put_arms(struct rp_buf *out, int count, const char *more)
{
    put_models(out, count);
    rp_buf_text(out, "experiment \"x\" { mode = \"shadow\", arms = {");
    for (int i = 0; i < count; i++)
        rp_buf_printf(out, " { \"m%d\", %s },", i, more[0] ? "6" : "6.25");
    rp_buf_printf(out, " }%s }\n", more);
}

static void expect_code(struct rp_buf *text, const char *code)
{
    struct loaded l;

    load_text(&l, text->ptr);
    if (code ? load_finding(&l, code) == NULL : l.status != 0)
        fail_msg("%s\n%s: %s", text->ptr, code ? code : "it is not taken", l.err.text);
    load_end(&l);
    rp_buf_fini(text);
}

static void test_counts(void **state)
{
    struct rp_buf text = {0};

    (void)state;
    put_team(&text, RP_TEAM_MEMBERS_MAX);
    expect_code(&text, NULL);
    put_team(&text, RP_TEAM_MEMBERS_MAX + 1);
    expect_code(&text, "E015");
    put_team(&text, 0);
    expect_code(&text, "E012");
    put_models(&text, RP_MODELS_MAX);
    expect_code(&text, NULL);
    put_models(&text, RP_MODELS_MAX + 1);
    expect_code(&text, "E064");
    put_arms(&text, RP_ASSIGN_ARMS_MAX, "");
    expect_code(&text, NULL);
    put_arms(&text, RP_ASSIGN_ARMS_MAX + 1, "");
    expect_code(&text, "E064");
    put_arms(&text, RP_ASSIGN_ARMS_MAX - 1, ", hold_out = 10");
    expect_code(&text, NULL);
    put_arms(&text, RP_ASSIGN_ARMS_MAX, ", hold_out = 4"); /* the hold-out is an arm as well */
    expect_code(&text, "E064");
}

/* Numbers of an experiment between two models. */
static void test_experiments(void **state)
{
    static const struct {
        const char *arms; /* and what else */
        const char *code;
    } cases[] = {
        {"{ \"a\", 50 }, { \"b\", 50 } }, share = 0", NULL},
        {"{ \"a\", 50 }, { \"b\", 50 } }, share = 100", NULL},
        {"{ \"a\", 50 }, { \"b\", 50 } }, share = 100.5", "E015"},
        {"{ \"a\", 50 }, { \"b\", 50 } }, share = 0 / 0", "E015"},
        {"{ \"a\", 5 }, { \"b\", 5 } }, hold_out = 90", NULL},
        {"{ \"a\", 4 }, { \"b\", 5 } }, hold_out = 91", "E015"},
        {"{ \"a\", 5 }, { \"b\", 5 } }, hold_out = -1", "E015"},
        {"{ \"a\", 100 / 3 }, { \"b\", 200 / 3 } }", NULL},
        {"{ \"a\", 50 }, { \"b\", 49.9999 } }", "E110"},
        {"{ \"a\", 50 }, { \"b\", 50.0001 } }", "E110"},
        {"{ \"a\", 100 }, { \"b\", 0 } }", "E013"},
        {"{ \"a\", 50 }, { \"a\", 50 } }", "E018"},
        {"{ \"a\", 50 }, { \"b\", 50 } }, slice = { 0, 100 }", NULL},
        {"{ \"a\", 50 }, { \"b\", 50 } }, slice = { 50, 50 }", "E013"},
        {"{ \"a\", 50 }, { \"b\", 50 } }, slice = { 50, 101 }", "E015"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_buf text = {0};

        rp_buf_printf(&text,
                      "model \"a\" { }\nmodel \"b\" { }\n"
                      "experiment \"x\" { mode = \"shadow\", arms = { %s }\n",
                      cases[i].arms);
        expect_code(&text, cases[i].code);
    }
}

/* A record ends at a line feed as at a carriage return: old spreadsheets know the latter alone. */
static void test_absences(void **state)
{
    enum { ROWS = 20000 };
    static const char *const ends[] = {"\n", "\r", "\r\n"};

    (void)state;
    for (size_t e = 0; e < RP_COUNT(ends); e++) {
        struct rp_buf rows = {0};
        struct loaded l;

        rp_buf_printf(&rows, "member,from,to%s", ends[e]);
        for (int i = 0; i < ROWS; i++)
            rp_buf_printf(&rows, "p1@acme.test,2026-01-%02d,2026-02-01%s", i % 28 + 1, ends[e]);
        load_begin(&l);
        load_file(&l, "10.lua",
                  "dimension \"engagement\" { decay = \"none\" }\n"
                  "team \"sdr\" { members = { \"p0@acme.test\", \"p1@acme.test\" },\n"
                  "  away = \"lists/away.csv\" }\n");
        load_file(&l, "lists/away.csv", rows.ptr);
        load_run(&l);
        load_must_succeed(&l);
        assert_int_equal(l.rules->teams[0].away_count, ROWS);
        for (int i = 0; i < ROWS; i++)
            assert_int_equal(l.rules->teams[0].away[i].from,
                             l.rules->teams[0].away[0].from + i % 28);
        load_end(&l);
        rp_buf_fini(&rows);
    }
}

/* ---- What actions make ----------------------------------------------------------------------- */

/* The first intent of the action that the event "Asked" starts; it lives in l's arena. */
static struct rp_intent asked(struct loaded *l, const char *action, const char *template)
{
    struct rp_envelope envelope = {.received_ms = INT64_C(1767225600000), .sent_ms = RP_NEVER};
    struct rp_buf rules = {0};
    struct rp_decision decision = {0};
    struct rp_intent intent;
    struct rp_event event;
    struct rp_fold fold;
    struct rp_lead lead;
    struct rp_str message;

    rp_buf_printf(&rules,
                  "dimension \"engagement\" { decay = \"none\" }\n"
                  "action \"a\" { on = did \"Asked\", %s }\n",
                  action);
    load_begin(l);
    load_file(l, "10.lua", rules.ptr);
    load_file(l, "templates/t.txt", template);
    load_run(l);
    load_must_succeed(l);
    rp_buf_fini(&rules);
    assert_int_equal(
        rp_event_parse(&l->arena,
                       RP_STR("{\"type\":\"track\",\"event\":\"Asked\",\"userId\":\"u\","
                              "\"messageId\":\"m\",\"context\":{\"traits\":"
                              "{\"email\":\"bo@globex.test\"}}}"),
                       &envelope, &event, &message),
        RP_REJECT_NONE);
    rp_lead_init(&lead);
    rp_fold_init(&fold, l->rules, NULL, &l->arena);
    rp_fold_event(&fold, &lead, &event, &decision);
    rp_judge(&fold, &lead, &event, envelope.received_ms, &decision);
    assert_true(decision.intent_count > 0);
    intent = decision.intents[0];
    rp_fold_fini(&fold);
    rp_lead_fini(&lead);
    return intent;
}

static void test_action_body(void **state)
{
    const int quotes = (int)sizeof("{\"t\":\"\"}") - 1;

    (void)state;
    for (int past = 0; past < 2; past++) {
        struct loaded l;
        struct rp_intent intent;
        char action[200];

        snprintf(action, sizeof(action),
                 "webhook { to = endpoint \"e\", body = { t = (\"x\"):rep(%d) } }",
                 RP_ACTION_BODY_MAX - quotes + past);
        intent = asked(&l, action, "");
        if (past) {
            assert_true(rp_str_is(intent.body, "{}"));
            assert_true(rp_str_is(intent.held, "its body has 65537 bytes; at most 65536 are sent"));
        } else {
            assert_int_equal(intent.body.len, RP_ACTION_BODY_MAX);
            assert_int_equal(intent.held.len, 0);
        }
        load_end(&l);
    }
}

static void test_email_body(void **state)
{
    char *text = test_malloc(RP_EMAIL_BODY_MAX + 1);
    struct loaded l;
    struct rp_intent intent;
    size_t head;

    (void)state;
    intent = asked(&l, "email { template = \"t\", subject = \"s\" }", "x");
    head = intent.body.len - 1;
    load_end(&l);
    for (size_t past = 0; past < 2; past++) {
        size_t len = RP_EMAIL_BODY_MAX - head + past;

        memset(text, 'x', len);
        text[len] = '\0';
        intent = asked(&l, "email { template = \"t\", subject = \"s\" }", text);
        if (past) {
            assert_true(
                rp_str_is(intent.held, "its body has 262145 bytes; at most 262144 are sent"));
            assert_true(intent.body.len < 200); /* the row without what it cannot hold */
        } else {
            assert_int_equal(intent.body.len, RP_EMAIL_BODY_MAX);
            assert_int_equal(intent.held.len, 0);
        }
        load_end(&l);
    }
    test_free(text);
}

static bool holds(struct rp_str body, const char *part)
{
    return memmem(body.ptr, body.len, part, strlen(part)) != NULL;
}

/* A longer subject is cut between characters; of a sender that is too long nothing is guessed. */
static void test_headers(void **state)
{
    static const struct {
        const char *lua;
        const char *in_body;
        bool held;
    } cases[] = {
        {"subject = (\"x\"):rep(511) .. \"y\"", "xy\"", false},
        {"subject = (\"x\"):rep(512) .. \"y\"", "xx\",\"text\"", false},
        {"subject = (\"x\"):rep(510) .. \"é\"", "xé\"", false},
        {"subject = (\"x\"):rep(511) .. \"é\"", "xx\",\"text\"", false},
        {"from = (\"x\"):rep(512 - 11) .. \" <a@b.test>\"", "x <a@b.test>\"", false},
        {"from = (\"x\"):rep(513 - 11) .. \" <a@b.test>\"", "x <a@b.test\"", true},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct loaded l;
        struct rp_intent intent;
        char action[200];

        snprintf(action, sizeof(action), "email { template = \"t\", %s }", cases[i].lua);
        intent = asked(&l, action, "Text");
        if (!holds(intent.body, cases[i].in_body))
            fail_msg("%s: %.*s", cases[i].lua, RP_STR_ARG(intent.body));
        assert_int_equal(intent.held.len > 0, cases[i].held);
        load_end(&l);
    }
}

int rp_test_load_bounds(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),     cmocka_unit_test(test_experiments),
        cmocka_unit_test(test_absences),   cmocka_unit_test(test_action_body),
        cmocka_unit_test(test_email_body), cmocka_unit_test(test_headers),
    };

    return cmocka_run_group_tests_name("bounds of rules", tests, NULL, NULL);
}
