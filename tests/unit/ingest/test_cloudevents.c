/* SPDX-License-Identifier: MIT */
/* CloudEvents 1.0 over HTTP. Documents and headers are the examples of the specification
 * (github.com/cloudevents/spec: spec.md, formats/json-format.md, bindings/http-protocol-binding.md,
 * http-webhook.md), with the attribute that says who it is about. */
#include "unit/ingest/ask.h"

#define WHO        "\"userid\":\"u1\","
#define STRUCTURED "Content-Type: application/cloudevents+json; charset=UTF-8\r\n"
#define BATCH      "Content-Type: application/cloudevents-batch+json\r\n"
#define BINARY                                                                                     \
    "ce-specversion: 1.0\r\nce-type: com.example.someevent\r\n"                                    \
    "ce-time: 2018-04-05T03:56:24Z\r\nce-id: 1234-1234-1234\r\n"                                   \
    "ce-source: /mycontext/subcontext\r\nce-userid: u1\r\n"
#define EVENT(more)                                                                                \
    "{\"specversion\":\"1.0\",\"type\":\"com.example.someevent\",\"source\":\"/mycontext\","       \
    "\"id\":\"A234-1234-1234\"," WHO more "}"

static struct rp_renamed renamed[] = {{{"com.example.someevent", 21}, {"Trial Started", 13}}};
static const struct rp_doors doors = {
    .cloud_events = renamed, .cloud_event_count = 1, .cloud_subject = RP_SUBJECT_EMAIL};

static struct fake_serve *start(const struct rp_doors *of)
{
    struct fake_options options = {.auth = {.open = true}, .doors = of};

    return fake_serve_start(&options);
}

static void structured(void **state)
{
    struct fake_serve *serve = start(NULL);
    char first[64];

    (void)state;
    check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED,
              "{\"specversion\":\"1.0\",\"type\":\"com.example.someevent\","
              "\"source\":\"/mycontext\",\"subject\":null,\"id\":\"C234-1234-1234\","
              "\"time\":\"2018-04-05T17:31:00Z\",\"comexampleextension1\":\"value\","
              "\"comexampleothervalue\":5," WHO "\"datacontenttype\":\"application/json\","
              "\"data\":{\"appinfoA\":\"abc\",\"appinfoB\":123,\"appinfoC\":true}}"),
          200, "\"accepted\":1", "the JSON format's example");
    check_last(serve,
               (const char *const[]){
                   "com.example.someevent|user=u1|", "|at=1522949460000|",
                   "\"properties\":{\"appinfoA\":\"abc\",\"appinfoB\":123,\"appinfoC\":true}",
                   "\"cloudevent\":{", "\"source\":\"/mycontext\"", "\"comexampleothervalue\":5",
                   NULL});
    assert_int_equal(atomic_load(&serve->last_flags), 0);
    check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED, EVENT("\"data\":{\"a\":1}")), 200,
          "\"accepted\":1", "one");
    snprintf(first, sizeof(first), "%.36s", strstr(serve->last, "|id=ce-"));
    check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED, EVENT("\"data\":[2]")), 200,
          "\"accepted\":1", "the same again");
    check_last(serve, (const char *const[]){first, "\"properties\":{\"data\":[2]}", NULL});
    check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED,
              EVENT("\"data_base64\":\"eyJhIjoxfQ==\"")),
          200, "\"accepted\":1", "base64 of JSON");
    check_last(serve, (const char *const[]){"\"properties\":{\"a\":1}", NULL});
    check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED,
              EVENT("\"datacontenttype\":\"application/vnd.x\",\"data_base64\":\"AAEC\"")),
          200, "\"accepted\":1", "bytes");
    check_last(serve, (const char *const[]){"\"properties\":{\"data_base64\":\"AAEC\"}", NULL});
    fake_serve_stop(serve);
}

static void refused(void **state)
{
    static const struct {
        const char *body, *part;
    } cases[] = {
        {"{\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\"}", "specversion is "},
        {"{\"specversion\":\"0.3\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\"}", "takes 1.0"},
        {"{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\"}", "attribute id is"},
        {"{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"\",\"id\":\"1\"}",
         "attribute source is"},
        {"{\"specversion\":\"1.0\",\"type\":null,\"source\":\"/s\",\"id\":\"1\"}",
         "attribute type is"},
        {"{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":1}", "must be texts"},
        {EVENT("\"Big\":1"), "lower-case"},
        {EVENT("\"obj\":{}"), "belong into data"},
        {EVENT("\"data\":1,\"data_base64\":\"AA==\""), "not both"},
        {EVENT("\"data_base64\":\"?\""), "not base64"},
        {EVENT("\"time\":\"yesterday\""), "bad_time"},
        {"{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\"}", "no_identity"},
    };
    struct fake_serve *serve = start(NULL);

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++)
        check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED, cases[i].body), 200, cases[i].part,
              cases[i].body);
    assert_int_equal(atomic_load(&serve->events), 0);
    check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED, "[]"), 400, "bad_json", "no object");
    check(ask(serve, "POST", "/v1/cloudevents", STRUCTURED, "{"), 400, "at byte", "no JSON");
    check(ask(serve, "POST", "/v1/cloudevents", BATCH, "{}"), 400, "array", "no array");
    check(ask(serve, "POST", "/v1/cloudevents", "Content-Type: application/cloudevents+xml\r\n",
              "<a/>"),
          415, "unknown_format", "XML");
    check(ask(serve, "POST", "/v1/cloudevents",
              "Content-Type: application/cloudevents-batch+xml\r\n", "<a/>"),
          415, "unknown_format", "a batch of XML");
    fake_serve_stop(serve);
}

static void batches(void **state)
{
    struct fake_serve *serve = start(&doors);

    (void)state;
    check(ask(serve, "POST", "/v1/cloudevents", BATCH, "[]"), 200,
          "{\"success\":true,\"accepted\":0,\"duplicates\":0,\"rejected\":[]}", "empty");
    check(ask(serve, "POST", "/v1/cloudevents", BATCH,
              "[" EVENT("\"a\":true") ",{\"specversion\":\"1.0\"}," EVENT(
                  "\"subject\":\"ana@globex.test\"") "]"),
          200, "\"accepted\":2,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"bad_cloud",
          "two and a bad one");
    check_last(serve,
               (const char *const[]){"Trial Started|user=u1|anonymous=|email=ana@globex.test|",
                                     "\"type\":\"com.example.someevent\"", NULL});
    fake_serve_stop(serve);
}

static void binary(void **state)
{
    struct fake_serve *serve = start(NULL);
    struct raw_answer answer;

    (void)state;
    check(ask(serve, "POST", "/v1/cloudevents", BINARY "Content-Type: application/json\r\n",
              " {\"a\":1} "),
          200, "\"accepted\":1", "the HTTP binding's example");
    check_last(serve, (const char *const[]){"com.example.someevent|user=u1|", "|at=1522900584000|",
                                            "\"properties\":{\"a\":1}", NULL});
    check(ask(serve, "POST", "/v1/cloudevents",
              BINARY "Content-Type: text/plain\r\nce-subject: Euro%20%E2%82%AC%20%F0%9F%98%80\r\n",
              "hello"),
          200, "\"accepted\":1", "percent-encoded, as the binding's example");
    check_last(serve,
               (const char *const[]){"\"data\":\"hello\"", "\"subject\":\"Euro € 😀\"", NULL});
    check(ask(serve, "POST", "/v1/cloudevents",
              BINARY "Content-Type: text/plain\r\nce-subject: %C0%A0\r\n", "hello"),
          200, "percent-encoded UTF-8", "overlong");
    check(ask(serve, "POST", "/v1/cloudevents", BINARY "Content-Type: application/json\r\n", "{"),
          200, "not the JSON", "bad JSON");
    check(ask(serve, "POST", "/v1/cloudevents", BINARY "Content-Type: image/png\r\n", "png"), 200,
          "\"accepted\":1", "bytes");
    check_last(serve, (const char *const[]){"\"data_base64\":\"cG5n\"", NULL});
    check(ask(serve, "POST", "/v1/cloudevents", BINARY, ""), 200, "\"accepted\":1", "no data");
    answer = ask(serve, "OPTIONS", "/v1/cloudevents",
                 "WebHook-Request-Origin: eventemitter.example.com\r\n", "");
    assert_string_equal(raw_header(&answer, "WebHook-Allowed-Origin"), "eventemitter.example.com");
    assert_string_equal(raw_header(&answer, "WebHook-Allowed-Rate"), "*");
    check(answer, 204, NULL, "handshake");
    fake_serve_stop(serve);
}

static void deep(void **state)
{
    struct fake_serve *serve = start(NULL);
    char body[200];

    (void)state;
    memset(body, '[', 64);
    memset(body + 64, ']', 64);
    body[128] = '\0';
    check(ask(serve, "POST", "/v1/cloudevents", BINARY "Content-Type: application/json\r\n", body),
          200, "nested too deeply", "64 levels, and two around them");
    fake_serve_stop(serve);
}

int test_cloudevents(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structured), cmocka_unit_test(refused), cmocka_unit_test(batches),
        cmocka_unit_test(binary),     cmocka_unit_test(deep),
    };

    return cmocka_run_group_tests_name("cloudevents", tests, NULL, NULL);
}
