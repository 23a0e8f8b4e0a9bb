/* SPDX-License-Identifier: MIT */
/* The flow into a CRM, step by step, with the answers that the CRMs' documentation shows
 * (tests/e2e/crm): what is asked, what is written, what is left alone, what an error means. */
#include "base/limits.h"
#include "deliver/crm.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *example(const char *name)
{
    char path[512];
    char *text = calloc(1, 4096);
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/tests/e2e/crm/%s", RIPEN_SOURCE_DIR, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(fread(text, 1, 4095, file) > 0);
    fclose(file);
    return text;
}

static struct rp_crm_target target(enum rp_preset preset)
{
    return (struct rp_crm_target){.preset = preset,
                                  .name = RP_STR("crm"),
                                  .url = RP_STR("https://crm.test"),
                                  .token = RP_STR("tok-123"),
                                  .client_id = RP_STR(""),
                                  .client_secret = RP_STR(""),
                                  .version = RP_STR("v59.0"),
                                  .header = RP_STR(""),
                                  .method = RP_STR("PUT"),
                                  .path = RP_STR("/people/{match}"),
                                  .read = true};
}

#define HUB_BODY                                                                                   \
    RP_STR("{\"email\":\"mark.s@lumon.industries\",\"fields\":{\"jobtitle\":\"VP\",\"ripen_"       \
           "score\":72.5,\"empty\":\"\"},\"owned\":[]}")

static void check_request(const struct rp_crm_flow *flow, const char *method, const char *url,
                          const char *body)
{
    const struct rp_crm_request *request = rp_crm_request(flow);

    assert_string_equal(request->method, method);
    assert_string_equal(request->url.ptr, url);
    assert_true(rp_str_is(request->body, body));
    assert_int_equal(request->writes, body[0] == '{');
}

static enum rp_crm_verdict answer_file(struct rp_crm_flow *flow, int status, const char *name)
{
    char *text = example(name);
    enum rp_crm_verdict verdict = rp_crm_answer(flow, status, -1, rp_str_from(text));

    free(text);
    return verdict;
}

static void test_hubspot_makes_a_contact(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_crm_flow *flow = rp_crm_new(&hub, HUB_BODY, RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    check_request(flow, "GET",
                  "https://crm.test/crm/v3/objects/contacts/mark.s%40lumon.industries?idProperty="
                  "email&properties=jobtitle,ripen_score",
                  "");
    assert_true(rp_str_is(rp_crm_request(flow)->auth, "Authorization: Bearer tok-123"));
    assert_int_equal(answer_file(flow, 404, "hubspot/not_found.json"), RP_CRM_ASK);
    check_request(
        flow, "POST", "https://crm.test/crm/v3/objects/contacts",
        "{\"properties\":{\"jobtitle\":\"VP\",\"ripen_score\":\"72.5\",\"email\":\"mark.s@"
        "lumon.industries\"}}");
    assert_int_equal(answer_file(flow, 201, "hubspot/contact.json"), RP_CRM_DELIVERED);
    assert_true(rp_str_is(rp_crm_text(flow), "created contacts 512: wrote jobtitle, ripen_score"));
    assert_true(rp_str_is(rp_crm_memory(flow), "{\"contacts\":{\"id\":\"512\",\"fields\":{"
                                               "\"jobtitle\":\"VP\",\"ripen_score\":\"72.5\"}}}"));
    rp_crm_free(flow);
}

/* The contact has jobtitle "Refiner" and ripen_score "41". */
static void test_what_a_person_edited_is_left_alone(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_str memory =
        RP_STR("{\"contacts\":{\"id\":\"512\",\"fields\":{\"jobtitle\":\"CEO\","
               "\"ripen_score\":\"41.0\",\"old\":\"x\"}},\"deals\":{\"id\":\"9\"}}");
    struct rp_crm_flow *flow = rp_crm_new(&hub, HUB_BODY, memory, RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    check_request(flow, "GET",
                  "https://crm.test/crm/v3/objects/contacts/512?properties=jobtitle,ripen_score",
                  "");
    assert_int_equal(answer_file(flow, 200, "hubspot/contact.json"), RP_CRM_ASK);
    check_request(flow, "PATCH", "https://crm.test/crm/v3/objects/contacts/512",
                  "{\"properties\":{\"ripen_score\":\"72.5\"}}");
    assert_int_equal(answer_file(flow, 200, "hubspot/contact.json"), RP_CRM_DELIVERED);
    assert_true(rp_str_is(rp_crm_text(flow), "updated contacts 512: wrote ripen_score; left alone, "
                                             "since a person edited it: jobtitle"));
    assert_true(rp_str_is(rp_crm_memory(flow),
                          "{\"deals\":{\"id\":\"9\"},\"contacts\":{\"id\":\"512\",\"fields\":{"
                          "\"jobtitle\":\"CEO\",\"ripen_score\":\"72.5\",\"old\":\"x\"}}}"));
    rp_crm_free(flow);
}

static void test_owned_fields_are_written_always(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_crm_flow *flow =
        rp_crm_new(&hub,
                   RP_STR("{\"email\":\"a@b.test\",\"fields\":{\"ripen_score\":50},\"owned\":["
                          "\"ripen_score\"]}"),
                   RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 200, "hubspot/contact.json"), RP_CRM_ASK);
    check_request(flow, "PATCH", "https://crm.test/crm/v3/objects/contacts/512",
                  "{\"properties\":{\"ripen_score\":\"50\"}}");
    rp_crm_free(flow);
}

static void test_nothing_to_change_sends_nothing(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_crm_flow *flow =
        rp_crm_new(&hub, RP_STR("{\"email\":\"a@b.test\",\"fields\":{\"ripen_score\":41.0}}"),
                   RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 200, "hubspot/contact.json"), RP_CRM_DELIVERED);
    assert_true(rp_str_is(rp_crm_text(flow), "nothing to change in contacts 512"));
    rp_crm_free(flow);
}

static void test_a_contact_that_came_between(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_crm_flow *flow = rp_crm_new(&hub, HUB_BODY, RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 404, "hubspot/not_found.json"), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 409, "hubspot/conflict.json"), RP_CRM_ASK);
    check_request(flow, "GET",
                  "https://crm.test/crm/v3/objects/contacts/51?properties=jobtitle,ripen_score",
                  "");
    rp_crm_free(flow);
}

static void test_errors_of_hubspot(void **state)
{
    static const struct {
        int status;
        const char *file;
        enum rp_crm_verdict verdict;
        int64_t pause_ms;
        const char *says;
    } cases[] = {
        {401, "hubspot/unauthorized.json", RP_CRM_REFUSED, 0, "correct token and rights"},
        {429, "hubspot/limit_ten_seconds.json", RP_CRM_LIMITED, 10000, "ten_secondly_rolling"},
        {429, "hubspot/limit_second.json", RP_CRM_LIMITED, 10000, "secondly limit"},
        {429, "hubspot/limit_day.json", RP_CRM_LIMITED, 3600000, "daily limit"},
        {400, "hubspot/invalid.json", RP_CRM_DEAD, 0, "Property values were not valid"},
        {502, "hubspot/invalid.json", RP_CRM_RETRY, 0, "answered 502"},
        {0, "hubspot/invalid.json", RP_CRM_RETRY, 0, "did not answer"},
        {200, "salesforce/limit.json", RP_CRM_RETRY, 0, "no answer of it"},
    };
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rp_crm_flow *flow = rp_crm_new(&hub, HUB_BODY, RP_STR(""), RP_STR(""));

        assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
        assert_int_equal(answer_file(flow, cases[i].status, cases[i].file), cases[i].verdict);
        assert_int_equal(rp_crm_pause_ms(flow), cases[i].pause_ms);
        assert_non_null(strstr(rp_crm_text(flow).ptr, cases[i].says));
        assert_null(strstr(rp_crm_text(flow).ptr, "tok-123"));
        rp_crm_free(flow);
    }
}

static void test_retry_after_and_an_answer_with_the_token(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_crm_flow *flow = rp_crm_new(&hub, HUB_BODY, RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(rp_crm_answer(flow, 429, 2000, RP_STR("{}")), RP_CRM_LIMITED);
    assert_int_equal(rp_crm_pause_ms(flow), 2000);
    /* An answer that asks for no wait, or for one without end, is no reason to storm or to give up.
     */
    assert_int_equal(rp_crm_answer(flow, 429, RP_RETRY_STEP_MAX_MS + 1, RP_STR("{}")),
                     RP_CRM_LIMITED);
    assert_int_equal(rp_crm_pause_ms(flow), RP_RETRY_STEP_MAX_MS);
    rp_crm_free(flow);
    flow = rp_crm_new(&hub, HUB_BODY, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(rp_crm_answer(flow, 429, 0, RP_STR("{}")), RP_CRM_LIMITED);
    assert_int_equal(rp_crm_pause_ms(flow), 10000);
    rp_crm_free(flow);
    flow = rp_crm_new(&hub, HUB_BODY, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(rp_crm_answer(flow, 400, -1, RP_STR("bad header: Bearer tok-123")),
                     RP_CRM_DEAD);
    assert_null(strstr(rp_crm_text(flow).ptr, "tok-123"));
    rp_crm_free(flow);
}

/* Cut at a bound, between characters. */
static void test_long_words_end_with_a_character(void **state)
{
    static const struct {
        int zeros; /* and a character of two bytes */
        const char *more;
        int shown;
    } cases[] = {{298, "", 300}, {298, "more", 300}, {299, "more", 299}, {300, "", 300}};
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rp_crm_flow *flow = rp_crm_new(&hub, HUB_BODY, RP_STR(""), RP_STR(""));
        char words[400], says[400];

        (void)snprintf(words, sizeof(words), "%0*d\xc3\xa9%s", cases[i].zeros, 0, cases[i].more);
        (void)snprintf(says, sizeof(says), "HubSpot answered 400: %.*s%s", cases[i].shown, words,
                       strlen(words) > (size_t)cases[i].shown ? " \xe2\x80\xa6" : "");
        assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
        assert_int_equal(rp_crm_answer(flow, 400, -1, rp_str_from(words)), RP_CRM_DEAD);
        assert_string_equal(rp_crm_text(flow).ptr, says);
        rp_crm_free(flow);
    }
}

#define LEAD_BODY                                                                                  \
    RP_STR("{\"email\":\"o'hara@b.test\",\"object\":\"lead\",\"fields\":{\"Title\":\"VP\","        \
           "\"Ripen_Score__c\":\"72\"}}")

static void test_salesforce(void **state)
{
    struct rp_crm_target force = target(RP_PRESET_SALESFORCE);
    struct rp_crm_flow *flow = rp_crm_new(
        &force, LEAD_BODY,
        RP_STR("{\"Lead\":{\"id\":\"\",\"fields\":{\"Ripen_Score__c\":\"41\"}}}"), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    check_request(flow, "GET",
                  "https://crm.test/services/data/v59.0/query?q=SELECT%20Id%2C%20Title%2C%20Ripen_"
                  "Score__c%2C%20IsConverted%2C%20ConvertedContactId%20FROM%20Lead%20WHERE%20Email%"
                  "20%3D%20%27o%5C%27hara%40b.test%27%20LIMIT%2010",
                  "");
    assert_int_equal(answer_file(flow, 200, "salesforce/query.json"), RP_CRM_ASK);
    check_request(flow, "PATCH",
                  "https://crm.test/services/data/v59.0/sobjects/Lead/00QRO0000035WQgYAM",
                  "{\"Ripen_Score__c\":72}"); /* a number, as it is one there */
    assert_int_equal(rp_crm_answer(flow, 204, -1, RP_STR("")), RP_CRM_DELIVERED);
    assert_non_null(strstr(rp_crm_text(flow).ptr, "left alone, since a person edited it: Title"));
    rp_crm_free(flow);

    flow = rp_crm_new(&force, LEAD_BODY, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(rp_crm_answer(flow, 200, -1, RP_STR("{\"totalSize\":0,\"records\":[]}")),
                     RP_CRM_ASK);
    check_request(flow, "POST", "https://crm.test/services/data/v59.0/sobjects/Lead",
                  "{\"Title\":\"VP\",\"Ripen_Score__c\":\"72\",\"Email\":\"o'hara@b.test\"}");
    assert_int_equal(answer_file(flow, 201, "salesforce/created.json"), RP_CRM_DELIVERED);
    rp_crm_free(flow);
}

/* A number there, and what a lead wrote is none: it stays one text, whatever it holds. */
static void test_a_text_is_not_taken_for_a_number(void **state)
{
    struct rp_crm_target force = target(RP_PRESET_SALESFORCE);
    struct rp_crm_flow *flow =
        rp_crm_new(&force,
                   RP_STR("{\"email\":\"a@b.test\",\"fields\":{\"Employees\":\"1,\\\"OwnerId\\\":"
                          "\\\"x\\\"\"},\"owned\":[\"Employees\"]}"),
                   RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(
        rp_crm_answer(flow, 200, -1, RP_STR("{\"records\":[{\"Id\":\"1\",\"Employees\":5}]}")),
        RP_CRM_ASK);
    check_request(flow, "PATCH", "https://crm.test/services/data/v59.0/sobjects/Lead/1",
                  "{\"Employees\":\"1,\\\"OwnerId\\\":\\\"x\\\"\"}");
    rp_crm_free(flow);
}

static void test_salesforce_does_not_choose(void **state)
{
    struct rp_crm_target force = target(RP_PRESET_SALESFORCE);
    struct rp_crm_flow *flow = rp_crm_new(&force, LEAD_BODY, RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(
        rp_crm_answer(flow, 200, -1, RP_STR("{\"records\":[{\"Id\":\"1\"},{\"Id\":\"2\"}]}")),
        RP_CRM_DEAD);
    assert_non_null(strstr(rp_crm_text(flow).ptr, "2 records"));
    rp_crm_free(flow);
    flow = rp_crm_new(&force, LEAD_BODY, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(rp_crm_answer(flow, 200, -1,
                                   RP_STR("{\"records\":[{\"Id\":\"1\",\"IsConverted\":true,"
                                          "\"ConvertedContactId\":\"003\"}]}")),
                     RP_CRM_DELIVERED);
    assert_non_null(strstr(rp_crm_text(flow).ptr, "Contact 003"));
    rp_crm_free(flow);
}

static void test_salesforce_logs_in_and_again(void **state)
{
    struct rp_crm_target force = target(RP_PRESET_SALESFORCE);
    struct rp_crm_flow *flow;

    (void)state;
    force.token = RP_STR("");
    force.client_id = RP_STR("id&1");
    force.client_secret = RP_STR("s");
    flow = rp_crm_new(&force, LEAD_BODY, RP_STR(""), RP_STR("stale"));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_true(rp_str_is(rp_crm_request(flow)->auth, "Authorization: Bearer stale"));
    assert_int_equal(answer_file(flow, 401, "salesforce/unauthorized.json"), RP_CRM_ASK);
    assert_string_equal(rp_crm_request(flow)->url.ptr, "https://crm.test/services/oauth2/token");
    assert_true(rp_str_is(rp_crm_request(flow)->body,
                          "grant_type=client_credentials&client_id=id%261&client_secret=s"));
    assert_int_equal(rp_crm_request(flow)->auth.len, 0);
    assert_int_equal(answer_file(flow, 200, "salesforce/token.json"), RP_CRM_ASK);
    assert_true(rp_str_is(rp_crm_request(flow)->auth,
                          "Authorization: Bearer 00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXq"));
    assert_true(rp_str_is(rp_crm_token(flow), "00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXq"));
    assert_int_equal(answer_file(flow, 401, "salesforce/unauthorized.json"), RP_CRM_REFUSED);
    rp_crm_free(flow);

    /* A page where the login should be: no row is at fault. */
    flow = rp_crm_new(&force, LEAD_BODY, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(rp_crm_answer(flow, 200, -1, RP_STR("<html>")), RP_CRM_REFUSED);
    assert_non_null(strstr(rp_crm_text(flow).ptr, "no access_token"));
    rp_crm_free(flow);

    flow = rp_crm_new(&force, LEAD_BODY, RP_STR(""), RP_STR("good"));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 403, "salesforce/limit.json"), RP_CRM_LIMITED);
    assert_int_equal(rp_crm_pause_ms(flow), 15 * 60 * 1000);
    rp_crm_free(flow);
}

/* Another flow of the endpoint logs in meanwhile, and the old token's text is gone. */
static void test_a_flow_has_its_own_token(void **state)
{
    struct rp_crm_target force = target(RP_PRESET_SALESFORCE);
    char token[] = "first";
    struct rp_crm_flow *flow;

    (void)state;
    force.token = RP_STR("");
    force.client_id = RP_STR("id");
    flow = rp_crm_new(&force, LEAD_BODY, RP_STR(""), rp_str_from(token));
    memcpy(token, "other", sizeof(token));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_true(rp_str_is(rp_crm_request(flow)->auth, "Authorization: Bearer first"));
    rp_crm_free(flow);
}

static void test_pipedrive(void **state)
{
    struct rp_crm_target pipe = target(RP_PRESET_PIPEDRIVE);
    struct rp_str body = RP_STR(
        "{\"email\":\"jane@pipedrive.com\",\"fields\":{\"phone\":\"777\",\"first_name\":\"J\","
        "\"d4de1c1518b4531717c676029a45911c340390a6\":72},\"owned\":["
        "\"d4de1c1518b4531717c676029a45911c340390a6\"]}");
    struct rp_crm_flow *flow = rp_crm_new(&pipe, body, RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    check_request(flow, "GET",
                  "https://crm.test/api/v2/persons/search?term=jane%40pipedrive.com&fields=email&"
                  "exact_match=true&limit=10",
                  "");
    assert_true(rp_str_is(rp_crm_request(flow)->auth, "x-api-token: tok-123"));
    assert_int_equal(answer_file(flow, 200, "pipedrive/search.json"), RP_CRM_ASK);
    check_request(flow, "GET", "https://crm.test/api/v2/persons/1", "");
    assert_int_equal(answer_file(flow, 200, "pipedrive/person.json"), RP_CRM_ASK);
    check_request(flow, "PATCH", "https://crm.test/api/v2/persons/1",
                  "{\"custom_fields\":{\"d4de1c1518b4531717c676029a45911c340390a6\":72}}");
    assert_int_equal(answer_file(flow, 200, "pipedrive/person.json"), RP_CRM_DELIVERED);
    assert_non_null(strstr(rp_crm_text(flow).ptr, "edited it: phone, first_name"));
    rp_crm_free(flow);

    flow = rp_crm_new(&pipe, body, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 429, "pipedrive/limit.json"), RP_CRM_LIMITED);
    rp_crm_free(flow);

    flow = rp_crm_new(&pipe, body, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 401, "pipedrive/unauthorized.json"), RP_CRM_REFUSED);
    rp_crm_free(flow);

    flow = rp_crm_new(&pipe, body, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(
        rp_crm_answer(flow, 200, -1, RP_STR("{\"success\":true,\"data\":{\"items\":[]}}")),
        RP_CRM_ASK);
    check_request(
        flow, "POST", "https://crm.test/api/v2/persons",
        "{\"phones\":[{\"value\":\"777\",\"primary\":true,\"label\":\"work\"}],\"first_name\":"
        "\"J\",\"name\":\"jane@pipedrive.com\",\"emails\":[{\"value\":\"jane@pipedrive.com\","
        "\"primary\":true,\"label\":\"work\"}],\"custom_fields\":{"
        "\"d4de1c1518b4531717c676029a45911c340390a6\":72}}");
    assert_int_equal(answer_file(flow, 201, "pipedrive/person.json"), RP_CRM_DELIVERED);
    rp_crm_free(flow);
}

static void test_rest(void **state)
{
    struct rp_crm_target rest = target(RP_PRESET_REST);
    struct rp_str body = RP_STR("{\"email\":\"a/b@c.test\",\"fields\":{\"score\":7}}");
    struct rp_crm_flow *flow = rp_crm_new(&rest, body, RP_STR(""), RP_STR(""));

    (void)state;
    rest.header = RP_STR("X-Key");
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    check_request(flow, "GET", "https://crm.test/people/a%2Fb%40c.test", "");
    assert_true(rp_str_is(rp_crm_request(flow)->auth, "X-Key: tok-123"));
    assert_int_equal(rp_crm_answer(flow, 404, -1, RP_STR("")), RP_CRM_ASK);
    check_request(flow, "PUT", "https://crm.test/people/a%2Fb%40c.test",
                  "{\"score\":7,\"email\":\"a/b@c.test\"}");
    assert_int_equal(rp_crm_answer(flow, 201, -1, RP_STR("")), RP_CRM_DELIVERED);
    rp_crm_free(flow);
    rest.read = false;
    flow = rp_crm_new(&rest, body, RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    check_request(flow, "PUT", "https://crm.test/people/a%2Fb%40c.test",
                  "{\"score\":7,\"email\":\"a/b@c.test\"}");
    rp_crm_free(flow);
}

static void test_without_an_email_and_without_create(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_crm_flow *flow = rp_crm_new(&hub, RP_STR("{\"email\":null,\"fields\":{\"a\":\"b\"}}"),
                                          RP_STR(""), RP_STR(""));

    (void)state;
    assert_int_equal(rp_crm_begin(flow), RP_CRM_DEAD);
    assert_true(rp_str_is(rp_crm_text(flow), "the lead has no email to find its record by"));
    rp_crm_free(flow);
    flow = rp_crm_new(&hub,
                      RP_STR("{\"email\":\"a@b.test\",\"create\":false,\"fields\":{\"a\":\"b\"}}"),
                      RP_STR(""), RP_STR(""));
    assert_int_equal(rp_crm_begin(flow), RP_CRM_ASK);
    assert_int_equal(answer_file(flow, 404, "hubspot/not_found.json"), RP_CRM_DELIVERED);
    rp_crm_free(flow);
}

/* A record that is found, and gone at each write: the steps are bounded. */
static void test_answers_in_a_circle(void **state)
{
    struct rp_crm_target hub = target(RP_PRESET_HUBSPOT);
    struct rp_crm_flow *flow = rp_crm_new(
        &hub,
        RP_STR(
            "{\"email\":\"a@b.test\",\"fields\":{\"ripen_score\":1},\"owned\":[\"ripen_score\"]}"),
        RP_STR(""), RP_STR(""));
    enum rp_crm_verdict verdict = rp_crm_begin(flow);
    int steps = 0;

    (void)state;
    for (; verdict == RP_CRM_ASK && steps < 100; steps++)
        verdict = strcmp(rp_crm_request(flow)->method, "GET") == 0
                      ? answer_file(flow, 200, "hubspot/contact.json")
                      : answer_file(flow, 404, "hubspot/not_found.json");
    assert_int_equal(verdict, RP_CRM_DEAD);
    assert_true(steps <= 8);
    rp_crm_free(flow);
}

int rp_test_crm(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hubspot_makes_a_contact),
        cmocka_unit_test(test_what_a_person_edited_is_left_alone),
        cmocka_unit_test(test_owned_fields_are_written_always),
        cmocka_unit_test(test_nothing_to_change_sends_nothing),
        cmocka_unit_test(test_a_contact_that_came_between),
        cmocka_unit_test(test_errors_of_hubspot),
        cmocka_unit_test(test_retry_after_and_an_answer_with_the_token),
        cmocka_unit_test(test_long_words_end_with_a_character),
        cmocka_unit_test(test_salesforce),
        cmocka_unit_test(test_a_text_is_not_taken_for_a_number),
        cmocka_unit_test(test_salesforce_does_not_choose),
        cmocka_unit_test(test_salesforce_logs_in_and_again),
        cmocka_unit_test(test_a_flow_has_its_own_token),
        cmocka_unit_test(test_pipedrive),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_without_an_email_and_without_create),
        cmocka_unit_test(test_answers_in_a_circle),
    };

    return cmocka_run_group_tests_name("crm", tests, NULL, NULL);
}
