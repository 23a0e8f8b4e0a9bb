/* SPDX-License-Identifier: MIT */
/* libripen as a host uses it: the public header and the shared object, nothing else. */
#include <ripen/ripen.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t now_ms = INT64_C(1772442000000); /* 2026-03-02T09:00:00Z */
static char dir[64];

static int64_t clock_ms(void *ctx)
{
    assert_ptr_equal(ctx, dir);
    return now_ms;
}

static struct ripen_options options_for(const char *db, const char *rules)
{
    struct ripen_options options = {.size = sizeof(options)};

    options.db_path = db;
    options.rules_dir = rules;
    options.now_ms = clock_ms;
    options.ctx = dir;
    return options;
}

static ripen *open_memory(void)
{
    struct ripen_options options = options_for(":memory:", "rules");
    ripen *handle;

    if (ripen_open(&options, &handle) != RIPEN_OK) {
        fail_msg("%s", ripen_message(handle));
    }
    return handle;
}

static struct ripen_verdicts ingest(ripen *handle, const char *json)
{
    struct ripen_verdicts verdicts = {0};

    if (ripen_ingest(handle, json, strlen(json), &verdicts) != RIPEN_OK) {
        fail_msg("%s", ripen_message(handle));
    }
    return verdicts;
}

static const char demo[] =
    "{\"batch\":[{\"messageId\":\"1\",\"type\":\"identify\",\"userId\":\"ana\",\"traits\":"
    "{\"email\":\"ana@globex.test\"}},{\"messageId\":\"2\",\"type\":\"track\",\"userId\":\"ana\","
    "\"event\":\"Demo Requested\"},{\"messageId\":\"3\",\"type\":\"track\",\"userId\":\"ana\"}]}";

static void test_ingest(void **state)
{
    ripen *handle = open_memory();
    struct ripen_verdicts verdicts = ingest(handle, demo);
    const char *json;

    (void)state;
    assert_int_equal(verdicts.accepted, 2);
    assert_int_equal(verdicts.rejected, 1);
    assert_non_null(strstr(verdicts.json, "\"no_event_name\""));
    verdicts = ingest(handle, demo);
    assert_int_equal(verdicts.accepted, 0);
    assert_int_equal(verdicts.duplicates, 2);
    assert_int_equal(ripen_ingest(handle, "{", 1, &verdicts), RIPEN_EINPUT);
    assert_non_null(strstr(ripen_message(handle), "JSON"));
    assert_int_equal(ripen_lead(handle, "nobody", &json), RIPEN_ENOTFOUND);
    assert_non_null(strstr(ripen_message(handle), "nobody"));
    assert_int_equal(ripen_lead(handle, "ana", &json), RIPEN_OK);
    assert_string_equal(ripen_message(handle), "");
    assert_non_null(strstr(json, "\"stage\":\"sql\""));
    assert_int_equal(ripen_explain(handle, "ana@globex.test", 0, &json), RIPEN_OK);
    assert_non_null(strstr(json, "asked_for_demo"));
    assert_int_equal(ripen_explain(handle, "ana", now_ms - 1, &json), RIPEN_OK);
    assert_null(strstr(json, "asked_for_demo"));
    ripen_close(handle);
}

/* One call takes as much as a request of the server: a byte more is refused. */
static void test_size(void **state)
{
    enum { MOST = 512 * 1024 };
    ripen *handle = open_memory();
    struct ripen_verdicts verdicts;
    char *text = malloc(MOST + 1);

    (void)state;
    memset(text, ' ', MOST + 1);
    memcpy(text, demo, sizeof(demo) - 1);
    assert_int_equal(ripen_ingest(handle, text, MOST, &verdicts), RIPEN_OK);
    assert_int_equal(ripen_ingest(handle, text, MOST + 1, &verdicts), RIPEN_ELIMIT);
    assert_non_null(strstr(ripen_message(handle), "524289"));
    free(text);
    ripen_close(handle);
}

static void test_outbox(void **state)
{
    ripen *handle = open_memory();
    const struct ripen_action *actions;
    size_t count, first_count;
    char key[64];

    (void)state;
    assert_int_equal(ripen_outbox_due_ms(handle), -1);
    ingest(handle, demo);
    assert_int_equal(ripen_outbox_due_ms(handle), now_ms);
    assert_int_equal(ripen_outbox_lease(handle, 30000, 100, &actions, &first_count), RIPEN_OK);
    assert_true(first_count >= 2); /* the CRM and the channel of the starter rules */
    snprintf(key, sizeof(key), "%s", actions[0].key);
    assert_int_equal(actions[0].attempts, 0);
    assert_int_equal(ripen_outbox_failed(handle, actions[0].id, 1, "no answer"), RIPEN_OK);
    for (size_t i = 1; i < first_count; i++) { /* still readable behind other calls */
        assert_int_equal(ripen_outbox_done(handle, actions[i].id), RIPEN_OK);
    }
    assert_int_equal(ripen_outbox_lease(handle, 30000, 100, &actions, &count), RIPEN_OK);
    assert_true(count <= 1);
    if (count == 0) { /* the wait was not drawn as 0 ms */
        int64_t due = ripen_outbox_due_ms(handle);

        assert_true(due > now_ms && due <= now_ms + 5000);
        now_ms = due;
        assert_int_equal(ripen_outbox_lease(handle, 30000, 100, &actions, &count), RIPEN_OK);
    }
    assert_int_equal(count, 1);
    assert_string_equal(actions[0].key, key);
    assert_int_equal(actions[0].attempts, 1);
    now_ms += 30001; /* a lease that nobody ends is given out again */
    assert_int_equal(ripen_outbox_lease(handle, 30000, 100, &actions, &count), RIPEN_OK);
    assert_int_equal(count, 1);
    assert_string_equal(actions[0].key, key);
    assert_int_equal(ripen_outbox_failed(handle, actions[0].id, 0, "gone"), RIPEN_OK);
    assert_int_equal(ripen_outbox_due_ms(handle), -1);
    ripen_close(handle);
}

static void test_file(void **state)
{
    char db[96];
    struct ripen_options options = options_for(db, NULL);
    ripen *handle, *second;
    const char *json;

    (void)state;
    snprintf(db, sizeof(db), "%s/library.db", dir);
    assert_int_equal(ripen_open(&options, &handle), RIPEN_ENOTFOUND);
    assert_non_null(strstr(ripen_message(handle), "rules_dir"));
    assert_int_equal(ripen_lead(handle, "ana", &json), RIPEN_ENOTFOUND);
    ripen_close(handle);
    options.rules_dir = "rules";
    assert_int_equal(ripen_open(&options, &handle), RIPEN_OK);
    ingest(handle, demo);
    assert_int_equal(ripen_open(&options, &second), RIPEN_EBUSY);
    assert_true(strlen(ripen_message(second)) > 0);
    ripen_close(second);
    ripen_close(handle);
    options.rules_dir = NULL; /* the rules that the store names as active */
    assert_int_equal(ripen_open(&options, &handle), RIPEN_OK);
    assert_int_equal(ripen_lead(handle, "ana", &json), RIPEN_OK);
    assert_non_null(strstr(json, "\"stage\":\"sql\""));
    ripen_close(handle);
}

static void test_bad_options(void **state)
{
    char rules[96], file[128];
    struct ripen_options options = options_for(":memory:", rules);
    ripen *handle;
    FILE *out;

    (void)state;
    snprintf(rules, sizeof(rules), "%s/broken", dir);
    snprintf(file, sizeof(file), "%s/10-model.lua", rules);
    assert_int_equal(mkdir(rules, 0777), 0);
    out = fopen(file, "w");
    fputs("dimension \"x\" { rnge = { 0, 1 } }\n", out);
    fclose(out);
    assert_int_equal(ripen_open(&options, &handle), RIPEN_ERULE);
    assert_non_null(strstr(ripen_message(handle), "10-model.lua"));
    assert_non_null(strstr(ripen_message(handle), "range"));
    ripen_close(handle);
    options.size = 8;
    assert_int_equal(ripen_open(&options, &handle), RIPEN_EINPUT);
    assert_null(handle);
    assert_string_equal(ripen_message(handle), "");
    ripen_close(handle);
    assert_string_equal(ripen_status_name(RIPEN_EBUSY), "EBUSY");
    assert_string_equal(ripen_version(), RIPEN_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ingest),      cmocka_unit_test(test_size),
        cmocka_unit_test(test_outbox),      cmocka_unit_test(test_file),
        cmocka_unit_test(test_bad_options),
    };
    char command[96];
    int failed;

    snprintf(dir, sizeof(dir), "/tmp/ripen-library-XXXXXX");
    if (!mkdtemp(dir)) {
        return 1;
    }
    failed = cmocka_run_group_tests_name("library", tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    return system(command) != 0 || failed > 0;
}
