/* SPDX-License-Identifier: MIT */
/* Consent by purpose, as events leave it. */
#include "base/err.h"
#include "model/consent.h"
#include "unit/model/groups.h"

#include <stdio.h>

struct bench {
    struct rp_arena arena;
    struct rp_lead lead;
    int64_t now_ms;
};

static void start(struct bench *b)
{
    rp_arena_init(&b->arena);
    rp_lead_init(&b->lead);
    b->now_ms = NINE;
}

static void end(struct bench *b)
{
    rp_lead_fini(&b->lead);
    rp_arena_fini(&b->arena);
}

static void say(struct bench *b, uint32_t flags, const char *name, const char *properties)
{
    struct rp_event event = {
        .type = RP_TRACK, .flags = flags, .name = rp_str_from(name), .effective_ms = b->now_ms++};

    event.body = rp_arena_printf(&b->arena, "{\"properties\":%s}", properties);
    assert_int_equal(rp_event_body_parse(&b->arena, &event), 0);
    rp_consent_note(&b->lead, &event);
}

static void expect(struct bench *b, const char *purpose, const char *state)
{
    assert_string_equal(rp_consent_name(rp_consent_of(&b->lead, rp_str_from(purpose), NULL)),
                        state);
}

static void test_purposes(void **state)
{
    struct bench b;
    int64_t at;

    (void)state;
    start(&b);
    expect(&b, "marketing", "unknown");
    assert_int_equal(rp_consent_of(&b.lead, RP_STR("marketing"), &at), RP_CONSENT_UNKNOWN);
    assert_true(at == RP_NEVER);
    say(&b, 0, "Consent Given", "{\"purpose\":\"Marketing\"}");
    expect(&b, "marketing", "given");
    expect(&b, "partners", "unknown");
    say(&b, 0, "Consent Given", "{\"purpose\":\"all\"}");
    expect(&b, "partners", "given");
    say(&b, 0, "Unsubscribed", "{\"purpose\":\"partners\"}");
    expect(&b, "partners", "unsubscribed");
    expect(&b, "marketing", "given");
    say(&b, 0, "Unsubscribed", "{}");
    expect(&b, "marketing", "unsubscribed");
    assert_false(rp_consent_objected(&b.lead));
    say(&b, 0, "Consent Given", "{}");
    expect(&b, "marketing", "given");
    expect(&b, "partners", "unsubscribed");
    say(&b, 0, "Consent Withdrawn", "{}");
    expect(&b, "marketing", "withdrawn");
    assert_true(rp_consent_objected(&b.lead));
    end(&b);
}

static void test_opt_in(void **state)
{
    struct bench b;

    (void)state;
    start(&b);
    say(&b, RP_EVENT_PUBLIC, "Consent Given", "{\"confirmed\":false}");
    expect(&b, "marketing", "pending");
    say(&b, RP_EVENT_PUBLIC, "Consent Given", "{}");
    expect(&b, "marketing", "given");
    say(&b, 0, "Consent Given", "{\"confirmed\":\"false\"}"); /* given already */
    expect(&b, "marketing", "given");
    say(&b, RP_EVENT_PUBLIC, "Unsubscribed", "{}");
    say(&b, RP_EVENT_PUBLIC, "Consent Given", "{}"); /* anyone could say so */
    expect(&b, "marketing", "pending");
    say(&b, 0, "Consent Given", "{}");
    expect(&b, "marketing", "given");
    end(&b);
}

/* A withdrawal past the bound counts for all; a consent past it counts for nothing. */
static void test_bound(void **state)
{
    struct bench b;
    char text[64];

    (void)state;
    start(&b);
    for (int i = 0; i < RP_CONSENTS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "{\"purpose\":\"p%d\"}", i);
        say(&b, 0, "Consent Given", text);
    }
    expect(&b, "p31", "given");
    say(&b, 0, "Consent Given", "{\"purpose\":\"beyond\"}");
    expect(&b, "beyond", "unknown");
    say(&b, 0, "Consent Withdrawn", "{\"purpose\":\"beyond\"}");
    expect(&b, "beyond", "withdrawn");
    expect(&b, "p31", "withdrawn");
    end(&b);
}

/* Names are compared up to so many bytes. */
static void test_long_purposes(void **state)
{
    const char *at = "12345678901234567890123456789012345678"; /* 38 */
    struct bench b;

    (void)state;
    assert_int_equal(strlen(at), RP_CONSENT_PURPOSE_MAX);
    start(&b);
    say(&b, 0, "Consent Given", "{\"purpose\":\"12345678901234567890123456789012345678\"}");
    expect(&b, at, "given");
    expect(&b, "1234567890123456789012345678901234567", "unknown"); /* 37 */
    say(&b, 0, "Unsubscribed", "{\"purpose\":\"12345678901234567890123456789012345678x\"}");
    expect(&b, "12345678901234567890123456789012345678y", "unsubscribed");
    end(&b);
}

/* Also when something was said of all purposes, which speaks for those that have no entry. */
static void test_bound_under_all(void **state)
{
    struct bench b;
    char text[64];
    uint32_t len;

    (void)state;
    start(&b);
    say(&b, 0, "Unsubscribed", "{}");
    for (int i = 0; i < 3 * RP_CONSENTS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "{\"purpose\":\"p%d\"}", i);
        say(&b, 0, "Consent Given", text);
    }
    (void)rp_lead_cell(&b.lead, rp_cell_key(RP_CELL_CONSENT, 0, 0), &len);
    assert_int_equal(len, RP_CONSENTS_MAX * 48);
    expect(&b, "p30", "given");
    expect(&b, "p31", "unsubscribed");
    say(&b, 0, "Consent Withdrawn", "{\"purpose\":\"p31\"}");
    expect(&b, "p30", "withdrawn");
    for (int i = 0; i < RP_CONSENTS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "{\"purpose\":\"q%d\"}", i);
        say(&b, 0, "Consent Given", text);
    }
    say(&b, 0, "Consent Given", "{\"purpose\":\"all\"}"); /* needs no room */
    expect(&b, "q31", "given");
    end(&b);
}

static void test_join(void **state)
{
    struct bench a, b;
    uint32_t len;
    const char *block;

    (void)state;
    start(&a);
    start(&b);
    say(&a, 0, "Consent Given", "{}");
    b.now_ms += 10;
    say(&b, 0, "Unsubscribed", "{\"purpose\":\"marketing\"}");
    block = rp_lead_cell(&b.lead, rp_cell_key(RP_CELL_CONSENT, 0, 0), &len);
    rp_consent_join(&a.lead, (struct rp_str){block, len});
    expect(&a, "marketing", "unsubscribed");
    block = rp_lead_cell(&a.lead, rp_cell_key(RP_CELL_CONSENT, 0, 0), &len);
    b.now_ms += 10;
    say(&b, 0, "Consent Given", "{}");
    rp_consent_join(&b.lead, (struct rp_str){block, len}); /* older: says nothing */
    expect(&b, "marketing", "given");
    end(&a);
    end(&b);
}

/* What one history says of all purposes counts for what the other said of each before. */
static void test_join_of_all(void **state)
{
    struct bench a, b;
    uint32_t len;
    const char *block;

    (void)state;
    start(&a);
    start(&b);
    say(&a, 0, "Consent Given", "{\"purpose\":\"news\"}");
    b.now_ms += 10;
    say(&b, 0, "Unsubscribed", "{}");
    say(&b, 0, "Consent Given", "{\"purpose\":\"events\"}");
    a.now_ms += 20;
    say(&a, 0, "Consent Given", "{\"purpose\":\"offers\"}");
    block = rp_lead_cell(&b.lead, rp_cell_key(RP_CELL_CONSENT, 0, 0), &len);
    rp_consent_join(&a.lead, (struct rp_str){block, len});
    expect(&a, "news", "unsubscribed");
    expect(&a, "events", "given");
    expect(&a, "offers", "given");
    expect(&a, "partners", "unsubscribed");
    end(&a);
    end(&b);
}

int test_consent(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_purposes),      cmocka_unit_test(test_opt_in),
        cmocka_unit_test(test_bound),         cmocka_unit_test(test_bound_under_all),
        cmocka_unit_test(test_long_purposes), cmocka_unit_test(test_join),
        cmocka_unit_test(test_join_of_all),
    };

    return cmocka_run_group_tests_name("consent", tests, NULL, NULL);
}
