/* SPDX-License-Identifier: MIT */
/* Delivery against receivers on loopback: what goes over the wire and what each answer means. */
#include "base/limits.h"
#include "deliver/deliver_priv.h"
#include "deliver/sign.h"
#include "rig.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char seen_head[2048], seen_body[1024];
static int next_status[8];
static const char *next_headers;
static struct rp_str next_body;

/* Remembers the request and answers by the script: next_status[n], the last one for all further. */
static struct reply scripted(struct receiver *receiver, struct rp_str head, struct rp_str body)
{
    size_t n = receiver->requests - 1;

    snprintf(seen_head, sizeof(seen_head), "%.*s", RP_STR_ARG(head));
    snprintf(seen_body, sizeof(seen_body), "%.*s", RP_STR_ARG(body));
    while (n > 0 && (n >= RP_COUNT(next_status) || next_status[n] == 0))
        n--;
    return (struct reply){.status = next_status[n], .headers = next_headers, .body = next_body};
}

static void script(int first, int second)
{
    memset(next_status, 0, sizeof(next_status));
    next_status[0] = first;
    next_status[1] = second;
    next_headers = NULL;
    next_body = RP_STR("");
}

static void expect_header(const char *name, const char *value)
{
    struct rp_str found = receiver_header(rp_str_from(seen_head), name);

    if (!rp_str_is(found, value))
        fail_msg("%s: %.*s, expected %s", name, RP_STR_ARG(found), value);
}

static void test_the_request(void **state)
{
    struct rig *rig = *state;
    struct rp_sign_key key;
    char signature[RP_SIGN_TEXT_MAX];

    script(204, 0);
    rig_endpoint(rig, "crm", rig_receiver(rig, scripted), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DELIVERED);
    assert_int_equal(rig->results[0].http_status, 204);
    assert_string_equal(rig->results[0].error, "");
    assert_memory_equal(seen_head, "POST /hook?for=crm HTTP/1.1\r\n", 29);
    assert_string_equal(seen_body, "{\"id\":1}");
    expect_header("content-type", "application/json");
    expect_header("user-agent", "Ripen/" RIPEN_VERSION);
    expect_header("webhook-id", "key-1");
    expect_header("idempotency-key", "key-1");
    expect_header("webhook-timestamp", "1767225600");
    expect_header("expect", "");
    expect_header("authorization", "");
    assert_int_equal(rp_sign_key_read(rig->endpoints[0].secret, &key, NULL), RIPEN_OK);
    rp_sign(&key, RP_STR("key-1"), 1767225600, RP_STR("{\"id\":1}"), signature);
    expect_header("webhook-signature", signature);
}

static void test_without_a_secret_nothing_is_signed(void **state)
{
    struct rig *rig = *state;

    script(200, 0);
    rig_endpoint(rig, "chat", rig_receiver(rig, scripted), NULL)->secret = RP_STR("");
    rig_start(rig);
    rig_submit(rig, 1, 1, "chat", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DELIVERED);
    expect_header("webhook-id", "key-1");
    expect_header("webhook-signature", "");
}

static void test_500_then_200(void **state)
{
    struct rig *rig = *state;
    struct rp_endpoint_stats stats[1];

    script(500, 200);
    next_body = RP_STR("no room\r\n\x1b[31m!");
    rig_endpoint(rig, "crm", rig_receiver(rig, scripted), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_RETRY);
    assert_int_equal(rig->results[0].http_status, 500);
    assert_in_range(rig->results[0].due_ms, RIG_NOW, RIG_NOW + 4999);
    assert_string_equal(rig->results[0].error, "endpoint \"crm\" answered 500: no room   [31m!");
    rig_submit(rig, 1, 1, "crm", 2, 0);
    rig_results(rig, 2);
    assert_int_equal(rig->results[1].outcome, RP_OUTCOME_DELIVERED);
    expect_header("webhook-id", "key-1"); /* the same key over all attempts */
    assert_int_equal(rp_deliver_stats(rig->deliver, stats, 1), 1);
    assert_int_equal(stats[0].delivered, 1);
    assert_int_equal(stats[0].failed, 1);
    assert_int_equal(stats[0].dead, 0);
}

static void test_the_last_attempt_is_dead(void **state)
{
    struct rig *rig = *state;

    script(503, 0);
    rig_endpoint(rig, "crm", rig_receiver(rig, scripted), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", RP_RETRY_ATTEMPTS_MAX, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DEAD);
    assert_non_null(strstr(rig->results[0].error, "answered 503; given up after 23 attempts"));
}

static void test_410_switches_the_endpoint_off(void **state)
{
    struct rig *rig = *state;
    struct rp_endpoint_stats stats[2];

    script(410, 0);
    struct receiver *gone = rig_receiver(rig, scripted), *well = rig_receiver(rig, rig_ok);
    rig_endpoint(rig, "gone", gone, NULL)->parallel = 1;
    rig_endpoint(rig, "well", well, NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "gone", 1, 0);
    rig_submit(rig, 2, 2, "gone", 1, 0); /* waits for the slot */
    rig_submit(rig, 3, 3, "well", 1, 0);
    rig_results(rig, 3);
    assert_int_equal(rig_result(rig, 1)->outcome, RP_OUTCOME_DEAD);
    assert_int_equal(rig_result(rig, 1)->http_status, 410);
    assert_int_equal(rig_result(rig, 2)->outcome, RP_OUTCOME_DEAD);
    assert_non_null(strstr(rig_result(rig, 2)->error, "410 Gone and is switched off"));
    assert_int_equal(rig_result(rig, 3)->outcome, RP_OUTCOME_DELIVERED);
    rig_submit(rig, 4, 4, "gone", 1, 0);
    assert_int_equal(rig->result_count, 4); /* at once */
    assert_int_equal(rig_result(rig, 4)->outcome, RP_OUTCOME_DEAD);
    assert_int_equal(gone->requests, 1);
    assert_int_equal(rp_deliver_stats(rig->deliver, stats, 2), 2);
    assert_true(stats[0].disabled);
    assert_int_equal(stats[0].dead, 3);
    assert_false(stats[1].disabled);
}

static void test_429_with_retry_after(void **state)
{
    struct rig *rig = *state;

    script(429, 0);
    rig_endpoint(rig, "crm", rig_receiver(rig, scripted), NULL);
    rig_start(rig);
    next_headers = "Retry-After: 70\r\n";
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    next_headers = "retry-after: Thu, 01 Jan 2026 00:10:00 GMT\r\n";
    rig_submit(rig, 2, 1, "crm", 1, 0);
    rig_results(rig, 2);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_RETRY);
    assert_int_equal(rig->results[0].http_status, 429);
    assert_in_range(rig->results[0].due_ms, RIG_NOW + 70000, RIG_NOW + 74999);
    assert_in_range(rig->results[1].due_ms, RIG_NOW + 600000, RIG_NOW + 604999);
}

static void test_an_endpoint_that_hangs(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "crm", rig_receiver(rig, rig_hold), NULL)->timeout_ms = 150;
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_RETRY);
    assert_int_equal(rig->results[0].http_status, 0);
    assert_non_null(strstr(rig->results[0].error, "endpoint \"crm\" did not answer: "));
}

static void test_connection_refused_and_dropped(void **state)
{
    struct rig *rig = *state;

    script(RECEIVER_DROP, 0);
    struct receiver *closed = rig_receiver(rig, rig_ok);
    rig_endpoint(rig, "closed", closed, NULL);
    rig_endpoint(rig, "drops", rig_receiver(rig, scripted), NULL);
    rig_start(rig);
    receiver_close(closed);
    rig_turns(rig, 1);
    rig_submit(rig, 1, 1, "closed", 1, 0);
    rig_submit(rig, 2, 1, "drops", 1, 0);
    rig_results(rig, 2);
    for (int64_t id = 1; id <= 2; id++) {
        assert_int_equal(rig_result(rig, id)->outcome, RP_OUTCOME_RETRY);
        assert_int_equal(rig_result(rig, id)->http_status, 0);
        assert_non_null(strstr(rig_result(rig, id)->error, "did not answer"));
    }
}

static void test_a_redirect_is_not_followed(void **state)
{
    struct rig *rig = *state;
    struct receiver *target = rig_receiver(rig, rig_ok);
    char location[80];

    script(307, 0);
    snprintf(location, sizeof(location), "Location: http://127.0.0.1:%d/\r\n", target->port);
    next_headers = location;
    rig_endpoint(rig, "crm", rig_receiver(rig, scripted), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_RETRY);
    assert_int_equal(rig->results[0].http_status, 307);
    assert_int_equal(target->connections, 0);
}

static void test_private_addresses_are_refused(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost",          "127.1", "0x7f000001",
                                        "[::1]",     "[::ffff:127.0.0.1]", "0"};
    struct rig *rig = *state;
    struct receiver *inside = rig_receiver(rig, rig_ok);
    char url[128];

    for (size_t i = 0; i < RP_COUNT(hosts); i++) {
        snprintf(url, sizeof(url), "http://%s:%d/", hosts[i], inside->port);
        rig_endpoint(rig, hosts[i], NULL, url)->allow_private = false;
    }
    /* A connection that was made with permission is not lent to one without. */
    rig_endpoint(rig, "allowed", inside, NULL);
    rig_start(rig);
    rig_submit(rig, 99, 1, "allowed", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DELIVERED);
    for (size_t i = 0; i < RP_COUNT(hosts); i++)
        rig_submit(rig, (int64_t)i, 1, hosts[i], 1, 0);
    rig_results(rig, 1 + RP_COUNT(hosts));
    for (size_t i = 0; i < RP_COUNT(hosts); i++) {
        const struct rig_result *result = rig_result(rig, (int64_t)i);
        if (result->outcome != RP_OUTCOME_DEAD || !strstr(result->error, "allow_private"))
            fail_msg("%s: outcome %d, %s", hosts[i], (int)result->outcome, result->error);
    }
    assert_int_equal(inside->requests, 1);
    assert_int_equal(inside->connections, 1);
}

/* An open breaker's one attempt never left: the next row is not kept back for its answer. */
static void test_a_refused_probe_ends(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "inside", NULL, "http://127.0.0.1:1/")->allow_private = false;
    rig_start(rig);
    rig->deliver->endpoints[0].breaker.state = RP_BREAKER_OPEN;
    for (int64_t id = 1; id <= 2; id++) {
        rig_submit(rig, id, 1, "inside", 1, 0);
        rig_results(rig, (size_t)id);
        assert_int_equal(rig_result(rig, id)->outcome, RP_OUTCOME_DEAD);
        assert_int_equal(rig->deliver->endpoints[0].breaker.state, RP_BREAKER_OPEN);
    }
}

static void test_no_proxy_from_the_environment(void **state)
{
    struct rig *rig = *state;
    struct receiver *proxy = rig_receiver(rig, rig_ok), *direct = rig_receiver(rig, rig_ok);
    char address[64];

    snprintf(address, sizeof(address), "http://127.0.0.1:%d", proxy->port);
    setenv("http_proxy", address, 1);
    setenv("ALL_PROXY", address, 1);
    rig_endpoint(rig, "crm", direct, NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DELIVERED);
    assert_int_equal(proxy->connections, 0);
    assert_int_equal(direct->requests, 1);
}

static void test_an_unknown_endpoint(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "crm", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crn", 1, 0);
    assert_int_equal(rig->result_count, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DEAD);
    assert_non_null(strstr(rig->results[0].error, "no endpoint \"crn\""));
}

static void test_a_key_that_no_header_can_hold(void **state)
{
    struct rig *rig = *state;
    struct rp_outbox_row row = {.id = 1,
                                .to = RP_STR("crm"),
                                .key = RP_STR("a\r\nX: y"),
                                .body = RP_STR("{}"),
                                .attempts = 1};

    rig_endpoint(rig, "crm", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rp_deliver_submit(rig->deliver, &row, 1);
    assert_int_equal(rig->result_count, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DEAD);
    assert_non_null(strstr(rig->results[0].error, "key"));
    rig_submit(rig, 2, 0, "crm", 1, 0); /* the lane is free again */
    rig_results(rig, 2);
    assert_int_equal(rig->results[1].outcome, RP_OUTCOME_DELIVERED);
}

static void test_a_configuration_that_cannot_work(void **state)
{
    static const struct {
        const char *url, *secret, *part;
    } bad[] = {
        {"", "", "endpoint \"crm\": there is no url"},
        {"ftp://example.com/", "", "endpoint \"crm\": the url starts with ftp://"},
        {"https://example.com/", "whsec_?", "endpoint \"crm\": the secret"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        struct rp_endpoint endpoint = {.name = RP_STR("crm"),
                                       .url = rp_str_from(bad[i].url),
                                       .secret = rp_str_from(bad[i].secret)};
        struct rp_config config = {.endpoints = &endpoint, .endpoint_count = 1};
        struct rp_deliver *deliver = NULL;
        struct rp_err err = {0};
        assert_int_equal(
            rp_deliver_new(&rig->loop, &config, rp_clock_system(), NULL, NULL, &deliver, &err),
            RIPEN_EINPUT);
        assert_null(deliver);
        if (!strstr(err.text, bad[i].part))
            fail_msg("\"%s\" does not say: %s", err.text, bad[i].part);
    }
}

/* --- names ---------------------------------------------------------------------------------------
 */

static struct addrinfo *answer_of(const char *dotted, int port, struct addrinfo *next)
{
    struct addrinfo *info = calloc(1, sizeof(*info) + sizeof(struct sockaddr_in));
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)(info + 1);

    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    uv_inet_pton(AF_INET, dotted, &in->sin_addr);
    info->ai_family = AF_INET;
    info->ai_socktype = SOCK_STREAM;
    info->ai_protocol = IPPROTO_TCP;
    info->ai_addrlen = sizeof(*in);
    info->ai_addr = (struct sockaddr *)in;
    info->ai_next = next;
    return info;
}

/* Stands in for the C library's: names under .test are the tests', everything else is as it was. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **ret);
__attribute__((visibility("default"))) void freeaddrinfo(struct addrinfo *info);

static _Atomic int slow_lookups;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    int port = service ? (int)strtol(service, NULL, 10) : 0;

    (void)hints;
    if (node && strcmp(node, "inside.test") == 0) {
        *ret = answer_of("10.1.2.3", port, NULL);
        return 0;
    }
    if (node && strcmp(node, "metadata.test") == 0) {
        *ret = answer_of("169.254.169.254", port, answer_of("127.0.0.1", port, NULL));
        return 0;
    }
    if (node && strcmp(node, "hangs.test") == 0) {
        slow_lookups++;
        sleep(3);
        slow_lookups--;
        return EAI_AGAIN;
    }
    if (node && strcmp(node, "localhost") == 0) {
        *ret = answer_of("127.0.0.1", port, NULL);
        return 0;
    }
    return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *info)
{
    while (info) {
        struct addrinfo *next = info->ai_next;
        free(info);
        info = next;
    }
}

static void test_names_that_point_inside(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "inside", NULL, "http://inside.test/")->allow_private = false;
    rig_endpoint(rig, "metadata", NULL, "http://metadata.test/")->allow_private = false;
    rig_endpoint(rig, "nowhere", NULL, "http://nowhere.test/")->allow_private = false;
    rig_start(rig);
    rig_submit(rig, 1, 1, "inside", 1, 0);
    rig_submit(rig, 2, 1, "metadata", 1, 0);
    rig_submit(rig, 3, 1, "nowhere", 1, 0);
    rig_results(rig, 3);
    assert_int_equal(rig_result(rig, 1)->outcome, RP_OUTCOME_DEAD);
    assert_non_null(strstr(rig_result(rig, 1)->error, "10.1.2.3 (private network)"));
    assert_int_equal(rig_result(rig, 2)->outcome, RP_OUTCOME_DEAD);
    /* A name that cannot be resolved today may be tomorrow. */
    assert_int_equal(rig_result(rig, 3)->outcome, RP_OUTCOME_RETRY);
    assert_non_null(strstr(rig_result(rig, 3)->error, "resolve"));
}

/* The look-up thread outlives the attempt; neither the loop nor another endpoint waits for it. */
static void test_a_resolver_that_hangs(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "hangs", NULL, "http://hangs.test/")->timeout_ms = 100;
    rig_endpoint(rig, "well", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "hangs", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_RETRY);
    assert_int_equal(slow_lookups, 1); /* still at it */
    rig_submit(rig, 2, 1, "well", 1, 0);
    rig_results(rig, 2);
    assert_int_equal(rig->results[1].outcome, RP_OUTCOME_DELIVERED);
    assert_int_equal(slow_lookups, 1);
    rig_stop(rig, 0);
    RIG_UNTIL(rig, rig->stopped);
    while (slow_lookups > 0) /* so that the thread's memory is seen as freed */
        usleep(20000);
    usleep(100000);
}

/* --- answers of odd shapes -----------------------------------------------------------------------
 */

static char big[RP_WEBHOOK_ANSWER_MAX + 1];

static void test_an_answer_at_the_cap_and_past_it(void **state)
{
    struct rig *rig = *state;

    memset(big, 'x', sizeof(big));
    script(200, 0);
    struct receiver *receiver = rig_receiver(rig, scripted);
    rig_endpoint(rig, "crm", receiver, NULL);
    rig_start(rig);
    next_body = (struct rp_str){big, RP_WEBHOOK_ANSWER_MAX};
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    rig_submit(rig, 2, 1, "crm", 1, 0);
    rig_results(rig, 2);
    assert_int_equal(receiver->connections, 1); /* read to its end: the connection serves again */
    next_body = (struct rp_str){big, sizeof(big)};
    rig_submit(rig, 3, 1, "crm", 1, 0);
    rig_results(rig, 3);
    rig_submit(rig, 4, 1, "crm", 1, 0);
    rig_results(rig, 4);
    assert_int_equal(receiver->connections, 2); /* cut off: not used again */
    assert_int_equal(rig_count(rig, RP_OUTCOME_DELIVERED), 4);
    next_status[0] = 500;
    rig_submit(rig, 5, 1, "crm", 1, 0);
    rig_results(rig, 5);
    assert_int_equal(rig->results[4].outcome, RP_OUTCOME_RETRY);
    assert_int_equal(rig->results[4].http_status, 500);
    assert_true(strlen(rig->results[4].error) < 300);
}

static struct reply never_ends(struct receiver *receiver, struct rp_str head, struct rp_str body)
{
    (void)receiver;
    (void)body;
    if (rp_str_is(receiver_header(head, "webhook-id"), "key-1"))
        return (struct reply){.status = RECEIVER_RAW,
                              .raw = RP_STR("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")};
    if (rp_str_is(receiver_header(head, "webhook-id"), "key-2"))
        return (struct reply){.status = RECEIVER_RAW,
                              .raw = RP_STR("HTTP/1.1 100 Continue\r\n\r\n")};
    return (struct reply){.status = RECEIVER_RAW, .raw = RP_STR("SSH-2.0-OpenSSH_9.2\r\n")};
}

static void test_the_status_line_decides(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "crm", rig_receiver(rig, never_ends), NULL)->timeout_ms = 200;
    rig_start(rig);
    for (int64_t id = 1; id <= 3; id++)
        rig_submit(rig, id, id, "crm", 1, 0);
    rig_results(rig, 3);
    assert_int_equal(rig_result(rig, 1)->outcome, RP_OUTCOME_DELIVERED); /* body never ended */
    assert_int_equal(rig_result(rig, 2)->outcome, RP_OUTCOME_RETRY);     /* 100 is no answer */
    assert_int_equal(rig_result(rig, 2)->http_status, 0);
    assert_int_equal(rig_result(rig, 3)->outcome, RP_OUTCOME_RETRY); /* not HTTP */
    assert_int_equal(rig_result(rig, 3)->http_status, 0);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int rp_test_deliver(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_the_request),
        RIG_TEST(test_without_a_secret_nothing_is_signed),
        RIG_TEST(test_500_then_200),
        RIG_TEST(test_the_last_attempt_is_dead),
        RIG_TEST(test_410_switches_the_endpoint_off),
        RIG_TEST(test_429_with_retry_after),
        RIG_TEST(test_an_endpoint_that_hangs),
        RIG_TEST(test_connection_refused_and_dropped),
        RIG_TEST(test_a_redirect_is_not_followed),
        RIG_TEST(test_private_addresses_are_refused),
        RIG_TEST(test_a_refused_probe_ends),
        RIG_TEST(test_no_proxy_from_the_environment),
        RIG_TEST(test_an_unknown_endpoint),
        RIG_TEST(test_a_key_that_no_header_can_hold),
        RIG_TEST(test_a_configuration_that_cannot_work),
        RIG_TEST(test_names_that_point_inside),
        RIG_TEST(test_a_resolver_that_hangs),
        RIG_TEST(test_an_answer_at_the_cap_and_past_it),
        RIG_TEST(test_the_status_line_decides),
    };
    return cmocka_run_group_tests_name("deliver", tests, NULL, NULL);
}
