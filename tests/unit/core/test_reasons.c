/* SPDX-License-Identifier: MIT */
/* Events that must give one of the declared reasons. */
#include "core_test.h"
#include "groups.h"

static const char rules[] =
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"
    "total { engagement = 1 }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1 }\n"
    "stages { \"visitor\", \"lead\" }\n"
    "stage \"lead\" { enter = at_least { engagement = 200 }, terminal = true }\n"
    "reasons \"Lead Rejected\" { \"no_budget\", \"Mauvais numéro\"; required = true }\n"
    "reasons \"Lead Postponed\" { \"later\" }\n";

static void expect(struct bench *b, const char *event, const char *properties, const char *message)
{
    static int number;
    const struct rp_item *item;

    b->now_ms += 1000;
    bench_send(b, false,
               "{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"u1\",\"messageId\":\"r%d\","
               "\"properties\":%s}",
               event, ++number, properties);
    item = &b->last->items[0];
    if (message == NULL) {
        assert_int_equal(item->verdict, RP_VERDICT_ACCEPTED);
        return;
    }
    assert_int_equal(item->verdict, RP_VERDICT_REJECTED);
    assert_int_equal(item->reject, RP_REJECT_REASON);
    if (strstr(rp_arena_str(&b->last->arena, item->message).ptr, message) == NULL) {
        fail_msg("%.*s", RP_STR_ARG(item->message));
    }
}

static void needs_one_of_them(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    expect(&b, "Lead Rejected", "{\"reason\":\"no_budget\"}", NULL);
    expect(&b, "Lead Rejected", "{\"reason\":\"MAUVAIS NUMERO\"}", NULL);
    expect(&b, "Lead Rejected", "{}", "\"Lead Rejected\" has no reason; write one of these");
    expect(&b, "Lead Rejected", "{\"reason\":7}", "no_budget, Mauvais num");
    expect(&b, "Lead Rejected", "{\"reason\":\"\"}", "has no reason");
    expect(&b, "Lead Rejected", "{\"reason\":\"no budget\"}", "\"no budget\" is not a reason");
    expect(&b, "Lead Postponed", "{\"reason\":\"whatever\"}", NULL);
    expect(&b, "Lead Accepted", "{}", NULL);
    bench_close(&b);
}

/* What anybody can send acts on nothing here, and would only tell the reasons. */
static void only_of_those_who_know(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    bench_send(&b, true,
               "{\"type\":\"track\",\"event\":\"Lead Rejected\",\"anonymousId\":\"a1\","
               "\"messageId\":\"p1\"}");
    assert_int_equal(b.last->items[0].verdict, RP_VERDICT_ACCEPTED);
    bench_close(&b);
}

int test_reasons(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_one_of_them),
        cmocka_unit_test(only_of_those_who_know),
    };

    return cmocka_run_group_tests_name("reasons", tests, NULL, NULL);
}
