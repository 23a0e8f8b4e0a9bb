/* SPDX-License-Identifier: MIT */
/* The ingest routes over a real server with a writer that commits nothing. */
#include "support/fake_serve.h"
#include "support/raw_http.h"
#include "unit/ingest/ingest_tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#define EVENT "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\"}"
#define PUB   "rpn_pk_public01-rest"
#define SEC   "rpn_sk_secret01-rest"
#define READ  "rpn_sk_reader01-rest"
#define ADMIN "rpn_sk_admin001-rest"
#define GONE  "rpn_sk_revoked1-rest"

static struct rp_key_row keys[5];

static struct rp_key_row key_row(const char *text, enum rp_scope scope, bool is_public)
{
    struct rp_key_row row = {.scope = scope, .is_public = is_public, .revoked_ms = RP_NEVER};

    row.prefix = (struct rp_str){text + 7, 8};
    crypto_hash_sha256(row.digest, (const unsigned char *)text, strlen(text));
    return row;
}

static struct fake_options with_keys(void)
{
    keys[0] = key_row(PUB, RP_SCOPE_INGEST, true);
    keys[1] = key_row(SEC, RP_SCOPE_INGEST, false);
    keys[2] = key_row(READ, RP_SCOPE_READ, false);
    keys[3] = key_row(ADMIN, RP_SCOPE_ADMIN, false);
    keys[4] = key_row(GONE, RP_SCOPE_INGEST, false);
    keys[4].revoked_ms = 1;
    return (struct fake_options){.auth = {.keys = keys, .key_count = 5}};
}

/* Sends one request on a connection of its own. The caller frees the answer. */
static struct raw_answer ask(const struct fake_serve *serve, const char *method, const char *path,
                             const char *headers, const char *body)
{
    char head[2048];
    struct raw_http raw;

    assert_true(raw_open(&raw, "127.0.0.1", serve->port));
    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\n%s%sContent-Length: %zu\r\n\r\n", method, path,
             strstr(headers, "Host:") ? "" : "Host: localhost\r\n", headers, strlen(body));
    raw_text(&raw, head);
    raw_text(&raw, body);
    struct raw_answer answer = raw_answer_of(&raw, strcmp(method, "HEAD") == 0, RAW_WAIT_MS);
    raw_close(&raw);
    return answer;
}

static const char *basic(const char *user)
{
    static char header[256];
    char text[128], packed[200];

    snprintf(text, sizeof(text), "%s:", user);
    sodium_bin2base64(packed, sizeof(packed), (unsigned char *)text, strlen(text),
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(header, sizeof(header), "Authorization: Basic %s\r\n", packed);
    return header;
}

static void check(struct raw_answer answer, int status, const char *part, const char *what)
{
    if (answer.status != status || (part && !strstr(answer.body, part)))
        fail_msg("%s: %d %s; wanted %d with %s", what, answer.status,
                 answer.body ? answer.body : "", status, part ? part : "anything");
    raw_answer_free(&answer);
}

static void every_route(void **state)
{
    static const char *const posts[] = {
        "/v1/track",
        "/v1/batch",
        "/v1/page",
        "/v1/identify",
        "/v1/screen",
        "/v1/group",
        "/v1/alias",
        "/v1/t",
        "/v1/b",
        "/v1/p",
        "/v1/i",
        "/v1/s",
        "/v1/g",
        "/v1/a",
        "/api/s/track",
        "/api/s/s2s/page",
        "/beacon/v1/batch",
    };
    static const char *const others[] = {"/v1/dance",
                                         "/v1/",
                                         "/v1",
                                         "/v1/track/",
                                         "/v1/tracks",
                                         "/api/s/",
                                         "/beacon/v1/track",
                                         "/pixel/v1/alias",
                                         "/v1/projects//settings",
                                         "/v1/projects/a/b/settings",
                                         "/v1/form/",
                                         "/v1/form/a/b",
                                         "/v1/form/.x",
                                         "/v1/webhook/",
                                         "/v1/cloudevents/"};
    struct fake_options options = {.auth = {.open = true}};
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    for (size_t i = 0; i < RP_COUNT(posts); i++) {
        struct raw_answer answer = ask(serve, "POST", posts[i], "", EVENT);
        assert_string_equal(raw_header(&answer, "Access-Control-Allow-Origin"), "*");
        assert_string_equal(raw_header(&answer, "Access-Control-Expose-Headers"), "Retry-After");
        check(answer, 200, "{\"success\":true,\"accepted\":1,\"duplicates\":0,\"rejected\":[]}",
              posts[i]);
        answer = ask(serve, "GET", posts[i], "", "");
        assert_string_equal(raw_header(&answer, "Allow"), "POST, OPTIONS");
        check(answer, 405, "method_not_allowed", posts[i]);
    }
    assert_int_equal(atomic_load(&serve->events), RP_COUNT(posts));
    for (size_t i = 0; i < RP_COUNT(others); i++)
        check(ask(serve, "POST", others[i], "", EVENT), 404, "not_found", others[i]);
    fake_serve_stop(serve);
}

/* The route's type is used when the item has none; the content type never matters. */
static void types_and_batches(void **state)
{
    struct fake_options options = {.auth = {.open = true}};
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    check(ask(serve, "POST", "/v1/page", "Content-Type: text/plain\r\n", "{\"userId\":\"u\"}"), 200,
          "\"accepted\":1", "type of the route");
    check(ask(serve, "POST", "/v1/batch", "Content-Type: application/x-www-form-urlencoded\r\n",
              "{\"batch\":[" EVENT ",{\"userId\":\"u\"}," EVENT "]}"),
          200,
          "\"accepted\":2,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"unknown_type\"",
          "no type in a batch");
    check(ask(serve, "POST", "/v1/batch", "", "{\"batch\":[]}"), 200,
          "{\"success\":true,\"accepted\":0,\"duplicates\":0,\"rejected\":[]}", "empty batch");
    check(ask(serve, "POST", "/v1/track", "", "{\"event\":\"A\",\"userId\":\"u\"},"), 400,
          "at byte 26", "trailing comma");
    check(ask(serve, "POST", "/v1/track", "", ""), 400, "bad_json", "no body");
    check(ask(serve, "POST", "/v1/track", "", "[1]"), 400, "bad_json", "not an object");
    fake_serve_stop(serve);
}

static void keys_in_every_place(void **state)
{
    static const struct {
        const char *what, *path, *header, *user, *body;
        int status;
    } cases[] = {
        {"Basic", "/v1/track", "", SEC, EVENT, 200},
        {"Basic public", "/v1/track", "", PUB, EVENT, 200},
        {"Basic admin", "/v1/track", "", ADMIN, EVENT, 200},
        {"Basic read", "/v1/track", "", READ, EVENT, 403},
        {"Basic unknown", "/v1/track", "", "wk", EVENT, 401},
        {"Basic revoked", "/v1/track", "", GONE, EVENT, 401},
        {"none", "/v1/track", "", NULL, EVENT, 401},
        {"X-Write-Key", "/api/s/track", "X-Write-Key: " SEC "\r\n", NULL, EVENT, 200},
        {"X-Write-Key id:secret", "/api/s/track", "X-Write-Key: me:" SEC "\r\n", NULL, EVENT, 200},
        {"X-Write-Key id:other", "/api/s/track", "X-Write-Key: " PUB ":x\r\n", NULL, EVENT, 200},
        {"X-Write-Key unknown", "/api/s/track", "X-Write-Key: a:b\r\n", NULL, EVENT, 401},
        {"body", "/v1/batch", "", NULL, "{\"writeKey\":\"" SEC "\",\"batch\":[" EVENT "]}", 200},
        {"body unknown", "/v1/batch", "", NULL, "{\"writeKey\":\"x\",\"batch\":[" EVENT "]}", 401},
        {"header before body", "/v1/batch", "", "wk",
         "{\"writeKey\":\"" SEC "\",\"batch\":[" EVENT "]}", 401},
        {"Bearer", "/v1/track", "Authorization: Bearer " SEC "\r\n", NULL, EVENT, 200},
        {"Bearer and body", "/v1/batch", "Authorization: Bearer oauth\r\n", NULL,
         "{\"writeKey\":\"" SEC "\",\"batch\":[" EVENT "]}", 200},
        {"Bearer unknown", "/v1/track", "Authorization: Bearer oauth\r\n", NULL, EVENT, 401},
        {"query on a beacon", "/beacon/v1/batch?writeKey=" PUB, "", NULL, EVENT, 200},
        {"query on a route", "/v1/track?writeKey=" PUB, "", NULL, EVENT, 401},
        {"bad JSON with a key", "/v1/track", "", SEC, "{", 400},
        {"bad JSON with a bad key", "/v1/track", "", "wk", "{", 401},
        {"bad JSON without a key", "/v1/track", "", NULL, "{", 400},
        {"a Host that is no loopback", "/v1/track", "Host: ripen.test\r\n", SEC, EVENT, 200},
    };
    struct fake_options options = with_keys();
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        char headers[512];
        snprintf(headers, sizeof(headers), "%s%s", cases[i].header,
                 cases[i].user ? basic(cases[i].user) : "");
        struct raw_answer answer = ask(serve, "POST", cases[i].path, headers, cases[i].body);
        if (answer.status == 401) /* never one that makes a browser ask for a password */
            assert_string_equal(raw_header(&answer, "WWW-Authenticate"), "Bearer realm=\"ripen\"");
        check(answer, cases[i].status, NULL, cases[i].what);
    }
    fake_serve_stop(serve);
}

static void what_a_key_allows(void **state)
{
    static const char old[] = "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\",\"receivedAt\":"
                              "\"2020-01-01T00:00:00Z\"}";
    struct fake_options options = with_keys();
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    check(ask(serve, "POST", "/v1/t", basic(ADMIN), old), 200, "\"accepted\":1", "admin");
    assert_int_equal(atomic_load(&serve->last_received), INT64_C(1577836800000));
    assert_int_equal(atomic_load(&serve->last_flags), 0);
    check(ask(serve, "POST", "/v1/t", basic(SEC), old), 200, "\"accepted\":1", "secret");
    assert_true(atomic_load(&serve->last_received) > INT64_C(1700000000000));
    assert_int_equal(atomic_load(&serve->last_flags), 0);
    check(ask(serve, "POST", "/v1/t", basic(PUB), old), 200, "\"accepted\":1", "public");
    assert_int_equal(atomic_load(&serve->last_flags), RP_EVENT_PUBLIC);
    fake_serve_stop(serve);
}

static void open_to_loopback_only(void **state)
{
    struct fake_options options = {.auth = {.open = true}};
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    check(ask(serve, "POST", "/v1/t", basic("any key"), EVENT), 200, NULL, "any key");
    check(ask(serve, "POST", "/v1/t", "Host: 127.0.0.1:8080\r\n", EVENT), 200, NULL, "127.0.0.1");
    check(ask(serve, "POST", "/v1/t", "Host: evil.test\r\n", EVENT), 403, "ripen key create",
          "another name");
    check(ask(serve, "GET", "/v1/projects/x/settings", "Host: evil.test\r\n", ""), 403, NULL,
          "settings for another name");
    fake_serve_stop(serve);
    options.auth.any_host = true;
    serve = fake_serve_start(&options);
    check(ask(serve, "POST", "/v1/t", "Host: ripen.test\r\n", EVENT), 200, NULL, "any host");
    fake_serve_stop(serve);
}

static void preflight(void **state)
{
    static const char *const paths[] = {"/v1/track",
                                        "/v1/b",
                                        "/v1/projects/wk/settings",
                                        "/sourceConfig/",
                                        "/sourceConfig",
                                        "/beacon/v1/batch",
                                        "/api/s/page",
                                        "/api/s/s2s/track",
                                        "/pixel/v1/page"};
    struct fake_options options = with_keys();
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    for (size_t i = 0; i < RP_COUNT(paths); i++) {
        struct raw_answer answer =
            ask(serve, "OPTIONS", paths[i],
                "Origin: https://shop.test\r\nAccess-Control-Request-Method: "
                "POST\r\nAccess-Control-Request-Headers: "
                "authorization,x-retry-count\r\n",
                "");
        assert_int_equal(answer.status, 204);
        assert_string_equal(raw_header(&answer, "Access-Control-Allow-Origin"), "*");
        assert_string_equal(raw_header(&answer, "Access-Control-Allow-Headers"),
                            "authorization,x-retry-count");
        assert_non_null(strstr(raw_header(&answer, "Access-Control-Allow-Methods"), "OPTIONS"));
        raw_answer_free(&answer);
    }
    fake_serve_stop(serve);
}

static void settings(void **state)
{
    struct fake_options options = with_keys();
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    check(ask(serve, "GET", "/v1/projects/" PUB "/settings", "Host: r.test:81\r\n", ""), 200,
          "{\"integrations\":{\"Segment.io\":{\"apiKey\":\"" PUB "\",\"apiHost\":\"r.test:81/v1\","
          "\"protocol\":\"http\"",
          "segment");
    check(ask(serve, "GET", "/v1/projects/" PUB "/settings",
              "Host: r.test\r\nX-Forwarded-Proto: https\r\n", ""),
          200, "\"protocol\":\"https\"", "segment behind TLS");
    check(ask(serve, "GET", "/v1/projects/wk/settings", "", ""), 401, NULL, "segment, unknown key");
    check(ask(serve, "GET", "/sourceConfig/?p=npm&writeKey=" PUB, "Host: r.test:81\r\n", ""), 200,
          "\"dataplanes\":{\"US\":[{\"url\":\"http://r.test:81\",\"default\":true}]}", "rudder");
    check(ask(serve, "GET", "/sourceConfig/?p=npm", basic(PUB), ""), 200,
          "{\"source\":{\"id\":\"ripen\"", "rudder by Basic");
    check(ask(serve, "GET", "/sourceConfig/?writeKey=wk", "", ""), 401, NULL, "rudder, unknown");
    fake_serve_stop(serve);
}

static void pixels(void **state)
{
    struct fake_options options = with_keys();
    struct fake_serve *serve = fake_serve_start(&options);

    (void)state;
    struct raw_answer answer =
        ask(serve, "GET",
            "/pixel/v1/track?writeKey=" PUB
            "&event=Email%20Opened&userId=u1&properties.email_id=7&context.campaign.name=q3",
            "", "");
    assert_int_equal(answer.status, 200);
    assert_string_equal(raw_header(&answer, "Content-Type"), "image/gif");
    assert_memory_equal(answer.body, "GIF89a", 6);
    raw_answer_free(&answer);
    assert_int_equal(atomic_load(&serve->events), 1);
    /* {"event":"B","userId":"u","writeKey":"…"} as one parameter */
    char json[256], packed[512], path[600];
    snprintf(json, sizeof(json), "{\"event\":\"B\",\"userId\":\"u\",\"writeKey\":\"%s\"}", PUB);
    sodium_bin2base64(packed, sizeof(packed), (unsigned char *)json, strlen(json),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(path, sizeof(path), "/pixel/v1/track?data=%s", packed);
    check(ask(serve, "GET", path, "", ""), 200, NULL, "data");
    assert_int_equal(atomic_load(&serve->events), 2);
    check(ask(serve, "HEAD", path, "", ""), 200, NULL, "HEAD");
    assert_int_equal(atomic_load(&serve->events), 2);
    check(ask(serve, "GET", "/pixel/v1/track?data=!!", "", ""), 400, "base64", "not base64");
    check(ask(serve, "GET", "/pixel/v1/page?userId=u", "", ""), 401, "no_key", "no key");
    check(ask(serve, "GET", "/pixel/v1/page?writeKey=" PUB "&userId=%zz", "", ""), 400, "bad_query",
          "bad encoding");
    fake_serve_stop(serve);
}

static void overload(void **state)
{
    struct fake_options options = {
        .auth = {.open = true}, .queue_events_max = 2, .commit_us = 200000};
    struct fake_serve *serve = fake_serve_start(&options);
    struct raw_http raw[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(raw_open(&raw[i], "127.0.0.1", serve->port));
        raw_text(&raw[i],
                 "POST /v1/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 41\r\n\r\n" EVENT);
        usleep(10000);
    }
    struct raw_answer answer =
        raw_answer_of(&raw[2], false, 100); /* at once, not after the commit */
    assert_int_equal(answer.status, 503);
    assert_string_equal(raw_header(&answer, "Retry-After"), "1");
    assert_string_equal(raw_header(&answer, "Access-Control-Expose-Headers"), "Retry-After");
    raw_answer_free(&answer);
    for (int i = 0; i < 3; i++) {
        if (i < 2)
            check(raw_answer_of(&raw[i], false, RAW_WAIT_MS), 200, "\"accepted\":1", "queued");
        raw_close(&raw[i]);
    }
    fake_serve_stop(serve);
}

static void failed_commits(void **state)
{
    static const int statuses[] = {RIPEN_EFULL, RIPEN_ESTORE, RIPEN_EIO};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(statuses); i++) {
        struct fake_options options = {.auth = {.open = true}, .commit_status = statuses[i]};
        struct fake_serve *serve = fake_serve_start(&options);
        struct raw_answer answer = ask(serve, "POST", "/v1/t", "", EVENT);
        assert_string_equal(raw_header(&answer, "Retry-After"), "1");
        check(answer, 503, statuses[i] == RIPEN_EFULL ? "disk_full" : "store", "failed commit");
        answer = ask(serve, "GET", "/pixel/v1/page?userId=u", "", "");
        check(answer, 503, NULL, "failed commit of a pixel");
        fake_serve_stop(serve);
    }
}

/* A stop waits for the commit of what it has taken; a forced one answers 503. */
static void stop_with_events_in_flight(void **state)
{
    static const struct {
        int64_t grace_ms;
        int status;
    } cases[] = {{2000, 200}, {50, 503}};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct fake_options options = {
            .auth = {.open = true}, .commit_us = 300000, .grace_ms = cases[i].grace_ms};
        struct fake_serve *serve = fake_serve_start(&options);
        struct raw_http raw;
        assert_true(raw_open(&raw, "127.0.0.1", serve->port));
        raw_text(&raw,
                 "POST /v1/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 41\r\n\r\n" EVENT);
        usleep(50000);
        fake_serve_stop(serve);
        check(raw_answer_of(&raw, false, RAW_WAIT_MS), cases[i].status, NULL, "stop");
        raw_close(&raw);
    }
}

int test_routes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route),
        cmocka_unit_test(types_and_batches),
        cmocka_unit_test(keys_in_every_place),
        cmocka_unit_test(what_a_key_allows),
        cmocka_unit_test(open_to_loopback_only),
        cmocka_unit_test(preflight),
        cmocka_unit_test(settings),
        cmocka_unit_test(pixels),
        cmocka_unit_test(overload),
        cmocka_unit_test(failed_commits),
        cmocka_unit_test(stop_with_events_in_flight),
    };

    _Static_assert(sizeof(EVENT) - 1 == 41, "the raw requests above say so");
    return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
