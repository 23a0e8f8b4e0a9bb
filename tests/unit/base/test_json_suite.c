/* SPDX-License-Identifier: MIT */
/* The public JSONTestSuite: what must be accepted is, what must be refused is, the rest does not
 * matter as long as it ends. */
#include "base/json_read.h"
#include "support/shared_data.h"
#include "unit/base/groups.h"

static bool accepted(struct rp_arena *arena, struct rp_str text, bool skip_whole)
{
    struct rp_json json;
    enum rp_json_token token;

    rp_json_init(&json, arena, text);
    do
        token = skip_whole ? rp_json_skip(&json, NULL) : rp_json_next(&json);
    while (token > RP_JSON_END);
    return token == RP_JSON_END;
}

static void the_public_suite_passes(void **state)
{
    char path[1024];
    struct rp_arena arena;
    size_t counts[3] = {0};

    (void)state;
    DIR *dir = shared_data_open("json-test-suite/test_parsing", path, sizeof(path));
    if (!dir)
        skip();
    rp_arena_init(&arena);
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len;
        static const char kinds[] = "yni";
        const char *kind = strchr(kinds, entry->d_name[0]);
        if (!kind || entry->d_name[1] != '_')
            continue;
        counts[kind - kinds]++;
        char *bytes = shared_data_read(path, entry->d_name, &len);
        assert_non_null(bytes);
        char *exact = realloc(bytes, len ? len : 1); /* no NUL behind it to lean on */
        bool whole = accepted(&arena, (struct rp_str){exact, len}, true);
        bool pulled = accepted(&arena, (struct rp_str){exact, len}, false);
        free(exact);
        if (whole != pulled || (entry->d_name[0] == 'y' && !pulled) ||
            (entry->d_name[0] == 'n' && pulled))
            fail_msg("%s: pulled %d, skipped %d", entry->d_name, pulled, whole);
        rp_arena_reset(&arena);
    }
    closedir(dir);
    rp_arena_fini(&arena);
    printf("JSONTestSuite: %zu accepted, %zu refused, %zu either\n", counts[0], counts[1],
           counts[2]);
    assert_true(counts[0] > 90 && counts[1] > 180 && counts[2] > 30);
}

int test_json_suite(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_public_suite_passes),
    };

    return cmocka_run_group_tests_name("json_suite", tests, NULL, NULL);
}
