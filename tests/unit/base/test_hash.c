/* SPDX-License-Identifier: MIT */
/* Hashes, digests and randomness. Values that get stored are pinned. */
#include "base/hash.h"
#include "unit/base/groups.h"

#include <stdlib.h>

static void paths_roll(void **state)
{
    (void)state;
    uint64_t properties = rp_path(RP_PATH_ROOT, RP_STR("properties"));

    assert_int_equal(properties, rp_path_of(RP_STR("properties")));
    assert_int_equal(rp_path(properties, RP_STR("path")), rp_path_of(RP_STR("properties.path")));
    assert_int_equal(rp_path(rp_path(properties, RP_STR("a")), RP_STR("b")),
                     rp_path_of(RP_STR("properties.a.b")));
    /* FNV-1a as published. */
    assert_int_equal(rp_path_of(RP_STR("")), RP_PATH_ROOT);
    assert_int_equal(rp_path_of(RP_STR("a")), UINT64_C(0xaf63dc4c8601ec8c));
    assert_int_equal(rp_path_of(RP_STR("foobar")), UINT64_C(0x85944171f73967e8));
}

static void an_empty_key_is_no_way_to_the_root(void **state)
{
    (void)state;
    uint64_t empty = rp_path(RP_PATH_ROOT, RP_STR(""));

    assert_int_not_equal(empty, RP_PATH_ROOT);
    assert_int_not_equal(rp_path(empty, RP_STR("traits")), rp_path_of(RP_STR("traits")));
}

static void hash_sees_every_byte(void **state)
{
    char text[40];

    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++) {
        uint64_t whole = rp_hash((struct rp_str){text, len});
        assert_int_equal(whole, rp_hash((struct rp_str){text, len}));
        assert_int_not_equal(whole, rp_hash((struct rp_str){text, len + 1}));
        for (size_t i = 0; i < len; i++) {
            text[i] = 'b';
            assert_int_not_equal(whole, rp_hash((struct rp_str){text, len}));
            text[i] = 'a';
        }
    }
}

static void keyed_hash_is_siphash(void **state)
{
    uint8_t key[16];
    char text[15];

    (void)state;
    for (uint8_t i = 0; i < 16; i++)
        key[i] = i;
    for (char i = 0; i < 15; i++)
        text[(size_t)i] = i;
    /* The vector in the appendix of the SipHash paper. */
    assert_int_equal(rp_hash_keyed(key, (struct rp_str){text, 15}), UINT64_C(0xa129ca6149be45e5));
    uint64_t none = rp_hash_keyed(key, (struct rp_str){NULL, 0});
    assert_int_equal(none, UINT64_C(0x726fdb47dd0e0e31));
    key[0] = 1;
    assert_int_not_equal(rp_hash_keyed(key, (struct rp_str){NULL, 0}), none);
}

static void sha256_is_sha256(void **state)
{
    char hex[65];

    (void)state;
    rp_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    rp_sha256_hex(NULL, 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void digest(const char *key, const char *a, const char *b, char out[27])
{
    struct rp_digest *made = rp_digest_new((const uint8_t *)key, key ? strlen(key) : 0);

    if (a)
        rp_digest_part(made, rp_str_from(a));
    if (b)
        rp_digest_part(made, rp_str_from(b));
    rp_digest_end(made, out);
}

static void digests_tell_parts_apart(void **state)
{
    char one[27], other[27];

    (void)state;
    digest(NULL, "a", "bc", one);
    digest(NULL, "a", "bc", other);
    assert_string_equal(one, other);
    assert_int_equal(strlen(one), 26);
    assert_int_equal(strspn(one, "abcdefghijklmnopqrstuvwxyz234567"), 26);
    digest(NULL, "ab", "c", other);
    assert_string_not_equal(one, other);
    digest(NULL, "abc", NULL, other);
    assert_string_not_equal(one, other);
    digest("k", "a", "bc", other);
    assert_string_not_equal(one, other);
    digest(NULL, "", NULL, one);
    digest(NULL, NULL, NULL, other);
    assert_string_not_equal(one, other);
}

static void digests_are_the_same_everywhere(void **state)
{
    char out[27];

    (void)state;
    /* BLAKE2b-128 over nothing is cae66941d9efbd404e4d88758ea67670. */
    digest(NULL, NULL, NULL, out);
    assert_string_equal(out, "zltgsqoz566uatsnrb2y5jtwoa");
}

static void random_bytes_differ(void **state)
{
    uint8_t one[32] = {0}, other[32] = {0};

    (void)state;
    rp_random(one, sizeof(one));
    rp_random(other, sizeof(other));
    assert_memory_not_equal(one, other, sizeof(one));
    rp_random(one, 0);
    for (int i = 0; i < 1000; i++) {
        double share = rp_random_share();
        assert_true(share >= 0.0 && share < 1.0);
    }
}

int test_hash(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_roll),
        cmocka_unit_test(an_empty_key_is_no_way_to_the_root),
        cmocka_unit_test(hash_sees_every_byte),
        cmocka_unit_test(keyed_hash_is_siphash),
        cmocka_unit_test(sha256_is_sha256),
        cmocka_unit_test(digests_tell_parts_apart),
        cmocka_unit_test(digests_are_the_same_everywhere),
        cmocka_unit_test(random_bytes_differ),
    };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
