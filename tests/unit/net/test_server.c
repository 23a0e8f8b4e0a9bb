/* SPDX-License-Identifier: MIT */
/* The server over real connections: bodies and their limits, pipelining, slow clients, stopping. */
#include "support/raw_http.h"
#include "unit/net/net_server.h"
#include "unit/net/net_tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#define BODY_MAX 1000

static struct net_server *shared;

static int start_shared(void **state)
{
    (void)state;
    shared = net_server_start(BODY_MAX, 256, 5000, 5000);
    return 0;
}

static int stop_shared(void **state)
{
    (void)state;
    net_server_stop(shared, 500);
    net_server_join(shared);
    return 0;
}

static void connect_to(struct raw_http *raw, const struct net_server *server)
{
    assert_true(raw_open(raw, "127.0.0.1", net_server_port(server)));
}

static void expect(struct raw_http *raw, int status, const char *part)
{
    struct raw_answer answer = raw_answer_of(raw, false, RAW_WAIT_MS);

    assert_int_equal(answer.status, status);
    if (part && (!answer.body || !strstr(answer.body, part)))
        fail_msg("no %s in %s", part, answer.body ? answer.body : "(nothing)");
    raw_answer_free(&answer);
}

static void post_head(struct raw_http *raw, const char *headers, size_t len)
{
    char head[512];

    snprintf(head, sizeof(head), "POST /echo HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n",
             headers, len);
    assert_true(raw_text(raw, head));
}

static void send_filler(struct raw_http *raw, size_t len)
{
    char filler[1000];

    memset(filler, 'x', sizeof(filler));
    while (len > 0) {
        size_t part = len < sizeof(filler) ? len : sizeof(filler);
        if (!raw_send(raw, filler, part))
            return;
        len -= part;
    }
}

static void what_a_handler_sees(void **state)
{
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    raw_text(&raw, "GET /a%20b?a=x%26y+z&b=2 HTTP/1.1\r\nHost: h\r\nx-TEST:  v \r\n"
                   "Authorization: Basic d2s6cGFzcw==\r\n\r\n");
    expect(&raw, 200,
           "\"path\":\"/a b\",\"query\":\"a=x%26y+z&b=2\",\"body_len\":0,\"body\":\"\","
           "\"basic\":\"wk\",\"bearer\":\"\",\"a\":\"x&y z\",\"x-test\":\"v\",\"loopback\":true");
    raw_text(&raw, "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: bearer  tok\r\n\r\n");
    expect(&raw, 200, "\"basic\":\"\",\"bearer\":\"tok\"");
    raw_text(&raw, "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic d2s\r\n\r\n"); /* unpadded */
    expect(&raw, 200, "\"basic\":\"wk\"");
    raw_text(&raw, "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic !!!\r\n\r\n");
    expect(&raw, 200, "\"basic\":\"\"");
    raw_close(&raw);
}

static void head_has_no_body(void **state)
{
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    raw_text(&raw, "HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    struct raw_answer answer = raw_answer_of(&raw, true, RAW_WAIT_MS);
    assert_int_equal(answer.status, 200);
    assert_string_equal(raw_header(&answer, "X-Answer"), "yes");
    raw_answer_free(&answer);
    expect(&raw, 200, "/next");
    raw_close(&raw);
}

static void body_at_and_past_the_limit(void **state)
{
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    post_head(&raw, "", BODY_MAX);
    send_filler(&raw, BODY_MAX);
    expect(&raw, 200, "\"body_len\":1000");
    post_head(&raw, "", BODY_MAX + 1);
    send_filler(&raw, BODY_MAX + 1);
    expect(&raw, 413, "body_too_large");
    assert_true(raw_is_closed(&raw, RAW_WAIT_MS));
    raw_close(&raw);
    connect_to(&raw, shared); /* absurd: refused before it is sent */
    post_head(&raw, "", (size_t)1 << 30);
    expect(&raw, 413, "body_too_large");
    raw_close(&raw);
}

static void chunked_at_and_past_the_limit(void **state)
{
    static const struct {
        int chunks, status;
    } cases[] = {{10, 200}, {11, 413}, {90, 0}}; /* of 100 bytes; the last is cut off */

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct raw_http raw;
        connect_to(&raw, shared);
        raw_text(&raw, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int c = 0; c < cases[i].chunks; c++) {
            raw_text(&raw, "64\r\n");
            send_filler(&raw, 100);
            raw_text(&raw, "\r\n");
        }
        raw_text(&raw, "0\r\n\r\n");
        expect(&raw, cases[i].status, cases[i].status == 200 ? "\"body_len\":1000" : NULL);
        raw_close(&raw);
    }
}

static size_t gzip_of(size_t len, unsigned char *out, size_t cap)
{
    z_stream z = {0};
    char *plain = calloc(1, len);

    assert_non_null(plain);
    memset(plain, 'z', len);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)plain;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t packed = cap - z.avail_out;
    deflateEnd(&z);
    free(plain);
    return packed;
}

static void gzip_bodies(void **state)
{
    static const struct {
        const char *coding;
        size_t plain;
        int status;
    } cases[] = {
        {"Content-Encoding: gzip\r\n", BODY_MAX, 200},
        {"Content-Encoding: GZIP\r\n", BODY_MAX, 200},
        {"Content-Encoding: gzip\r\n", BODY_MAX + 1, 413},
        {"Content-Encoding: gzip\r\n", 100000, 413},
        {"Content-Encoding: br\r\n", 10, 415},
        {"Content-Encoding: gzip, gzip\r\n", 10, 415},
        {"Content-Encoding: identity\r\n", 10, 200},
    };
    unsigned char packed[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct raw_http raw;
        size_t len = gzip_of(cases[i].plain, packed, sizeof(packed));
        connect_to(&raw, shared);
        post_head(&raw, cases[i].coding, len);
        raw_send(&raw, packed, len);
        expect(&raw, cases[i].status, cases[i].plain == BODY_MAX ? "\"body_len\":1000" : NULL);
        raw_close(&raw);
    }
    struct raw_http raw;
    connect_to(&raw, shared);
    post_head(&raw, "Content-Encoding: gzip\r\n", 5);
    raw_text(&raw, "plain");
    expect(&raw, 400, "bad_gzip");
    raw_close(&raw);
}

static void expect_continue(void **state)
{
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    post_head(&raw, "Expect: 100-continue\r\n", 2);
    expect(&raw, 100, NULL);
    raw_text(&raw, "hi");
    expect(&raw, 200, "\"body\":\"hi\"");
    post_head(&raw, "Expect: 100-continue\r\n", BODY_MAX + 1); /* told before it sends */
    expect(&raw, 413, "body_too_large");
    raw_close(&raw);
}

/* Twenty requests in one packet, some answered later: the answers come in order. */
static void pipelining(void **state)
{
    char bytes[4096];
    struct raw_http raw;
    size_t len = 0;

    (void)state;
    connect_to(&raw, shared);
    for (int i = 0; i < 20; i++)
        len +=
            (size_t)snprintf(bytes + len, sizeof(bytes) - len,
                             "POST /%s?n=%d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n%02d",
                             i % 5 == 0 ? "later" : "echo", i, i);
    raw_send(&raw, bytes, len);
    for (int i = 0; i < 20; i++) {
        char part[32];
        snprintf(part, sizeof(part), "\"query\":\"n=%d\"", i);
        expect(&raw, 200, part);
    }
    raw_close(&raw);
}

/* A request cut at every byte is read like a whole one. */
static void split_at_every_byte(void **state)
{
    static const char text[] =
        "POST /split?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    for (size_t cut = 1; cut < sizeof(text) - 1; cut += 3) {
        raw_send(&raw, text, cut);
        usleep(1000);
        raw_send(&raw, text + cut, sizeof(text) - 1 - cut);
        expect(&raw, 200, "\"body\":\"hello\"");
    }
    raw_close(&raw);
}

static void many_connections_answered_later(void **state)
{
    enum { COUNT = 100 };
    static struct raw_http raw[COUNT];

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            if (round == 0)
                connect_to(&raw[i], shared);
            raw_text(&raw[i], "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        int64_t began = raw_now_ms();
        for (int i = 0; i < COUNT; i++)
            expect(&raw[i], 200, "/later");
        assert_true(raw_now_ms() - began < 1500); /* none waited for the library's tick */
    }
    for (int i = 0; i < COUNT; i++)
        raw_close(&raw[i]);
}

static void a_large_answer(void **state)
{
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    for (int i = 0; i < 2; i++) {
        raw_text(&raw, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
        usleep(20000);
        struct raw_answer answer = raw_answer_of(&raw, false, RAW_WAIT_MS);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body_len, 1 << 20);
        raw_answer_free(&answer);
    }
    raw_close(&raw);
}

/* A client that sends without reading: its answers wait, then it is read from no further, and in
 * the end it gets all of them in order. */
static void a_client_that_does_not_read(void **state)
{
    enum { COUNT = 40 };
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    for (int i = 0; i < COUNT; i++)
        raw_text(&raw, i % 2 ? "GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
                             : "\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(50000);
    for (int i = 0; i < COUNT; i++) {
        struct raw_answer answer = raw_answer_of(&raw, false, RAW_WAIT_MS);
        assert_int_equal(answer.status, 200);
        assert_true(i % 2 ? answer.body_len == 1 << 20 : answer.body_len < 1000);
        raw_answer_free(&answer);
    }
    raw_close(&raw);
}

/* Who has closed his side still gets his answers; who is refused while he sends hears why. */
static void half_closed_and_refused(void **state)
{
    struct raw_http raw;

    (void)state;
    connect_to(&raw, shared);
    raw_text(&raw, "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /last HTTP/1.1\r\nHost: a\r\n\r\n");
    shutdown(raw.fd, SHUT_WR);
    expect(&raw, 200, "/later");
    expect(&raw, 200, "/last");
    assert_true(raw_is_closed(&raw, RAW_WAIT_MS));
    raw_close(&raw);
    connect_to(&raw, shared);
    raw_text(&raw, "GET / HTTP/1.1\r\nBad Header: a\r\n\r\n");
    usleep(20000);
    send_filler(&raw, 200000);
    expect(&raw, 400, "bad_request");
    assert_true(raw_is_closed(&raw, RAW_WAIT_MS));
    raw_close(&raw);
}

/* A client that goes away while its request is worked on harms nobody. */
static void client_gone(void **state)
{
    struct raw_http raw;

    (void)state;
    for (int i = 0; i < 20; i++) {
        connect_to(&raw, shared);
        raw_text(&raw, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
        raw_close(&raw);
    }
    usleep(60000);
    connect_to(&raw, shared);
    raw_text(&raw, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(&raw, 200, "/echo");
    raw_close(&raw);
}

/* One byte every 50 ms never completes: cut off after slow_ms, in the head as in the body, on a new
 * connection as on a used one. */
static void slow_clients(void **state)
{
    static const char *const starts[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n",
    };
    struct net_server *server = net_server_start(BODY_MAX, 64, 3000, 400);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct raw_http raw;
        bool used = i >= 2;
        connect_to(&raw, server);
        if (used) {
            raw_text(&raw, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
            expect(&raw, 200, "/first");
            usleep(100000);
        }
        int64_t began = raw_now_ms();
        raw_text(&raw, starts[i % 2]);
        while (raw_now_ms() - began < 2500 && !raw_is_closed(&raw, 50))
            raw_text(&raw, "x");
        int64_t took = raw_now_ms() - began;
        if (!raw.closed || took < 350 || took > 1200)
            fail_msg("case %zu: %s after %d ms", i, raw.closed ? "closed" : "open", (int)took);
        raw_close(&raw);
    }
    net_server_stop(server, 500);
    net_server_join(server);
}

static void idle_clients(void **state)
{
    struct net_server *server = net_server_start(BODY_MAX, 64, 400, 3000);

    (void)state;
    for (int used = 0; used < 2; used++) {
        struct raw_http raw;
        connect_to(&raw, server);
        if (used) {
            raw_text(&raw, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
            expect(&raw, 200, "/first");
        }
        int64_t began = raw_now_ms();
        assert_true(raw_is_closed(&raw, 2500));
        assert_in_range(raw_now_ms() - began, 300, 1200);
        raw_close(&raw);
    }
    net_server_stop(server, 500);
    net_server_join(server);
}

/* Past the bound a client waits until another one goes. */
static void connection_bound(void **state)
{
    struct net_server *server = net_server_start(BODY_MAX, 3, 5000, 5000);
    struct raw_http raw[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        connect_to(&raw[i], server);
        raw_text(&raw[i], "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
        if (i < 3)
            expect(&raw[i], 200, "/echo");
    }
    struct raw_answer answer = raw_answer_of(&raw[3], false, 300);
    assert_int_equal(answer.status, 0);
    raw_close(&raw[0]);
    expect(&raw[3], 200, "/echo");
    for (int i = 1; i < 4; i++)
        raw_close(&raw[i]);
    net_server_stop(server, 500);
    net_server_join(server);
}

/* Requests in flight are answered, idle connections closed at once, nobody else gets in. */
static void stopping(void **state)
{
    struct net_server *server = net_server_start(BODY_MAX, 64, 5000, 5000);
    struct raw_http busy, idle, late;

    (void)state;
    connect_to(&idle, server);
    raw_text(&idle, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(&idle, 200, "/echo");
    connect_to(&busy, server);
    raw_text(&busy, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(10000);
    net_server_stop(server, 3000);
    struct raw_answer answer = raw_answer_of(&busy, false, RAW_WAIT_MS);
    assert_int_equal(answer.status, 200);
    assert_string_equal(raw_header(&answer, "Connection"), "close");
    raw_answer_free(&answer);
    assert_true(raw_is_closed(&busy, 1000));
    assert_true(raw_is_closed(&idle, 1000));
    assert_false(raw_open(&late, "127.0.0.1", net_server_port(server)));
    raw_close(&late);
    int64_t began = raw_now_ms();
    net_server_join(server);
    assert_true(raw_now_ms() - began < 1000); /* not the whole grace */
    raw_close(&busy);
    raw_close(&idle);
}

/* A request that nobody answers gets 503 when the grace is over; the reply that comes later still
 * is harmless. */
static void stopping_by_force(void **state)
{
    struct net_server *server = net_server_start(BODY_MAX, 64, 5000, 5000);
    struct raw_http raw[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        connect_to(&raw[i], server);
        raw_text(&raw[i], "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    usleep(20000);
    net_server_stop(server, 200);
    net_server_join(server);
    for (int i = 0; i < 3; i++) {
        struct raw_answer answer = raw_answer_of(&raw[i], false, RAW_WAIT_MS);
        assert_int_equal(answer.status, 503);
        assert_string_equal(raw_header(&answer, "Retry-After"), "1");
        raw_answer_free(&answer);
        raw_close(&raw[i]);
    }
}

static void refuses_bad_addresses(void **state)
{
    static const struct {
        const char *address;
        int port, status;
    } cases[] = {{"localhost.", 0, RIPEN_EINPUT},
                 {"127.0.0.1", 70000, RIPEN_EINPUT},
                 {"127.0.0.1", -1, RIPEN_EINPUT},
                 {"203.0.113.1", 0, RIPEN_EIO}};
    struct rp_http *http;
    struct rp_err err;
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rp_http_options options = {cases[i].address, cases[i].port, 10, 10, 1000, 1000};
        assert_int_equal(rp_http_start(&loop, &options, (rp_http_handler *)1, NULL, &http, &err),
                         cases[i].status);
        assert_true(strlen(err.text) > 10);
    }
    struct rp_http_options options = {"127.0.0.1", net_server_port(shared), 10, 10, 1000, 1000};
    assert_int_equal(rp_http_start(&loop, &options, (rp_http_handler *)1, NULL, &http, &err),
                     RIPEN_EBUSY);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void note(void *ctx)
{
    *(bool *)ctx = true;
}

static void takes_other_addresses(void **state)
{
    static const char *const addresses[] = {"localhost", "::1", "0.0.0.0"};
    uv_loop_t loop;

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct rp_http_options options = {addresses[i], 0, 10, 10, 1000, 1000};
        struct rp_http *http = NULL;
        struct rp_err err;
        bool stopped = false;
        uv_loop_init(&loop);
        int status = rp_http_start(&loop, &options, (rp_http_handler *)1, NULL, &http, &err);
        if (status == RIPEN_EIO && strchr(addresses[i], ':'))
            print_message("no IPv6 here: %s\n", err.text);
        else
            assert_int_equal(status, 0);
        if (http) {
            assert_in_range(rp_http_port(http), 1, 65535);
            rp_http_stop(http, 10, note, &stopped);
            uv_run(&loop, UV_RUN_DEFAULT);
            assert_true(stopped);
        }
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

int test_server(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_handler_sees),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(body_at_and_past_the_limit),
        cmocka_unit_test(chunked_at_and_past_the_limit),
        cmocka_unit_test(gzip_bodies),
        cmocka_unit_test(expect_continue),
        cmocka_unit_test(pipelining),
        cmocka_unit_test(split_at_every_byte),
        cmocka_unit_test(many_connections_answered_later),
        cmocka_unit_test(a_large_answer),
        cmocka_unit_test(a_client_that_does_not_read),
        cmocka_unit_test(half_closed_and_refused),
        cmocka_unit_test(client_gone),
        cmocka_unit_test(slow_clients),
        cmocka_unit_test(idle_clients),
        cmocka_unit_test(connection_bound),
        cmocka_unit_test(stopping),
        cmocka_unit_test(stopping_by_force),
        cmocka_unit_test(refuses_bad_addresses),
        cmocka_unit_test(takes_other_addresses),
    };

    return cmocka_run_group_tests_name("server", tests, start_shared, stop_shared);
}
