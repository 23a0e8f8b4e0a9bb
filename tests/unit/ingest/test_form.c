/* SPDX-License-Identifier: MIT */
/* Forms of plain pages, over a real server with a writer that commits nothing. */
#include "ingest/form_read.h"
#include "ingest/rate.h"
#include "unit/ingest/ask.h"

#include <sodium.h>

#define URLENCODED "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON_ASKED URLENCODED "Accept: application/json\r\n"

static struct rp_str next_list[] = {{"https://www.acme.test", 21}, {"https://acme.test/x/", 20}};
static struct rp_form_door forms[] = {
    {.name = {"newsletter", 10},
     .event = {"Newsletter Subscribed", 21},
     .redirect = {"https://www.acme.test/thanks", 28},
     .honeypot = {"fax", 3},
     .next = {next_list, 2},
     .per_minute = 1000},
    {.name = {"slow", 4}, .event = {"A", 1}, .honeypot = {"fax", 3}, .per_minute = 2},
};
static const struct rp_doors doors = {.forms = forms, .form_count = 2};

static void becomes_an_event(void **state)
{
    struct fake_options options = {.auth = {.open = true}};
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    check(ask(serve, "POST", "/v1/form/contact",
              JSON_ASKED "Cookie: a=b; ajs_anonymous_id=%22anon-7%22; c\r\n"
                         "Referer: https://acme.test/contact\r\nUser-Agent: Test/1\r\n",
              "E-Mail=+ana%40globex.test+&first_name=Ana&last-name=&topics%5B%5D=a&topics%5B%5D=b"
              "&size=2&size=3&password=geheim&message=Gr%C3%BC%C3%9Fe&website_url=&form=evil"),
          200, "{\"success\":true,\"accepted\":1,\"duplicates\":0,\"rejected\":[]}", "form");
    check_last(serve, (const char *const[]){
                          "Form Submitted|user=|anonymous=anon-7|email=ana@globex.test|",
                          "\"properties\":{\"form\":\"contact\",\"E-Mail\":\"ana@globex.test\","
                          "\"first_name\":\"Ana\",\"topics\":[\"a\",\"b\"],\"size\":[\"2\",\"3\"],"
                          "\"message\":\"Grüße\"}",
                          "\"traits\":{\"email\":\"ana@globex.test\",\"first_name\":\"Ana\"}",
                          "\"page\":{\"url\":\"https://acme.test/contact\"}",
                          "\"userAgent\":\"Test/1\"", NULL});
    assert_null(strstr(serve->last, "geheim"));
    assert_int_equal(atomic_load(&serve->last_flags), RP_EVENT_PUBLIC);
    check(ask(serve, "POST", "/v1/form/contact", URLENCODED,
              "anonymousId=x1&messageId=m1&email=a%40b.test"),
          200, "<p>Thank you", "a page");
    check_last(serve, (const char *const[]){"anonymous=x1|email=a@b.test|id=m1|", NULL});
    check(ask(serve, "POST", "/v1/form/contact", JSON_ASKED, "message=hello"), 400, "no_identity",
          "nobody");
    check(ask(serve, "POST", "/v1/form/contact", URLENCODED, "a=%zz"), 400, "bad_form", "encoding");
    check(ask(serve, "POST", "/v1/form/contact", "Content-Type: application/json\r\n", "{}"), 415,
          "multipart", "JSON");
    struct raw_answer answer = ask(serve, "GET", "/v1/form/contact", "", "");
    assert_string_equal(raw_header(&answer, "Allow"), "POST, OPTIONS");
    check(answer, 405, NULL, "GET");
    fake_serve_stop(serve);
}

static void multipart(void **state)
{
    struct fake_options options = {.auth = {.open = true}};
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    check(ask(serve, "POST", "/v1/form/cv",
              "Content-Type: multipart/form-data; boundary=\"--x y\"\r\nAccept: "
              "application/json\r\n",
              "preamble\r\n----x y\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n"
              "a@b.test\r\n----x y\r\nContent-Disposition: form-data; name=\"cv\"; "
              "filename=\"my %22cv%22.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n\r\n"
              "\r\n----x y\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\none\r\ntwo\r\n"
              "----x y--\r\n"),
          200, "\"accepted\":1", "multipart");
    check_last(serve, (const char *const[]){"\"cv\":\"my \\\"cv\\\".pdf\"",
                                            "\"text\":\"one\\r\\ntwo\"", NULL});
    check(ask(serve, "POST", "/v1/form/cv", "Content-Type: multipart/form-data; boundary=b\r\n",
              "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n"),
          400, "last boundary", "no end");
    check(ask(serve, "POST", "/v1/form/cv", "Content-Type: multipart/form-data\r\n", "--b--"), 400,
          "boundary", "no boundary");
    fake_serve_stop(serve);
}

/* A honeypot that is filled hears what a person hears, and nothing is recorded. */
static void robots(void **state)
{
    struct fake_options options = {.auth = {.open = true}, .doors = &doors};
    struct fake_serve *serve = fake_serve_start(&options);
    struct raw_answer person, robot;

    (void)state;
    person = ask(serve, "POST", "/v1/form/newsletter", URLENCODED, "email=a%40b.test&fax=");
    assert_int_equal(atomic_load(&serve->events), 1);
    robot = ask(serve, "POST", "/v1/form/newsletter", URLENCODED, "email=a%40b.test&fax=1");
    assert_int_equal(atomic_load(&serve->events), 1);
    assert_int_equal(person.status, 303);
    assert_int_equal(robot.status, 303);
    assert_string_equal(person.body, robot.body);
    assert_string_equal(raw_header(&robot, "Location"), "https://www.acme.test/thanks");
    raw_answer_free(&person);
    raw_answer_free(&robot);
    check(ask(serve, "POST", "/v1/form/newsletter", JSON_ASKED, "fax=1"), 200,
          "{\"success\":true,\"accepted\":1,\"duplicates\":0,\"rejected\":[]}", "robot, JSON");
    check(ask(serve, "POST", "/v1/form/other", URLENCODED, "email=a%40b.test"), 404, "unknown_form",
          "undeclared beside declared ones");
    assert_int_equal(atomic_load(&serve->events), 1);
    fake_serve_stop(serve);
}

static void redirects(void **state)
{
    static const struct {
        const char *next, *target;
    } cases[] = {
        {"/thanks?a=1", "/thanks?a=1"},
        {"https://www.acme.test", "https://www.acme.test"},
        {"https://www.acme.test/a", "https://www.acme.test/a"},
        {"https://www.acme.test?a", "https://www.acme.test?a"},
        {"https://acme.test/x/y", "https://acme.test/x/y"},
        {"https://acme.test/z", NULL},
        {"https://www.acme.test.evil.test/", NULL},
        {"https://www.acme.test@evil.test/", NULL},
        {"https://www.acme.test:8443/", NULL},
        {"//evil.test/", NULL},
        {"/\\evil.test/", NULL},
        {"\\\\evil.test", NULL},
        {"javascript:alert(1)", NULL},
        {"https://evil.test/", NULL},
        {"/a\r\nSet-Cookie: a=b", NULL},
        {"/a b", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_form_field field = {RP_STR("next"), rp_str_from(cases[i].next)};
        struct rp_form_fields fields = {&field, 1};
        struct rp_str target = rp_form_target(&forms[0], &fields);
        const char *wanted = cases[i].target ? cases[i].target : "https://www.acme.test/thanks";
        if (!rp_str_is(target, wanted))
            fail_msg("next=%s leads to %.*s", cases[i].next, RP_STR_ARG(target));
    }
}

static void keys(void **state)
{
    static struct rp_key_row row = {
        .scope = RP_SCOPE_INGEST, .is_public = true, .revoked_ms = RP_NEVER};
    const char *key = "rpn_pk_public01-rest";
    struct fake_options options = {.auth = {.keys = &row, .key_count = 1}};
    struct fake_serve *serve;

    (void)state;
    row.prefix = (struct rp_str){key + 7, 8};
    crypto_hash_sha256(row.digest, (const unsigned char *)key, strlen(key));
    serve = fake_serve_start(&options);
    check(ask(serve, "POST", "/v1/form/a", URLENCODED, "email=a%40b.test"), 401, "no_key", "none");
    check(ask(serve, "POST", "/v1/form/a", URLENCODED, "email=a%40b.test&writeKey=no"), 401,
          "unknown_key", "wrong");
    check(ask(serve, "POST", "/v1/form/a", URLENCODED,
              "email=a%40b.test&writeKey=rpn_pk_public01-rest"),
          200, NULL, "field");
    assert_null(strstr(serve->last, "rpn_pk"));
    fake_serve_stop(serve);
    options.doors = &doors;
    serve = fake_serve_start(&options);
    check(ask(serve, "POST", "/v1/form/newsletter", URLENCODED, "email=a%40b.test"), 303, NULL,
          "declared");
    assert_int_equal(atomic_load(&serve->last_flags), RP_EVENT_PUBLIC);
    fake_serve_stop(serve);
}

static void rates(void **state)
{
    struct fake_options options = {.auth = {.open = true}, .doors = &doors};
    struct fake_serve *serve = fake_serve_start(&options);
    struct raw_answer answer;

    (void)state;
    for (int i = 0; i < 2; i++)
        check(ask(serve, "POST", "/v1/form/slow", URLENCODED, "email=a%40b.test"), 200, NULL, "ok");
    answer = ask(serve, "POST", "/v1/form/slow", URLENCODED, "email=a%40b.test");
    long seconds = strtol(raw_header(&answer, "Retry-After"), NULL, 10);
    assert_true(seconds >= 25 && seconds <= 30);
    check(answer, 429, "too_many_requests", "third");
    /* Behind a proxy on this machine each visitor counts alone; other forms have counts of theirs.
     */
    check(ask(serve, "POST", "/v1/form/slow",
              URLENCODED "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n", "email=a%40b.test"),
          200, NULL, "another visitor");
    check(ask(serve, "POST", "/v1/form/newsletter", URLENCODED, "email=a%40b.test"), 303, NULL,
          "another form");
    fake_serve_stop(serve);
}

static void buckets(void **state)
{
    struct rp_rate rate;
    char a[64], b[64];

    (void)state;
    rp_rate_init(&rate);
    for (int i = 0; i < 30; i++)
        assert_int_equal(rp_rate_take(&rate, RP_STR("x"), 30, 1000), 0);
    assert_int_equal(rp_rate_take(&rate, RP_STR("x"), 30, 1000), 2000);
    assert_int_equal(rp_rate_take(&rate, RP_STR("x"), 30, 2999), 1);
    assert_int_equal(rp_rate_take(&rate, RP_STR("x"), 30, 3000), 0);
    assert_true(rp_rate_take(&rate, RP_STR("x"), 30, 0) > 0); /* a clock that was put back */
    for (int i = 0; i < 3 * RP_FORM_PEERS_MAX; i++) {         /* the table does not grow */
        char who[16];
        snprintf(who, sizeof(who), "w%d", i);
        assert_int_equal(rp_rate_take(&rate, rp_str_from(who), 1, 5000), 0);
    }
    assert_true(rp_str_eq(rp_rate_sender(RP_STR("2001:db8:1:2:3::4"), a),
                          rp_rate_sender(RP_STR("2001:db8:1:2::9"), b)));
    assert_false(rp_str_eq(rp_rate_sender(RP_STR("2001:db8:1:3::4"), a),
                           rp_rate_sender(RP_STR("2001:db8:1:2::9"), b)));
    assert_string_equal(rp_rate_sender(RP_STR("::ffff:192.0.2.1"), a).ptr, "192.0.2.1");
    rp_rate_fini(&rate);
}

static void bounds(void **state)
{
    struct rp_arena arena;
    struct rp_buf body = {0};
    struct rp_form_fields fields;
    struct rp_err err;

    (void)state;
    rp_arena_init(&arena);
    for (int i = 0; i < RP_FORM_FIELDS_MAX; i++)
        rp_buf_printf(&body, "&f%d=", i);
    assert_int_equal(rp_form_read(&arena, RP_STR(""), rp_buf_view(&body), &fields, &err), 0);
    assert_int_equal(fields.count, RP_FORM_FIELDS_MAX);
    rp_buf_text(&body, "&one=more");
    assert_int_equal(rp_form_read(&arena, RP_STR(""), rp_buf_view(&body), &fields, &err),
                     RIPEN_ELIMIT);
    assert_non_null(strstr(err.text, "200"));
    rp_buf_fini(&body);
    rp_arena_fini(&arena);
}

static void cookies(void **state)
{
    static const struct {
        const char *header, *id;
    } cases[] = {
        {"ajs_anonymous_id=abc", "abc"},
        {"x=1;ajs_anonymous_id=%22a-b%22", "a-b"},
        {"rl_anonymous_id=RS_ENC_v3_ImFub24tOSI%3D", "anon-9"},
        {"rl_anonymous_id=RS_ENC_v3_!!; __eventn_id=j1", "j1"},
        {"xajs_anonymous_id=abc", ""},
        {"ajs_anonymous_id=%zz", ""},
        {";;;", ""},
        {"", ""},
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_str id = rp_form_cookie(&arena, rp_str_from(cases[i].header));
        if (!rp_str_is(id, cases[i].id))
            fail_msg("%s: %.*s", cases[i].header, RP_STR_ARG(id));
    }
    rp_arena_fini(&arena);
}

int test_form(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(becomes_an_event), cmocka_unit_test(multipart), cmocka_unit_test(robots),
        cmocka_unit_test(redirects),        cmocka_unit_test(keys),      cmocka_unit_test(rates),
        cmocka_unit_test(buckets),          cmocka_unit_test(bounds),    cmocka_unit_test(cookies),
    };

    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
