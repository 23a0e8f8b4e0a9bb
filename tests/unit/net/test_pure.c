/* SPDX-License-Identifier: MIT */
/* Request targets, queries and gunzip, without a socket. */
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/gzip.h"
#include "net/http_parse.h"
#include "net/url.h"
#include "unit/net/net_tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

static void targets(void **state)
{
    static const struct {
        const char *target, *path, *query; /* path NULL: refused */
    } cases[] = {
        {"/", "/", ""},
        {"/a/b?c=d&e", "/a/b", "c=d&e"},
        {"/a?b?c", "/a", "b?c"},
        {"*", "*", ""},
        {"http://h/p?q", "/p", "q"},
        {"HTTPS://h:1/p", "/p", ""},
        {"http://h", "/", ""},
        {"http://h?q", "/", "q"},
        {"http:///p", NULL, NULL},
        {"ftp://h/p", NULL, NULL},
        {"a", NULL, NULL},
        {"", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_str path, query;
        bool good = rp_url_target(rp_str_from(cases[i].target), &path, &query);
        assert_int_equal(good, cases[i].path != NULL);
        if (good) {
            assert_true(rp_str_is(path, cases[i].path));
            assert_true(rp_str_is(query, cases[i].query));
        }
    }
}

static void decoding(void **state)
{
    static const struct {
        const char *text, *plain; /* NULL: refused */
        bool plus;
    } cases[] = {
        {"", "", false},       {"abc", "abc", false}, {"a%20b", "a b", false},
        {"a+b", "a+b", false}, {"a+b", "a b", true},  {"%C3%a9", "é", false},
        {"%41", "A", false},   {"%4", NULL, false},   {"%", NULL, false},
        {"%zz", NULL, false},  {"a%00", NULL, false}, {"%2541", "%41", false},
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_str plain;
        bool good = rp_url_decode(&arena, rp_str_from(cases[i].text), cases[i].plus, &plain);
        assert_int_equal(good, cases[i].plain != NULL);
        if (good)
            assert_true(rp_str_is(plain, cases[i].plain));
    }
    rp_arena_fini(&arena);
}

static void params(void **state)
{
    static const char *const wanted[][2] = {
        {"a", "1"}, {"b", ""}, {"c", ""}, {"", "x"}, {"a", "2=3"}};
    struct rp_str name, value;
    size_t at = 0, count = 0;

    (void)state;
    while (rp_url_param(RP_STR("a=1&b&&c=&=x&a=2=3&"), &at, &name, &value)) {
        assert_true(count < RP_COUNT(wanted));
        assert_true(rp_str_is(name, wanted[count][0]));
        assert_true(rp_str_is(value, wanted[count][1]));
        count++;
    }
    assert_int_equal(count, RP_COUNT(wanted));
}

static void loopback_hosts(void **state)
{
    static const char *const good[] = {"localhost",   "LOCALHOST:8080", "127.0.0.1",
                                       "127.0.0.1:1", "127.8.9.10:80",  "[::1]",
                                       "[::1]:8080"};
    static const char *const bad[] = {"",
                                      "localhost.evil.test",
                                      "evil.test",
                                      "127.0.0.1.evil.test",
                                      "127.0.0.1:80x",
                                      "127.1",
                                      "1127.0.0.1",
                                      "127.0.0.1234",
                                      "[::1]x",
                                      "[::2]",
                                      "::1",
                                      "localhost@evil.test",
                                      "127.0.0.:1",
                                      "127...1"};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(good); i++)
        assert_true(rp_url_host_loopback(rp_str_from(good[i])));
    for (size_t i = 0; i < RP_COUNT(bad); i++)
        assert_false(rp_url_host_loopback(rp_str_from(bad[i])));
}

static size_t pack(const void *plain, size_t len, int window, unsigned char *out, size_t cap)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)(uintptr_t)plain;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t packed = cap - z.avail_out;
    deflateEnd(&z);
    return packed;
}

/* At the limit, one past it, a bomb, and everything that is not whole gzip. */
static void gunzip(void **state)
{
    struct rp_gunzip *gunzip = rp_gunzip_new();
    struct rp_arena arena;
    size_t big = 4 * 1024 * 1024;
    char *plain = rp_calloc(1, big);
    unsigned char *packed = rp_malloc(big);
    struct rp_str out;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < 3; i++) { /* the decoder can be used again after every kind of end */
        size_t len = pack(plain, 1000, 15 + 16, packed, big);
        struct rp_str in = {(char *)packed, len};
        assert_int_equal(rp_gunzip_run(&arena, gunzip, in, 1000, &out), 0);
        assert_int_equal(out.len, 1000);
        assert_memory_equal(out.ptr, plain, 1000);
        assert_int_equal(rp_gunzip_run(&arena, gunzip, in, 999, &out), RIPEN_ELIMIT);
        in.len = len - 1;
        assert_int_equal(rp_gunzip_run(&arena, gunzip, in, 1000, &out), RIPEN_EINPUT);
        in.len = 0;
        assert_int_equal(rp_gunzip_run(&arena, gunzip, in, 1000, &out), RIPEN_EINPUT);
        in.len = len;
        packed[len / 2] ^= 0x55;
        assert_true(rp_gunzip_run(&arena, gunzip, in, 1000, &out) < 0);
        assert_int_equal(rp_gunzip_run(&arena, gunzip, RP_STR("{\"plain\":1}"), 1000, &out),
                         RIPEN_EINPUT);
        len = pack(plain, 100, 15, packed, big); /* zlib is not gzip */
        in.len = len;
        assert_int_equal(rp_gunzip_run(&arena, gunzip, in, 1000, &out), RIPEN_EINPUT);
        len = pack(plain, big, 15 + 16, packed, big); /* 4 MiB in 4 kB */
        in.len = len;
        size_t before = arena.used;
        assert_int_equal(rp_gunzip_run(&arena, gunzip, in, 512 * 1024, &out), RIPEN_ELIMIT);
        assert_true(arena.used - before < 3 * 512 * 1024);
        len = pack(plain, 10, 15 + 16, packed, big); /* two members make one text */
        len += pack(plain, 20, 15 + 16, packed + len, big - len);
        in.len = len;
        assert_int_equal(rp_gunzip_run(&arena, gunzip, in, 30, &out), 0);
        assert_int_equal(out.len, 30);
    }
    rp_arena_fini(&arena);
    rp_gunzip_free(gunzip);
    free(plain);
    free(packed);
}

/* Each byte of a head is looked at once however it comes; the bound is that of the whole head. */
static void heads(void **state)
{
    static char bytes[RP_HTTP_HEAD_MAX + 1];
    struct rp_http_fault fault;
    static struct rp_http_head head;
    size_t at = 0;

    (void)state;
    memset(bytes, 'a', sizeof(bytes));
    memcpy(bytes, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 28);
    memcpy(bytes + RP_HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    struct rp_str all = {bytes, RP_HTTP_HEAD_MAX};
    for (size_t len = 1; len < all.len; len++)
        assert_int_equal(rp_http_head_find((struct rp_str){bytes, len}, &at, &fault), 0);
    assert_int_equal(rp_http_head_find(all, &at, &fault), RP_HTTP_HEAD_MAX);
    assert_true(rp_http_head_parse(all, &head, &fault));
    assert_int_equal(head.field_count, 2);
    memcpy(bytes + RP_HTTP_HEAD_MAX - 4, "a\r\n\r", 4); /* one byte longer */
    bytes[RP_HTTP_HEAD_MAX] = '\n';
    at = 0;
    assert_int_equal(rp_http_head_find((struct rp_str){bytes, sizeof(bytes)}, &at, &fault), -1);
    assert_int_equal(fault.status, 431);
}

static void connections(void **state)
{
    static const struct {
        const char *text;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    static struct rp_http_head head;
    struct rp_http_fault fault;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        assert_true(rp_http_head_parse(rp_str_from(cases[i].text), &head, &fault));
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
    }
}

/* Extensions and trailers are read over up to a bound; sizes have eight digits at most. */
static void chunks(void **state)
{
    static const struct {
        const char *before;
        size_t filler;
        const char *after;
        enum rp_chunk_step end;
    } cases[] = {
        {"0;", 8190, "\r\n\r\n", RP_CHUNK_END},
        {"0;", 8193, "\r\n\r\n", RP_CHUNK_BAD},
        {"0\r\n", 8192, "\r\n\r\n", RP_CHUNK_END},
        {"0\r\n", 8193, "\r\n\r\n", RP_CHUNK_BAD},
        {"00000000\r\n\r\n", 0, "", RP_CHUNK_END},
        {"000000000\r\n\r\n", 0, "", RP_CHUNK_BAD},
        {"ffffffff\r\n", 100, "", RP_CHUNK_MORE},
        {"1ffffffff\r\n", 100, "", RP_CHUNK_BAD},
        {"\r\n", 0, "", RP_CHUNK_BAD},
        {" 1\r\n", 0, "", RP_CHUNK_BAD},
        {"1 \r\n", 0, "", RP_CHUNK_BAD},
        {"-1\r\n", 0, "", RP_CHUNK_BAD},
        {"1\nx", 0, "", RP_CHUNK_BAD},
        {"1\r\nx\n", 0, "", RP_CHUNK_BAD},
        {"0\r\n\n", 0, "", RP_CHUNK_BAD},
        {"0\r\nT: a\nb\r\n", 0, "", RP_CHUNK_BAD},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_http_chunks decoder = {0};
        struct rp_buf text = {0};
        struct rp_str piece;
        enum rp_chunk_step step;
        size_t at = 0;
        rp_buf_text(&text, cases[i].before);
        for (size_t n = 0; n < cases[i].filler; n++)
            rp_buf_char(&text, 'x');
        rp_buf_text(&text, cases[i].after);
        while ((step = rp_http_chunks_next(&decoder, rp_buf_view(&text), &at, &piece)) ==
               RP_CHUNK_DATA)
            ;
        if (step != cases[i].end)
            fail_msg("case %zu: %d, wanted %d", i, (int)step, (int)cases[i].end);
        rp_buf_fini(&text);
    }
}

int test_pure(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),        cmocka_unit_test(decoding), cmocka_unit_test(params),
        cmocka_unit_test(loopback_hosts), cmocka_unit_test(gunzip),   cmocka_unit_test(heads),
        cmocka_unit_test(connections),    cmocka_unit_test(chunks),
    };

    return cmocka_run_group_tests_name("net pure", tests, NULL, NULL);
}
