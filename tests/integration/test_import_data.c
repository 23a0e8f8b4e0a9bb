/* SPDX-License-Identifier: MIT */
/* The big data sets (tests/support/shared_data.h): import through the examples' maps, then each
 * lead's explanation must sum to its score exactly, and a second import must add nothing. Also the
 * bound of what is sorted at a time, which takes as many events. */
#include "base/json_read.h"
#include "base/limits.h"
#include "integration/import_kit.h"
#include "store/states.h"
#include "support/shared_data.h"

/* "50.125" in thousandths. */
static int64_t milli_of(struct rp_str text)
{
    char copy[32];

    assert_true(text.len < sizeof(copy));
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return (int64_t)(strtod(copy, NULL) * 1000 + (copy[0] == '-' ? -0.5 : 0.5));
}

struct sums {
    int64_t value, rows;
    size_t row_count;
};

/* One dimension: {"value":n,"rows":[{…,"value":n}]}. */
static void read_dimension(struct rp_json *json, struct sums *sums)
{
    int depth = 1;
    bool in_rows = false;

    assert_int_equal(rp_json_next(json), RP_JSON_OBJECT);
    *sums = (struct sums){0};
    while (depth > 0) {
        enum rp_json_token token = rp_json_next(json);

        assert_true(token > RP_JSON_END);
        if (token == RP_JSON_OBJECT || token == RP_JSON_ARRAY) {
            depth++;
        } else if (token == RP_JSON_OBJECT_END || token == RP_JSON_ARRAY_END) {
            depth--;
            in_rows = in_rows && depth > 1;
        } else if (token == RP_JSON_KEY && depth == 1 && rp_str_is(json->string, "rows")) {
            in_rows = true;
        } else if (token == RP_JSON_KEY && rp_str_is(json->string, "value") &&
                   (depth == 1 || (depth == 3 && in_rows))) {
            assert_int_equal(rp_json_next(json), RP_JSON_NUMBER);
            if (depth == 1) {
                sums->value = milli_of(json->raw);
            } else {
                sums->rows += milli_of(json->raw);
                sums->row_count++;
            }
        }
    }
}

/* Checks the whole explanation; returns how many rows it has. */
static size_t check_explanation(struct rp_arena *arena, struct rp_str text)
{
    struct rp_json json;
    enum rp_json_token token;
    size_t rows = 0;

    rp_json_init(&json, arena, text);
    assert_int_equal(rp_json_next(&json), RP_JSON_OBJECT);
    while ((token = rp_json_next(&json)) == RP_JSON_KEY) {
        if (!rp_str_is(json.string, "dimensions")) {
            (void)rp_json_skip(&json, NULL);
            continue;
        }
        assert_int_equal(rp_json_next(&json), RP_JSON_OBJECT);
        while (rp_json_next(&json) == RP_JSON_KEY) {
            struct sums sums;

            read_dimension(&json, &sums);
            if (sums.value != sums.rows) {
                fail_msg("rows sum to %lld, the value is %lld: %.*s", (long long)sums.rows,
                         (long long)sums.value, RP_STR_ARG(text));
            }
            rows += sums.row_count;
        }
    }
    assert_int_equal(token, RP_JSON_OBJECT_END);
    return rows;
}

static void check_leads(struct rp_core *core, int64_t at_ms, size_t leads)
{
    struct rp_reader *reader;
    struct rp_arena arena;
    struct rp_err err = {0};
    int64_t ids[256], after = 0;
    size_t seen = 0, rows = 0;
    int got;

    rp_arena_init(&arena);
    assert_int_equal(rp_reader_open(NULL, rp_core_store(core), rp_core_active(core), &reader, &err),
                     0);
    while ((got = rp_state_ids(rp_core_store(core), after, ids, 256, &err)) > 0) {
        for (int i = 0; i < got; i++) {
            struct rp_lead lead;
            struct rp_str stage;
            struct rp_buf out = {0};

            memset(&lead, 0, sizeof(lead));
            assert_int_equal(rp_state_load(rp_core_store(core), ids[i], &lead, &stage, &err), 0);
            assert_int_equal(rp_reader_explain(reader, rp_str_from(lead.public_id), at_ms,
                                               RP_FORMAT_JSON, false, &out, &err),
                             0);
            rows += check_explanation(&arena, rp_buf_view(&out));
            rp_lead_fini(&lead);
            rp_buf_fini(&out);
            rp_arena_reset(&arena);
            seen++;
        }
        after = ids[got - 1];
    }
    assert_int_equal(got, 0);
    assert_int_equal(seen, leads);
    assert_true(rows > leads); /* most have reasons */
    print_message("%zu leads explained, %zu rows\n", seen, rows);
    rp_reader_close(reader);
    rp_arena_fini(&arena);
}

static void import_one(struct rp_core *core, const char *folder, const char *file, const char *map,
                       size_t accepted, size_t duplicates, struct rp_import_result *ret_result)
{
    struct rp_err err = {0};
    char path[2048];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (kit_import(core, path, map, 0, 0, ret_result, &err) != 0) {
        fail_msg("%s: %s", path, err.text);
    }
    assert_int_equal(ret_result->rejected, 0);
    assert_int_equal(ret_result->accepted, accepted);
    assert_int_equal(ret_result->duplicates, duplicates);
    print_message("%s: %zu rows, %.2f s, %.0f rows/s\n", file, ret_result->rows,
                  (double)ret_result->micros / 1e6,
                  (double)ret_result->rows * 1e6 / (double)ret_result->micros);
}

static bool folder_of(const char *name, char *path, size_t size)
{
    DIR *dir = shared_data_open(name, path, size);

    if (dir) {
        closedir(dir);
    }
    return dir != NULL;
}

static void test_leadforge(void **state)
{
    struct rp_import_result result;
    struct rp_core *core;
    char folder[2000];

    (void)state;
    if (!folder_of("leads/leadforge-synthetic", folder, sizeof(folder))) {
        skip();
    }
    core = kit_core(kit_path("leadforge.db"), "rules");
    import_one(core, folder, "profiles_and_outcomes.csv.gz",
               "examples/imports/leadforge-profiles.lua", 5000, 0, &result);
    assert_int_equal(result.leads, 5000);
    rp_import_result_fini(&result);
    rp_core_close(core); /* as two runs of the program */
    core = kit_core(kit_path("leadforge.db"), "rules");
    /* 6,011 outbound mails and 5,890 outbound messages are left out by the map. */
    import_one(core, folder, "events.csv.gz", "examples/imports/leadforge-events.lua",
               136965 - 6011 - 5890, 0, &result);
    assert_int_equal(result.rows, 136965);
    assert_int_equal(result.skipped, 6011 + 5890);
    rp_import_result_fini(&result);
    check_leads(core, INT64_C(1714262400000), 5000); /* 2024-04-28 */
    rp_core_close(core);
    core = kit_core(kit_path("leadforge.db"), "rules");
    import_one(core, folder, "events.csv.gz", "examples/imports/leadforge-events.lua", 0,
               136965 - 6011 - 5890, &result);
    rp_import_result_fini(&result);
    rp_core_close(core);
}

static void test_ecom(void **state)
{
    struct rp_import_result result;
    struct rp_core *core;
    char folder[2000];

    (void)state;
    if (!folder_of("leads/event-log-ecom", folder, sizeof(folder))) {
        skip();
    }
    core = kit_core(kit_path("ecom.db"), "examples/imports/ecom-rules");
    import_one(core, folder, "ecom.csv.gz", "examples/imports/ecom-events.lua", 31106, 0, &result);
    assert_int_equal(result.leads, 600);
    rp_import_result_fini(&result);
    check_leads(core, INT64_C(1719705600000), 600); /* 2024-06-30 */
    import_one(core, folder, "ecom.csv.gz", "examples/imports/ecom-events.lua", 0, 31106, &result);
    rp_import_result_fini(&result);
    rp_core_close(core);
}

static void test_truth(void **state)
{
    struct rp_import_result result;
    struct rp_core *core;
    char folder[2000];

    (void)state;
    if (!folder_of("leads/ripen-synthetic-truth", folder, sizeof(folder))) {
        skip();
    }
    core = kit_core(kit_path("truth.db"), "rules");
    import_one(core, folder, "leads.csv.gz", "examples/imports/truth-leads.lua", 6000, 0, &result);
    rp_import_result_fini(&result);
    import_one(core, folder, "events.csv.gz", "examples/imports/truth-events.lua", 74292, 0,
               &result);
    rp_import_result_fini(&result);
    check_leads(core, INT64_C(1793491200000), 6000); /* 2026-11-01 */
    rp_core_close(core);
}

/* Events in reversed order: as many as are sorted at a time come in order, one more is late. */
static void test_chunk_bound(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct rp_core *core = kit_core(NULL, "examples/imports/ecom-rules");
        struct rp_core_stats stats;
        struct rp_buf rows = {0};

        for (size_t i = RP_IMPORT_EVENTS_MAX + extra; i > 0; i--) {
            rp_buf_printf(&rows, "{\"type\":\"page\",\"userId\":\"u%zu\",\"timestamp\":%zu}\n",
                          i % 5000, (size_t)1770000000 + i);
        }
        kit_import_ok(core, kit_write("chunk.ndjson", rows.ptr, rows.len), NULL, 0,
                      RP_IMPORT_EVENTS_MAX + extra, 0, 0);
        rp_core_stats(core, &stats);
        assert_int_equal(stats.refolds, extra);
        rp_buf_fini(&rows);
        rp_core_close(core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leadforge),
        cmocka_unit_test(test_ecom),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_chunk_bound),
    };

    return cmocka_run_group_tests_name("import_data", tests, kit_setup, kit_teardown);
}
