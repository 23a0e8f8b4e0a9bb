/* SPDX-License-Identifier: MIT */
/* Framing that two parsers could read differently, as raw bytes over a real connection. */
#include "support/raw_http.h"
#include "unit/net/net_server.h"
#include "unit/net/net_tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct raw_case {
    const char *name, *bytes;
    size_t len;  /* 0: of the text */
    int status;  /* 0: closed without an answer */
    bool closes; /* the connection does not live on */
};

#define H "POST /echo HTTP/1.1\r\nHost: localhost\r\n"

static const struct raw_case cases[] = {
    {"plain", H "Content-Length: 2\r\n\r\nhi", 0, 200, false},
    {"chunked", H "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 0, 200, false},
    {"chunked in capitals", H "Transfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 0, 200,
     false},
    {"chunk extension and trailer",
     H "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\nX-T: 1\r\n\r\n", 0, 200, false},
    {"two lengths", H "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", 0, 400, true},
    {"two equal lengths", H "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 0, 400, true},
    {"length and chunked",
     H "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 0, 400, true},
    {"chunked and length",
     H "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 0, 400, true},
    {"two encodings",
     H "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 0, 400, true},
    {"xchunked", H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0, 400, true},
    {"gzip, chunked", H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, 400, true},
    {"encoding with HTTP/1.0",
     "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 400, true},
    {"length +2", H "Content-Length: +2\r\n\r\nhi", 0, 400, true},
    {"length 0x2", H "Content-Length: 0x2\r\n\r\nhi", 0, 400, true},
    {"length -1", H "Content-Length: -1\r\n\r\n", 0, 400, true},
    {"length 2, 2", H "Content-Length: 2, 2\r\n\r\nhi", 0, 400, true},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 0, 400, true},
    {"no host", "GET / HTTP/1.1\r\n\r\n", 0, 400, true},
    {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 0, 400, true},
    {"host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 0, 400, true},
    {"bare CR in a value", H "X-A: a\rb\r\n\r\n", 0, 400, true},
    {"control character in a value", H "X-A: a\x01z\r\n\r\n", 0, 400, true},
    {"space before the colon", H "Content-Length : 2\r\n\r\nhi", 0, 400, true},
    {"tab before the colon", H "Content-Length\t: 2\r\n\r\nhi", 0, 400, true},
    {"continued line", H "X-A: a\r\n b\r\n\r\n", 0, 400, true},
    {"continued encoding", H "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 0, 400, true},
    {"no colon", H "Content-Length 2\r\n\r\n", 0, 400, true},
    {"empty name", H ": a\r\n\r\n", 0, 400, true},
    {"NUL in a value", H "X-A: a\0b\r\n\r\n", sizeof(H "X-A: a\0b\r\n\r\n") - 1, 400, true},
    {"NUL in a name", H "X\0A: a\r\n\r\n", sizeof(H "X\0A: a\r\n\r\n") - 1, 400, true},
    {"NUL in a value before others", H "X-A: a\0b\r\nX-B: 1\r\n\r\n",
     sizeof(H "X-A: a\0b\r\nX-B: 1\r\n\r\n") - 1, 400, true},
    {"bare LF after a header", H "X-A: a\nX-B: 1\r\n\r\n", 0, 400, true},
    {"bare LF at the end", H "X-A: a\r\n\n", 0, 400, true},
    {"spaces around a value", H "X-A:   a  \r\nContent-Length: 0\r\n\r\n", 0, 200, false},
    {"empty value", H "X-A:\r\nX-B: \r\nContent-Length: 0\r\n\r\n", 0, 200, false},
    {"no space after the colon", H "X-A:a\r\nContent-Length:0\r\n\r\n", 0, 200, false},
    {"NUL in the path", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 0, 400, true},
    {"bad escape in the path", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 0, 400, true},
    {"a path that is none", "GET echo HTTP/1.1\r\nHost: a\r\n\r\n", 0, 400, true},
    {"absolute form", "GET http://x.test/echo?a=1 HTTP/1.1\r\nHost: x.test\r\n\r\n", 0, 200, false},
    {"star form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0, 200, false},
    {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 0, 505, true},
    {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 0, 200, true},
    {"garbage", "\x16\x03\x01\x02\x00\x01\r\n\r\n", 10, 400, true},
    {"odd method", "BREW /echo HTTP/1.1\r\nHost: a\r\n\r\n", 0, 200, false},
    {"a chunk size that is none", H "Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n", 0, 400, true},
    {"a chunk longer than its size", H "Transfer-Encoding: chunked\r\n\r\n2\r\nhiho\r\n0\r\n\r\n",
     0, 400, true},
};

static void framing(void **state)
{
    struct net_server *server = net_server_start(1024, 64, 5000, 5000);
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct raw_case *c = &cases[i];
        struct raw_http raw;
        assert_true(raw_open(&raw, "127.0.0.1", net_server_port(server)));
        raw_send(&raw, c->bytes, c->len ? c->len : strlen(c->bytes));
        struct raw_answer answer = raw_answer_of(&raw, false, 2000);
        if (c->closes)
            raw_is_closed(&raw, 2000);
        bool closed = raw.closed;
        if (answer.status != c->status || (c->closes && !closed)) {
            print_error("%s: status %d, %s; wanted %d\n", c->name, answer.status,
                        closed ? "closed" : "open", c->status);
            failed++;
        }
        if (!c->closes) { /* it lives on: the next request is read from the right place */
            raw_answer_free(&answer);
            raw_text(&raw, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
            answer = raw_answer_of(&raw, false, 2000);
            if (answer.status != 200) {
                print_error("%s: the next request got %d\n", c->name, answer.status);
                failed++;
            }
        }
        raw_answer_free(&answer);
        raw_close(&raw);
    }
    net_server_stop(server, 500);
    net_server_join(server);
    assert_int_equal(failed, 0);
}

/* A smuggled request must never be answered. */
static void smuggling(void **state)
{
    struct net_server *server = net_server_start(1024, 64, 5000, 5000);
    struct raw_http raw;

    (void)state;
    assert_true(raw_open(&raw, "127.0.0.1", net_server_port(server)));
    raw_text(&raw, H "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                     "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    struct raw_answer answer = raw_answer_of(&raw, false, 2000);
    assert_int_equal(answer.status, 400);
    raw_answer_free(&answer);
    assert_true(raw_is_closed(&raw, 2000));
    assert_int_equal(net_server_requests(server), 0);
    raw_close(&raw);
    net_server_stop(server, 500);
    net_server_join(server);
}

static void header_count(void **state)
{
    struct net_server *server = net_server_start(1024, 64, 5000, 5000);
    static const struct {
        int headers, status;
    } counts[] = {{100, 200}, {101, 431}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct raw_http raw;
        assert_true(raw_open(&raw, "127.0.0.1", net_server_port(server)));
        raw_text(&raw, "GET /echo HTTP/1.1\r\nHost: a\r\n");
        for (int h = 1; h < counts[i].headers; h++)
            raw_text(&raw, "X-Filler: 1\r\n");
        raw_text(&raw, "\r\n");
        struct raw_answer answer = raw_answer_of(&raw, false, 2000);
        assert_int_equal(answer.status, counts[i].status);
        raw_answer_free(&answer);
        raw_close(&raw);
    }
    net_server_stop(server, 500);
    net_server_join(server);
}

/* Long targets and headers are taken up to 8 KiB, also in small pieces, and refused when absurd. */
static void head_size(void **state)
{
    struct net_server *server = net_server_start(1024, 64, 5000, 5000);
    static const struct {
        size_t target, header;
        int status;
    } sizes[] = {
        {8192, 10, 200}, {10, 8192, 200}, {100, 8192, 200}, {60000, 10, 414}, {10, 60000, 431}};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct raw_http raw;
        assert_true(raw_open(&raw, "127.0.0.1", net_server_port(server)));
        raw_text(&raw, "GET /");
        for (size_t n = 1; n < sizes[i].target; n++)
            raw_text(&raw, "a");
        raw_text(&raw, " HTTP/1.1\r\nHost: a\r\nX-Long: ");
        for (size_t n = 0; n < sizes[i].header; n++)
            raw_text(&raw, "b");
        raw_text(&raw, "\r\nX-Last: 1\r\n\r\n");
        struct raw_answer answer = raw_answer_of(&raw, false, 2000);
        assert_int_equal(answer.status, sizes[i].status);
        raw_answer_free(&answer);
        raw_close(&raw);
    }
    net_server_stop(server, 500);
    net_server_join(server);
}

int test_guard(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing),
        cmocka_unit_test(smuggling),
        cmocka_unit_test(header_count),
        cmocka_unit_test(head_size),
    };

    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
