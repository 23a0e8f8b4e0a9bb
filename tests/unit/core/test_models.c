/* SPDX-License-Identifier: MIT */
/* Models seen through the reader, and why-not of rules, stages and actions in words. */
#include "core_test.h"
#include "groups.h"

static const char rules[] =
    "dimension \"engagement\" { range = {0, 9000}, decay = \"none\" }\n"
    "score \"page\" { why = \"Page {event.path}\", on = \"page\", points = 10 }\n"
    "stages { \"visitor\", \"mql\" }\n"
    "stage \"mql\" { enter = at_least { engagement = 15 }, terminal = true }\n"
    "action \"tell\" { on = entered \"mql\", when = trait { title = word \"vp\" },\n"
    "  task { to = \"owner\", note = \"{reasons.top(2)}\" } }\n"
    "action \"hot\" { on = any { crossed(\"engagement\", 80), fired \"page\" },\n"
    "  task { to = \"owner\", note = \"x\" } }\n"
    "model \"champion\" { }\n"
    "model \"challenger\" { like = \"champion\", points = { page = 15 } }\n";

static void send(struct bench *b, const char *id)
{
    bench_send(b, false,
               "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"%s\",\"properties\":{\"path\":"
               "\"/a\"}}",
               id);
}

static void explain_shows(struct bench *b, const char *part)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(
        rp_reader_explain(b->reader, RP_STR("u1"), T0 + 1000, RP_FORMAT_JSON, false, &out, &err),
        0);
    if (!strstr(out.ptr, part))
        fail_msg("%s lacks %s", out.ptr, part);
    rp_buf_fini(&out);
}

static void why_not(struct bench *b, const char *what, const char *words)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    bool fires;

    assert_int_equal(rp_reader_why_not(b->reader, RP_STR("u1"), rp_str_from(what), T0 + 1000,
                                       RP_FORMAT_TEXT, &out, &fires, &err),
                     0);
    rp_buf_char(&out, '\0');
    assert_string_equal(out.ptr, words);
    rp_buf_fini(&out);
}

/* The control acts; each model keeps a score of its own from the same events. */
static void every_model_has_its_score(void **state)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    send(&b, "m1");
    explain_shows(&b, "\"model\":\"champion\"");
    explain_shows(&b, "\"total\":10");
    explain_shows(&b, "\"why\":\"Page /a\"");
    bench_expect(&b, "u1", "\"stage\":\"visitor\""); /* the challenger would have moved it */
    rp_reader_model(b.reader, RP_STR("challenger"));
    explain_shows(&b, "\"model\":\"challenger\"");
    explain_shows(&b, "\"total\":15");
    explain_shows(&b, "\"asked\":15");
    rp_reader_model(b.reader, RP_STR("nobody"));
    assert_int_equal(
        rp_reader_explain(b.reader, RP_STR("u1"), T0, RP_FORMAT_JSON, false, &out, &err),
        RIPEN_ENOTFOUND);
    assert_string_equal(err.text, "no model is named \"nobody\" in the active rules");
    rp_buf_fini(&out);
    bench_close(&b);
}

static void an_action_says_what_it_waits_for(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    send(&b, "m1");
    why_not(&b, "tell",
            "it runs when mql is entered; engagement is 10 (needs 15); its `when` does not hold "
            "now: lead.title is unknown (needs word \"vp\")");
    why_not(&b, "hot",
            "it runs when engagement rises to 80; it is 10; or it runs when the rule \"page\" "
            "gives points; ask why-not of that");
    why_not(&b, "page",
            "it gives 10 (page of 2026-03-02 09:00, the newest that the rule waits for)");
    why_not(&b, "mql", "engagement is 10 (needs 15)");
    send(&b, "m2");
    why_not(&b, "mql", "the lead is in mql already");
    why_not(&b, "tell",
            "it runs when mql is entered, which was at 2026-03-02T09:00:00.000Z; its `when` does "
            "not hold now: lead.title is unknown (needs word \"vp\")");
    bench_close(&b);
}

/* `fired` counts hits: a rule that gives in two dimensions fires once an event, and at each event.
 */
static void a_hit_in_two_dimensions_fires_once(void **state)
{
    static const char both[] =
        "dimension \"engagement\" { range = {0, 9000}, decay = \"none\" }\n"
        "dimension \"intent\" { range = {0, 9000}, decay = \"none\" }\n"
        "group \"tight\" { dimension = \"engagement\", cap = 2, per = \"7d\" }\n"
        "score \"both\" { why = \"Both\", on = \"page\", group = \"tight\",\n"
        "  points = { engagement = 1, intent = 2 } }\n";
    struct bench b;

    (void)state;
    bench_open(&b, NULL, both);
    send(&b, "m1");
    bench_expect(&b, "u1", "\"fired\":{\"both\":1}");
    for (const char *const *id = (const char *const[]){"m2", "m3", "m4", NULL}; *id; id++) {
        send(&b, *id); /* from the third on the group leaves one dimension only */
    }
    bench_expect(&b, "u1", "\"fired\":{\"both\":4}");
    bench_expect(&b, "u1", "\"scores\":{\"engagement\":2,\"intent\":8}");
    bench_close(&b);
}

int test_models(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_has_its_score),
        cmocka_unit_test(an_action_says_what_it_waits_for),
        cmocka_unit_test(a_hit_in_two_dimensions_fires_once),
    };

    return cmocka_run_group_tests_name("core/models", tests, NULL, NULL);
}
