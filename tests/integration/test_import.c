/* SPDX-License-Identifier: MIT */
/* Import: NDJSON and CSV, gzipped or not; maps and their errors; second imports; bad rows; order.
 */
#include "base/limits.h"
#include "integration/import_kit.h"

#define AT INT64_C(1772582400000) /* 2026-03-04T00:00:00Z */

static const char plain_map[] =
    "return {\n"
    "  userId = \"{who}\", timestamp = \"{when}\",\n"
    "  by = \"{what}\",\n"
    "  rows = {\n"
    "    price = { type = \"page\", properties = { path = \"/pricing\" } },\n"
    "    seen  = { type = \"page\", properties = { path = \"{note|/}\" } },\n"
    "    demo  = \"Demo Requested\",\n"
    "    noise = false,\n"
    "  },\n"
    "}\n";

static const char csv[] = "who,when,what,note\r\n"
                          "ana,2026-03-02,price,\r\n"
                          "ana,2026-03-02T10:00:00Z,seen,/blog/a\r\n"
                          "ana,2026-03-02T10:00:00Z,noise,\r\n"
                          "bob,2026-03-03 08:00:00,demo,\"said \"\"yes\"\", twice\"\r\n"
                          "ana,2026-03-03,Price,\r\n";

static const char ndjson[] =
    "{\"type\":\"page\",\"userId\":\"ana\",\"timestamp\":\"2026-03-02T09:00:00Z\",\"properties\":"
    "{\"path\":\"/pricing\"}}\n"
    "\n"
    "{\"type\":\"track\",\"userId\":\"ana\",\"event\":\"Unsubscribed\",\"timestamp\":"
    "\"2026-03-02T11:00:00Z\"}\r\n"
    "{\"type\":\"track\",\"userId\":\"ana\",\"event\":\"Unsubscribed\",\"timestamp\":"
    "\"2026-03-02T11:00:00Z\"}\n"
    "{\"batch\":[{\"type\":\"identify\",\"userId\":\"bob\",\"messageId\":\"b1\"},{\"type\":"
    "\"page\","
    "\"userId\":\"bob\",\"messageId\":\"b2\"}],\"sentAt\":\"2026-03-02T12:00:00Z\"}";

/* ---- What is read -----------------------------------------------------------------------------
 */

static void test_ndjson(void **state)
{
    struct rp_core *core = kit_core(NULL, "rules");
    const char *path = kit_text("a.ndjson", ndjson);

    (void)state;
    kit_import_ok(core, path, NULL, 0, 5, 0, 0); /* two equal lines are two events */
    kit_import_ok(core, path, NULL, 0, 0, 5, 0);
    rp_core_close(core);
}

/* The same rows from CSV, gzipped CSV and NDJSON explain the same. */
static void test_csv_and_gzip(void **state)
{
    static const char *const names[] = {"a.csv", "a.csv.gz"};
    const char *map = kit_text("map.lua", plain_map);
    struct rp_buf first = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rp_core *core = kit_core(NULL, "rules");
        struct rp_buf text;

        kit_import_ok(core, kit_text(names[i], csv), map, 0, 4, 0, 0);
        text = kit_explain(core, "ana", AT);
        kit_has(text.ptr, "viewed_pricing");
        kit_has(text.ptr, "read_article");
        if (i > 0) {
            assert_string_equal(text.ptr, first.ptr);
        }
        rp_buf_fini(&first);
        first = text;
        rp_core_close(core);
    }
    rp_buf_fini(&first);
}

/* Rows get their ids from their cells, so a longer file adds only what is new, and an earlier row
 * that comes again is another event. */
static void test_second_import(void **state)
{
    const char *map = kit_text("map.lua", plain_map);
    struct rp_core *core = kit_core(NULL, "rules");
    struct rp_buf before, after;
    char longer[1024];

    (void)state;
    kit_import_ok(core, kit_text("a.csv", csv), map, 0, 4, 0, 0);
    before = kit_explain(core, "ana", AT);
    kit_import_ok(core, kit_text("a.csv", csv), map, 0, 0, 4, 0);
    after = kit_explain(core, "ana", AT);
    assert_string_equal(before.ptr, after.ptr);
    snprintf(longer, sizeof(longer), "%sana,2026-03-02,price,\r\ncyd,2026-03-02,demo,\r\n", csv);
    kit_import_ok(core, kit_text("b.csv", longer), map, 0, 2, 4, 0);
    kit_import_ok(core, kit_text("b.csv", longer), map, 1, 0, 6, 0); /* whatever the chunks */
    rp_buf_fini(&before);
    rp_buf_fini(&after);
    rp_core_close(core);
}

/* Leads that a former process left behind take new events like any other. */
static void test_after_restart(void **state)
{
    static const size_t accepted[] = {10, 10, 0, 10};
    char names[4][16];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct rp_core *core = kit_core(kit_path("restart.db"), "rules");
        struct rp_buf rows = {0};
        unsigned day = i < 2 ? i + 1 : i; /* the third import is the second once more */

        for (unsigned lead = 0; lead < 10; lead++) {
            rp_buf_printf(&rows,
                          "{\"type\":\"page\",\"userId\":\"u%u\",\"timestamp\":\"2026-02-%02u\"}\n",
                          lead, day);
        }
        snprintf(names[i], sizeof(names[i]), "r%u.ndjson", i);
        kit_import_ok(core, kit_write(names[i], rows.ptr, rows.len), NULL, 0, accepted[i],
                      10 - accepted[i], 0);
        rp_buf_fini(&rows);
        rp_core_close(core);
    }
}

/* A map may name the id: then rows with one id are one event, and two maps may read one row. */
static void test_message_id(void **state)
{
    struct rp_core *core = kit_core(NULL, "rules");
    const char *by_id =
        kit_text("id.lua", "return { userId = \"{u}\", messageId = \"{id}\", event = "
                           "\"{e}\", timestamp = \"2026-03-02\" }\n");
    const char *profile = kit_text(
        "profile.lua", "return { type = \"identify\", userId = \"{u}\", messageId = "
                       "\"{id}-profile\", traits = { plan = \"{e}\", n = 3, ok = true, tags "
                       "= { \"{e}\", \"x\" } }, timestamp = \"2026-03-01\" }\n");
    const char *path = kit_text("id.csv", "id;u;e\n1;ana;Quote Requested\n1;ana;Demo Requested\n");
    struct rp_reader *reader;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    (void)state;
    kit_import_ok(core, path, by_id, 0, 1, 1, 0);
    kit_import_ok(core, path, profile, 0, 1, 1, 0);
    assert_int_equal(rp_reader_open(NULL, rp_core_store(core), rp_core_active(core), &reader, &err),
                     0);
    assert_int_equal(rp_reader_lead(reader, RP_STR("ana"), AT, RP_FORMAT_JSON, false, &out, &err),
                     0);
    kit_has(out.ptr, "\"plan\":\"Quote Requested\"");
    kit_has(out.ptr, "\"n\":3");
    kit_has(out.ptr, "\"ok\":true");
    kit_has(out.ptr, "\"tags\":[\"Quote Requested\",\"x\"]");
    rp_buf_fini(&out);
    rp_reader_close(reader);
    rp_core_close(core);
}

/* ---- Maps with errors -------------------------------------------------------------------------
 */

static const struct {
    const char *map, *line, *says;
} bad_maps[] = {
    {"return {\n  userId = \"{who}\",\n  evnt = \"X\",\n}", ":3", "did you mean 'event'?"},
    {"return {\n  event = \"X\",\n}", ":1", "whose events"},
    {"return {\n  userId = \"{who}\",\n}", ":1", "which event"},
    {"return {\n  userId = \"{who\", event = \"X\",\n}", ":2", "{ without a column"},
    {"return {\n  userId = \"{}\", event = \"X\",\n}", ":2", "{ without a column"},
    {"return {\n  userId = \"{whoo}\",\n  event = \"X\",\n}", ":2", "did you mean 'who'?"},
    {"return {\n  userId = \"{who}\",\n  event = \"{zzzzzz}\",\n}", ":3",
     "the file has: who, when, what, note"},
    {"return {\n  userId = \"{who}\",\n  by = \"{what}\",\n}", ":1", "'rows' is missing"},
    {"return {\n  userId = \"{who}\",\n  rows = { a = \"A\" },\n}", ":1", "'by' is missing"},
    {"return {\n  userId = \"{who}\",\n  type = \"pge\",\n}", ":3", "did you mean 'page'?"},
    {"return {\n  userId = 5,\n  event = \"X\",\n}", ":2", "a number"},
    {"return {\n  userId = \"{who}\", by = \"{what}\",\n  rows = {\n    a = true,\n  },\n}", ":4",
     "cannot be `true`"},
    {"return {\n  userId = \"{who}\",\n  event = \"X\",\n  event = \"Y\",\n}", ":4", "event"},
    {"return {\n  userId = \"{who}\"\n  event = \"X\",\n}", ":3", ""},
    {"local x = 1\nx = y.z\nreturn { userId = \"{who}\", event = \"X\" }", ":2", "y"},
    {"while true do end", "", "loop"},
    {"userId = \"{who}\"", "", "local"},
    {"local a = 1", "", "returns a table"},
    {"return \"x\"", "", "returns a table"},
};

static void test_bad_maps(void **state)
{
    (void)state;
    kit_text("a.csv", csv);
    for (size_t i = 0; i < RP_COUNT(bad_maps); i++) {
        char text[4096], place[200];

        kit_text("bad.lua", bad_maps[i].map);
        assert_int_equal(kit_run(text, sizeof(text), "import %s --map %s --db %s --rules rules",
                                 kit_path("a.csv"), kit_path("bad.lua"), kit_path("bad.db")),
                         2);
        snprintf(place, sizeof(place), "bad.lua%s", bad_maps[i].line);
        kit_has(text, place);
        kit_has(text, bad_maps[i].says);
        assert_int_not_equal(access(kit_path("bad.db"), F_OK), 0); /* nothing was touched */
    }
}

static void test_wrong_files(void **state)
{
    static const struct {
        const char *file, *text, *map, *says;
    } cases[] = {
        {"a.csv", csv, NULL, "--map"},
        {"a.txt", csv, NULL, "--map"},
        {"a.csv.gz", csv, NULL, "--map"},
        {"a.ndjson", ndjson, "map.lua", "leave it out"},
        {"a.csv", csv, "nowhere.lua", "nowhere.lua cannot be read"},
        {"empty.csv", "", "map.lua", "is empty"},
        {"latin.csv", "who,caf\xe9\nana,1\n", "map.lua", "UTF-8"},
        {"absent.csv", NULL, "map.lua", "cannot be read"},
    };
    char text[4096];

    (void)state;
    kit_text("map.lua", plain_map);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        if (cases[i].text) {
            kit_text(cases[i].file, cases[i].text);
        }
        assert_int_equal(kit_run(text, sizeof(text), "import %s --db %s --rules rules %s %s",
                                 kit_path(cases[i].file), kit_path("wrong.db"),
                                 cases[i].map ? "--map" : "",
                                 cases[i].map ? kit_path(cases[i].map) : ""),
                         2);
        kit_has(text, cases[i].says);
    }
    assert_int_equal(kit_run(text, sizeof(text), "import %s --rules rules", kit_dir), 2);
    kit_has(text, "directory");
}

/* A map as large as a file of rules may be, and one byte larger. */
static void test_map_bound(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct rp_findings findings = {0};
        struct rp_mapping *mapping;
        struct rp_buf text = {0};
        struct rp_arena arena;
        struct rp_err err = {0};

        rp_buf_text(&text, plain_map);
        while (text.len < RP_RULE_FILE_MAX + extra) {
            rp_buf_char(&text, '\n');
        }
        rp_arena_init(&arena);
        assert_int_equal(rp_mapping_load(&arena, kit_write("big.lua", text.ptr, text.len), &mapping,
                                         &findings, &err),
                         extra ? RIPEN_ELIMIT : 0);
        rp_arena_fini(&arena);
        rp_buf_fini(&text);
    }
}

/* ---- Rows with errors -------------------------------------------------------------------------
 */

static void test_rejected_rows(void **state)
{
    static const char rows[] = "who,when,what,note\n"
                               "ana,2026-03-02,price,\n"
                               "ana,yesterday,price,\n"
                               "ana,2026-03-02,price\n"
                               "ana,2026-03-02,dance,\n"
                               ",2026-03-02,price,\n"
                               "\"ana\" b,2026-03-02,price,x,y\n"
                               "\xff,2026-03-02,price,\n"
                               "-1,2026-03-02,price,\n"
                               "bob,2026-03-02,price,\n";
    static const struct {
        size_t line;
        const char *code;
    } expected[] = {{3, "bad_time"},   {4, "bad_record"}, {5, "not_in_map"}, {6, "no_identity"},
                    {7, "bad_record"}, {8, "bad_record"}, {9, "no_identity"}};
    const char *map = kit_text("map.lua", plain_map);
    struct rp_core *core = kit_core(NULL, "rules");
    struct rp_import_result result;
    struct rp_err err = {0};

    (void)state;
    assert_int_equal(kit_import(core, kit_text("bad.csv", rows), map, 0, 0, &result, &err), 0);
    assert_int_equal(result.accepted, 2);
    assert_int_equal(result.rejected, RP_COUNT(expected));
    assert_int_equal(result.leads, 2);
    for (size_t i = 0; i < RP_COUNT(expected); i++) {
        bool found = false;

        for (size_t j = 0; j < result.reason_count; j++) {
            found = found || (result.reasons[j].line == expected[i].line &&
                              strcmp(result.reasons[j].code, expected[i].code) == 0 &&
                              result.reasons[j].message.len > 0);
        }
        if (!found) {
            fail_msg("line %zu was not rejected as %s", expected[i].line, expected[i].code);
        }
    }
    rp_import_result_fini(&result);
    rp_core_close(core);
}

/* The first reasons are kept, at the bound and past it; all are counted. */
static void test_reasons_bound(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct rp_core *core = kit_core(NULL, "rules");
        struct rp_import_result result;
        struct rp_buf rows = {0};
        struct rp_err err = {0};

        for (size_t i = 0; i < RP_IMPORT_REASONS_MAX + extra; i++) {
            rp_buf_text(&rows, "{\"type\":\"page\"}\n");
        }
        assert_int_equal(
            kit_import(core, kit_write("r.ndjson", rows.ptr, rows.len), NULL, 0, 0, &result, &err),
            0);
        assert_int_equal(result.rejected, RP_IMPORT_REASONS_MAX + extra);
        assert_int_equal(result.reason_count, RP_IMPORT_REASONS_MAX);
        rp_import_result_fini(&result);
        rp_buf_fini(&rows);
        rp_core_close(core);
    }
}

/* A line at the bound is read (and refused as an item); a byte more is refused as a line. */
static void test_line_bound(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct rp_core *core = kit_core(NULL, "rules");
        struct rp_import_result result;
        struct rp_buf text = {0};
        struct rp_err err = {0};

        rp_buf_text(&text, "{\"batch\":[{\"type\":\"page\",\"userId\":\"ana\"}]}");
        while (text.len < RP_BODY_MAX + extra) {
            rp_buf_char(&text, ' ');
        }
        rp_buf_text(&text, "\n{\"type\":\"page\",\"userId\":\"bob\"}\n");
        assert_int_equal(
            kit_import(core, kit_write("l.ndjson", text.ptr, text.len), NULL, 0, 0, &result, &err),
            0);
        assert_int_equal(result.accepted, 2 - extra);
        assert_int_equal(result.rejected, extra);
        if (extra) {
            assert_string_equal(result.reasons[0].code, "line_too_large");
        }
        rp_import_result_fini(&result);
        rp_buf_fini(&text);
        rp_core_close(core);
    }
}

/* A line may hold a batch: as many events as a request, and one more. */
static void test_batch_bound(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct rp_core *core = kit_core(NULL, "rules");
        struct rp_buf text = {0};

        rp_buf_text(&text, "{\"batch\":[");
        for (size_t i = 0; i < RP_BATCH_ITEMS_MAX + extra; i++) {
            rp_buf_printf(&text, "%s{\"type\":\"page\",\"userId\":\"u%zu\"}", i ? "," : "", i);
        }
        rp_buf_text(&text, "]}\n");
        kit_import_ok(core, kit_write("batch.ndjson", text.ptr, text.len), NULL, 0,
                      RP_BATCH_ITEMS_MAX, 0, extra);
        rp_buf_fini(&text);
        rp_core_close(core);
    }
}

/* What stands before a cut in a gzip file is imported; the cut is said. */
static void test_cut_off(void **state)
{
    struct rp_buf rows = {0};
    char text[4096];
    const char *path;
    FILE *file;
    long size;
    unsigned long noise = 1;

    (void)state;
    for (size_t i = 0; i < 20000; i++) { /* noise, so that a byte of the file is a byte of it */
        noise = noise * 6364136223846793005UL + 1442695040888963407UL;
        rp_buf_printf(&rows, "{\"type\":\"page\",\"userId\":\"u%lu\"}\n", noise);
    }
    path = kit_write("cut.ndjson.gz", rows.ptr, rows.len);
    file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    fclose(file);
    assert_int_equal(truncate(path, size / 2), 0);
    assert_int_equal(
        kit_run(text, sizeof(text), "import %s --db %s --rules rules", path, kit_path("cut.db")),
        2);
    kit_has(text, "could not be read to its end");
    kit_has(text, "second import");
    assert_null(strstr(text, " 0 accepted"));
    rp_buf_fini(&rows);
}

/* ---- Order ------------------------------------------------------------------------------------
 */

enum { EVENTS = 300, LEADS = 7 };

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void write_event(struct rp_buf *out, size_t i)
{
    static const char *const kinds[] = {
        "\"type\":\"page\",\"properties\":{\"path\":\"/pricing\"}",
        "\"type\":\"page\",\"properties\":{\"path\":\"/blog/%zu\"}",
        "\"type\":\"track\",\"event\":\"Ebook Downloaded\",\"properties\":{\"title\":\"t%zu\"}",
        "\"type\":\"track\",\"event\":\"Email Link Clicked\",\"properties\":{\"email_id\":\"%zu\"}",
        "\"type\":\"identify\",\"traits\":{\"title\":\"VP Sales %zu\"}",
        "\"type\":\"track\",\"event\":\"Demo Requested\"",
    };
    uint32_t seed = (uint32_t)i * 2654435761u;
    size_t kind = next_random(&seed) % RP_COUNT(kinds);
    char body[160];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
    snprintf(body, sizeof(body), kinds[kind], i % 40);
#pragma GCC diagnostic pop
    rp_buf_printf(out,
                  "{\"messageId\":\"m%zu\",\"userId\":\"u%u\",\"timestamp\":"
                  "\"2026-02-%02uT%02u:00:00Z\",%s}\n",
                  i, next_random(&seed) % LEADS, 1 + next_random(&seed) % 28,
                  next_random(&seed) % 24, body);
}

static void explain_all(struct rp_core *core, struct rp_buf *out)
{
    for (unsigned lead = 0; lead < LEADS; lead++) {
        char name[16];
        struct rp_buf text;

        snprintf(name, sizeof(name), "u%u", lead);
        text = kit_explain(core, name, AT);
        rp_buf_str(out, rp_buf_view(&text));
        rp_buf_fini(&text);
    }
}

/* Whatever the order of rows and the size of chunks (at one chunk, and one event past it), the
 * explanations are the same. */
static void test_any_order(void **state)
{
    static const size_t chunks[] = {0, 1, 2, 7, EVENTS - 1, EVENTS};
    struct rp_buf wanted = {0};

    (void)state;
    for (size_t c = 0; c < RP_COUNT(chunks); c++) {
        struct rp_core *core = kit_core(NULL, "rules");
        struct rp_buf rows = {0}, got = {0};
        size_t order[EVENTS];
        uint32_t seed = (uint32_t)c;

        for (size_t i = 0; i < EVENTS; i++) {
            order[i] = i;
        }
        for (size_t i = EVENTS - 1; i > 0; i--) {
            size_t j = next_random(&seed) % (i + 1), swap = order[i];

            order[i] = order[j];
            order[j] = swap;
        }
        for (size_t i = 0; i < EVENTS; i++) {
            write_event(&rows, order[i]);
        }
        kit_import_ok(core, kit_write("o.ndjson", rows.ptr, rows.len), NULL, chunks[c], EVENTS, 0,
                      0);
        explain_all(core, &got);
        if (c > 0) {
            assert_string_equal(got.ptr, wanted.ptr);
        }
        kit_has(got.ptr, "asked_for_demo");
        rp_buf_fini(&wanted);
        wanted = got;
        rp_buf_fini(&rows);
        rp_core_close(core);
    }
    rp_buf_fini(&wanted);
}

/* Chunks by bytes: with room for one event only, each is a group of its own. */
static void test_bytes_bound(void **state)
{
    struct rp_core_stats few, many;
    struct rp_import_result result;
    struct rp_buf rows = {0};
    struct rp_err err = {0};
    struct rp_core *core;

    (void)state;
    for (size_t i = 0; i < 50; i++) {
        write_event(&rows, i);
    }
    kit_write("b.ndjson", rows.ptr, rows.len);
    core = kit_core(NULL, "rules");
    assert_int_equal(kit_import(core, kit_path("b.ndjson"), NULL, 0, 0, &result, &err), 0);
    rp_import_result_fini(&result);
    rp_core_stats(core, &few);
    rp_core_close(core);
    core = kit_core(NULL, "rules");
    assert_int_equal(kit_import(core, kit_path("b.ndjson"), NULL, 0, 1, &result, &err), 0);
    assert_int_equal(result.accepted, 50);
    rp_import_result_fini(&result);
    rp_core_stats(core, &many);
    rp_core_close(core);
    assert_int_equal(few.groups, 1);
    assert_int_equal(many.groups, 50);
    rp_buf_fini(&rows);
}

/* ---- The program ------------------------------------------------------------------------------
 */

static void test_program(void **state)
{
    char text[8192];

    (void)state;
    kit_text("a.csv", csv);
    kit_text("map.lua", plain_map);
    assert_int_equal(kit_run(text, sizeof(text), "import %s --map %s --db %s --rules rules",
                             kit_path("a.csv"), kit_path("map.lua"), kit_path("p.db")),
                     0);
    kit_has(text, "5 rows: 4 accepted, 0 duplicates, 0 rejected, 1 left out by the map; 2 leads;");
    assert_int_equal(kit_run(text, sizeof(text),
                             "import - --map %s --db %s --rules rules --format json <%s",
                             kit_path("map.lua"), kit_path("p.db"), kit_path("a.csv")),
                     0);
    kit_has(text, "{\"rows\":5,\"accepted\":0,\"duplicates\":4,\"rejected\":0,\"skipped\":1");
    kit_text("half.ndjson", "{\"type\":\"page\",\"userId\":\"dan\"}\nnonsense\n");
    assert_int_equal(kit_run(text, sizeof(text), "import %s --db %s --rules rules",
                             kit_path("half.ndjson"), kit_path("p.db")),
                     1);
    kit_has(text, "line 2 rejected (not_json)");
    kit_has(text, "2 rows: 1 accepted, 0 duplicates, 1 rejected; 1 lead;");
    assert_int_equal(kit_run(text, sizeof(text), "leads --db %s --format json", kit_path("p.db")),
                     0);
    kit_has(text, "\"userId\":\"dan\"");
    assert_int_equal(kit_run(text, sizeof(text), "import %s --db %s --rules /nonexistent",
                             kit_path("half.ndjson"), kit_path("p.db")),
                     2);
}

/* With --history stages move and nothing is to be delivered; without it there is something. */
static void test_history(void **state)
{
    static const char rows[] =
        "{\"type\":\"identify\",\"userId\":\"bob\",\"traits\":{\"email\":\"bob@globex.test\"}}\n"
        "{\"type\":\"track\",\"userId\":\"bob\",\"event\":\"Demo Requested\"}\n";
    static const char *const flags[] = {"--history", ""};
    char text[16384];

    (void)state;
    kit_text("h.ndjson", rows);
    for (size_t i = 0; i < 2; i++) {
        const char *db = kit_path(i ? "h1.db" : "h0.db");
        struct rp_store *store;
        struct rp_err err = {0};
        int64_t count = 0;

        assert_int_equal(kit_run(text, sizeof(text), "import %s --db %s --rules rules %s",
                                 kit_path("h.ndjson"), db, flags[i]),
                         0);
        assert_int_equal(kit_run(text, sizeof(text), "lead bob --db %s --format json", db), 0);
        kit_has(text, "\"stage\":\"sql\"");
        assert_int_equal(rp_store_open(db, RP_STORE_READ, &store, &err), 0);
        for (int s = RP_OUTBOX_PENDING; s <= RP_OUTBOX_OPEN; s++) {
            count += rp_outbox_count(store, (enum rp_outbox_state)s);
        }
        rp_store_close(store);
        if (i == 0) {
            assert_int_equal(count, 0);
        } else {
            assert_true(count > 0);
        }
    }
}

static void test_busy(void **state)
{
    char text[4096];
    struct rp_core *core = kit_core(kit_path("busy.db"), "rules");

    (void)state;
    kit_text("a.ndjson", ndjson);
    assert_int_equal(kit_run(text, sizeof(text), "import %s --db %s --rules rules",
                             kit_path("a.ndjson"), kit_path("busy.db")),
                     2);
    kit_has(text, "in use");
    rp_core_close(core);
    assert_int_equal(kit_run(text, sizeof(text), "import %s --db %s --rules rules",
                             kit_path("a.ndjson"), kit_path("busy.db")),
                     0);
}

static void test_init(void **state)
{
    char text[8192], command[256];

    (void)state;
    assert_int_equal(kit_run(text, sizeof(text), "init %s/deep/rules", kit_dir), 0);
    kit_has(text, "ripen check");
    snprintf(command, sizeof(command),
             "cp %s/deep/rules/ripen.lua %s && rm %s/deep/rules/ripen.lua", kit_dir,
             kit_path("kept.lua"), kit_dir);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command),
             "diff -r -x .ripen -x .luarc.json -x .luacheckrc rules %s/deep/rules", kit_dir);
    assert_int_equal(system(command), 0); /* byte for byte; what editors read is generated */
    assert_int_equal(kit_run(text, sizeof(text), "init %s/deep/rules", kit_dir), 2);
    kit_has(text, "10-model.lua");
    assert_int_not_equal(access(kit_path("deep/rules/ripen.lua"), F_OK), 0);
    snprintf(command, sizeof(command), "cp %s %s/deep/rules/ripen.lua", kit_path("kept.lua"),
             kit_dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(kit_run(text, sizeof(text), "check %s/deep/rules", kit_dir), 0);
    assert_null(strstr(text, "W101")); /* its endpoints are configured */
    kit_text("file", "");
    assert_int_equal(kit_run(text, sizeof(text), "init %s/file/rules", kit_dir), 2);
}

/* The maps and rules of examples/imports are valid. */
static void test_examples(void **state)
{
    static const char *const maps[] = {"leadforge-events", "leadforge-profiles", "truth-events",
                                       "truth-leads", "ecom-events"};
    char text[8192];

    (void)state;
    for (size_t i = 0; i < RP_COUNT(maps); i++) {
        struct rp_findings findings = {0};
        struct rp_mapping *mapping;
        struct rp_arena arena;
        struct rp_err err = {0};
        char path[128];

        snprintf(path, sizeof(path), "examples/imports/%s.lua", maps[i]);
        rp_arena_init(&arena);
        if (rp_mapping_load(&arena, path, &mapping, &findings, &err) != 0 || findings.count > 0) {
            fail_msg("%s: %s %.*s", path, err.text,
                     RP_STR_ARG(findings.count ? findings.items[0].message : RP_STR("")));
        }
        rp_arena_fini(&arena);
    }
    assert_int_equal(kit_run(text, sizeof(text), "check examples/imports/ecom-rules"), 0);
    assert_null(strstr(text, "W1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ndjson),        cmocka_unit_test(test_csv_and_gzip),
        cmocka_unit_test(test_second_import), cmocka_unit_test(test_after_restart),
        cmocka_unit_test(test_message_id),    cmocka_unit_test(test_bad_maps),
        cmocka_unit_test(test_wrong_files),   cmocka_unit_test(test_map_bound),
        cmocka_unit_test(test_batch_bound),   cmocka_unit_test(test_rejected_rows),
        cmocka_unit_test(test_reasons_bound), cmocka_unit_test(test_line_bound),
        cmocka_unit_test(test_cut_off),       cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_bytes_bound),   cmocka_unit_test(test_program),
        cmocka_unit_test(test_history),       cmocka_unit_test(test_busy),
        cmocka_unit_test(test_init),          cmocka_unit_test(test_examples),
    };

    return cmocka_run_group_tests_name("import", tests, kit_setup, kit_teardown);
}
