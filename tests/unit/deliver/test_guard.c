/* SPDX-License-Identifier: MIT */
/* The guard's ranges at their first and last address and one past each, and the check of URLs. */
#include "deliver/guard.h"
#include "suite.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

static const char *reason_of(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return rp_guard_reason((const struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return rp_guard_reason((const struct sockaddr *)&in6);
}

/* before and after: the public neighbours, "" where the neighbour is not public either. */
static const struct {
    const char *before, *first, *last, *after;
} ranges[] = {
    {"", "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"223.255.255.255", "224.0.0.0", "239.255.255.255", ""},
    {"", "240.0.0.0", "255.255.255.255", ""},
    {"", "::", "::ffff:ffff", "::1:0:0"},
    {"::fffe:ffff:ffff:ffff", "::ffff:0:0:0", "::ffff:0:ffff:ffff", "::ffff:1:0:0"},
    {"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9b::1:0:0"},
    {"64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
     "64:ff9b:2::"},
    {"ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::"},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:200::"},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2003::"},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3fff:1000::"},
    {"5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "5f01::"},
    {"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "fe00::"},
    {"fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     ""},
    {"", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    {"", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
};

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < RP_COUNT(ranges); i++) {
        if (ranges[i].before[0] && reason_of(ranges[i].before))
            fail_msg("%s should be public", ranges[i].before);
        if (!reason_of(ranges[i].first))
            fail_msg("%s should be refused", ranges[i].first);
        if (!reason_of(ranges[i].last))
            fail_msg("%s should be refused", ranges[i].last);
        if (ranges[i].after[0] && reason_of(ranges[i].after))
            fail_msg("%s should be public", ranges[i].after);
    }
}

static void test_mapped_addresses_count_as_ipv4(void **state)
{
    (void)state;
    assert_string_equal(reason_of("::ffff:127.0.0.1"), "loopback");
    assert_string_equal(reason_of("::ffff:10.1.2.3"), "private network");
    assert_string_equal(reason_of("::ffff:169.254.169.254"), "link-local or cloud metadata");
    assert_null(reason_of("::ffff:8.8.8.8"));
    assert_null(reason_of("2606:4700::1111"));
}

static void test_other_families(void **state)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    (void)state;
    assert_non_null(rp_guard_reason((const struct sockaddr *)&un));
}

static void test_open(void **state)
{
    struct curl_sockaddr address = {AF_INET, SOCK_STREAM, 0, sizeof(struct sockaddr_in), {0}};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct rp_guard closed = {.allow_private = false}, open = {.allow_private = true};

    (void)state;
    memcpy(&address.addr, &in, sizeof(in));
    assert_int_equal(rp_guard_open(&closed, CURLSOCKTYPE_IPCXN, &address), CURL_SOCKET_BAD);
    assert_string_equal(closed.address, "127.0.0.1");
    assert_string_equal(closed.reason, "loopback");
    assert_false(closed.opened);
    curl_socket_t fd = rp_guard_open(&open, CURLSOCKTYPE_IPCXN, &address);
    assert_int_not_equal(fd, CURL_SOCKET_BAD);
    assert_true(open.opened);
    assert_null(open.reason);
    close(fd);
}

static void test_urls(void **state)
{
    static const char *const good[] = {"https://example.com/hook?a=b", "http://127.0.0.1:8080/",
                                       "HTTPS://example.com", "http://[2606:4700::1111]:81/x",
                                       "https://example.com:8443/a%20b"};
    static const struct {
        const char *url, *part;
    } bad[] = {
        {"", "no url"},
        {"ftp://example.com/", "ftp"},
        {"file:///etc/passwd", "file"},
        {"gopher://example.com/", "gopher"},
        {"example.com/hook", "cannot be read"},
        {"https://", "cannot be read"},
        {"https://user@example.com/", "user name"},
        {"https://user:word@example.com/", "user name"},
        {"https://exa mple.com/", "space"},
        {"https://example.com/\r\nX: y", "control"},
        {"https://example.com/\x7f", "control"},
        {"http://[fe80::1%25eth0]/", "zone"},
        {"http://example.com:99999/", "cannot be read"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(good); i++) {
        struct rp_err err = {0};
        if (rp_guard_url(rp_str_from(good[i]), &err) != RIPEN_OK)
            fail_msg("%s: %s", good[i], err.text);
    }
    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        struct rp_err err = {0};
        if (rp_guard_url(rp_str_from(bad[i].url), &err) != RIPEN_EINPUT)
            fail_msg("%s should be refused", bad[i].url);
        if (!strstr(err.text, bad[i].part))
            fail_msg("%s: \"%s\" does not speak of %s", bad[i].url, err.text, bad[i].part);
        if (strstr(err.text, "word"))
            assert_null(strstr(err.text, ":word@"));
    }
}

int rp_test_guard(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_mapped_addresses_count_as_ipv4),
        cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
