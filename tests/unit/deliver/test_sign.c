/* SPDX-License-Identifier: MIT */
/* Signatures against the vector published with Standard Webhooks and one made by its npm library.
 */
#include "deliver/sign.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static void check(const char *secret, const char *id, int64_t timestamp, const char *body,
                  const char *expected)
{
    struct rp_sign_key key;
    char text[RP_SIGN_TEXT_MAX];

    assert_int_equal(rp_sign_key_read(rp_str_from(secret), &key, NULL), RIPEN_OK);
    rp_sign(&key, rp_str_from(id), timestamp, rp_str_from(body), text);
    assert_string_equal(text, expected);
    rp_sign_key_wipe(&key);
    assert_int_equal(key.len, 0);
}

static void test_published_vector(void **state)
{
    (void)state;
    check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
          "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

/* new Webhook("plain secret bytes", {format: "raw"}).sign("k1", …) of standardwebhooks 1.0.0 */
static void test_plain_secret(void **state)
{
    (void)state;
    check("plain secret bytes", "k1", 1700000000, "{\"\xc3\xa9\":1}",
          "v1,ry5YB38wEEJx9maVOP0u6fiWL9SBUUEbX0vzI8uEuEw=");
}

static void test_padding_is_optional(void **state)
{
    struct rp_sign_key padded, bare;

    (void)state;
    assert_int_equal(rp_sign_key_read(RP_STR("whsec_YWJjZA=="), &padded, NULL), RIPEN_OK);
    assert_int_equal(rp_sign_key_read(RP_STR("whsec_YWJjZA"), &bare, NULL), RIPEN_OK);
    assert_int_equal(padded.len, 4);
    assert_memory_equal(padded.bytes, "abcd", 4);
    assert_int_equal(bare.len, 4);
    assert_memory_equal(bare.bytes, "abcd", 4);
}

static void test_no_secret(void **state)
{
    struct rp_sign_key key = {.len = 9};

    (void)state;
    assert_int_equal(rp_sign_key_read(RP_STR(""), &key, NULL), RIPEN_OK);
    assert_int_equal(key.len, 0);
}

static void test_bad_secrets_are_refused_unseen(void **state)
{
    static const char *const bad[] = {"whsec_", "whsec_s3cr*t word", "whsec_YWJj*",
                                      "whsec_YWJjZA=", "whsec_YWJjZA== "};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        struct rp_sign_key key = {.len = 7};
        struct rp_err err = {0};
        assert_int_equal(rp_sign_key_read(rp_str_from(bad[i]), &key, &err), RIPEN_EINPUT);
        assert_int_equal(key.len, 7); /* untouched */
        assert_non_null(strstr(err.text, "whsec_"));
        if (bad[i][6])
            assert_null(strstr(err.text, bad[i] + 6));
    }
}

static void test_longest_secret(void **state)
{
    char text[RP_SIGN_KEY_MAX + 1];
    struct rp_sign_key key;
    struct rp_err err = {0};

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(rp_sign_key_read((struct rp_str){text, RP_SIGN_KEY_MAX}, &key, &err),
                     RIPEN_OK);
    assert_int_equal(key.len, RP_SIGN_KEY_MAX);
    assert_int_equal(rp_sign_key_read((struct rp_str){text, RP_SIGN_KEY_MAX + 1}, &key, &err),
                     RIPEN_EINPUT);
    assert_non_null(strstr(err.text, "257"));
}

int rp_test_sign(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vector),
        cmocka_unit_test(test_plain_secret),
        cmocka_unit_test(test_padding_is_optional),
        cmocka_unit_test(test_no_secret),
        cmocka_unit_test(test_bad_secrets_are_refused_unseen),
        cmocka_unit_test(test_longest_secret),
    };
    return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
