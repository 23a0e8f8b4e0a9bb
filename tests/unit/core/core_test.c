/* SPDX-License-Identifier: MIT */
/* The bench that the tests of core/ stand on. */
#include "core_test.h"

#include "base/when.h"
#include "core/amend.h"
#include "engine/load.h"

const char RULES[] =
    "dimension \"engagement\" { range = {0, 200}, half_life = \"21d\" }\n"
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"
    "total { fit = 1, engagement = 1 }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1 }\n"
    "score \"pricing\" { why = \"Looked at prices\", on = \"page\", when = { path = glob "
    "\"/pricing*\" },\n"
    "  points = 10, limit = { times = 3, per = \"7d\" }, cooldown = \"30m\" }\n"
    "score \"form\" { why = \"Sent a form\", on = \"Form Submitted\", points = 5 }\n"
    "score \"form_once\" { why = \"Sent a form\", on = \"Form Submitted\", points = 7, once = true "
    "}\n"
    "fit \"vp\" { why = \"Job title\", field = \"title\", missing = 0, other = 0, words = {\n"
    "  { any = { \"vp\" }, points = 20 } } }\n"
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { enter = at_least { engagement = 10, fit = 20 } }\n"
    "stage \"sql\" { from = { \"visitor\", \"lead\", \"mql\" }, enter = did \"Demo Requested\", "
    "terminal = true }\n"
    "action \"hand_over\" { on = entered \"sql\",\n"
    "  webhook { to = endpoint \"crm\", body = { email = \"{lead.email}\", stage = \"{stage}\",\n"
    "    why = \"{reasons.top(2)}\" } },\n"
    "  task { to = \"owner\", note = \"Call {lead.first_name|this lead}\" },\n"
    "  set { handed = \"yes\" } }\n";

static int64_t still(void *ctx)
{
    return ((struct bench *)ctx)->now_ms;
}

void bench_open(struct bench *bench, const char *db_path, const char *rules)
{
    struct rp_source source = {RP_STR("rules.lua"), rp_str_from(rules)};
    struct rp_files files = {&source, 1};

    bench_open_files(bench, db_path, &files);
}

void bench_open_files(struct bench *bench, const char *db_path, const struct rp_files *files)
{
    struct rp_load_options load = {0};
    struct rp_findings findings = {0};
    struct rp_core_options options = {.db_path = db_path ? db_path : ":memory:",
                                      .mode = db_path ? RP_STORE_SERVE : RP_STORE_MEMORY,
                                      .clock = {still, bench}};
    struct rp_rules *compiled = NULL;
    struct rp_arena arena;
    struct rp_err err = {0};

    *bench = (struct bench){.now_ms = T0};
    rp_arena_init(&arena);
    if (rp_load(&arena, files, &load, &compiled, &findings, &err) != 0) {
        struct rp_buf text = {0};

        rp_findings_print(&text, &findings, false);
        fail_msg("the test's rules: %s %s", err.text, text.ptr);
    }
    if (rp_core_open(&options, &bench->core, &err) != 0 ||
        rp_core_rules(bench->core, compiled, files, RP_STR("test"), &err) != 0 ||
        rp_reader_open(NULL, rp_core_store(bench->core), rp_core_active(bench->core),
                       &bench->reader, &err) != 0) {
        fail_msg("%s", err.text);
    }
    rp_arena_fini(&arena);
}

void bench_close(struct bench *bench)
{
    rp_batch_free(bench->last);
    rp_reader_close(bench->reader);
    rp_core_close(bench->core);
}

static struct rp_batch *parse(struct bench *bench, const char *text, bool is_public)
{
    struct rp_envelope envelope = {.received_ms = bench->now_ms,
                                   .sent_ms = RP_NEVER,
                                   .trust_received = !is_public,
                                   .public_key = is_public,
                                   .flags = is_public ? RP_EVENT_PUBLIC : 0};
    struct rp_batch *batch = rp_batch_new();
    struct rp_err err = {0};

    if (rp_batch_parse(batch, rp_arena_str(&batch->arena, rp_str_from(text)), &envelope, NULL,
                       &err) != 0) {
        fail_msg("%s: %s", text, err.text);
    }
    return batch;
}

void bench_send(struct bench *bench, bool is_public, const char *fmt, ...)
{
    struct rp_err err = {0};
    char text[4096];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    rp_batch_free(bench->last);
    bench->last = parse(bench, text, is_public);
    if (rp_core_run(bench->core, bench->last, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

void bench_send_group(struct bench *bench, const char *const *requests, size_t count)
{
    struct rp_batch *first = NULL;
    struct rp_batch **end = &first;
    struct rp_err err = {0};

    for (size_t i = 0; i < count; i++) {
        *end = parse(bench, requests[i], false);
        end = &(*end)->next;
    }
    if (rp_core_run(bench->core, first, &err) != 0) {
        fail_msg("%s", err.text);
    }
    while (first) {
        struct rp_batch *next = first->next;

        rp_batch_free(first);
        first = next;
    }
}

char *bench_lead(struct bench *bench, const char *lead)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = rp_reader_lead(bench->reader, rp_str_from(lead), INT64_C(4102444800000),
                                RP_FORMAT_JSON, false, &out, &err);

    if (status != 0) {
        rp_buf_fini(&out);
        return calloc(1, 1);
    }
    return out.ptr;
}

void bench_expect(struct bench *bench, const char *lead, const char *json)
{
    char *text = bench_lead(bench, lead);

    if (!strstr(text, json)) {
        fail_msg("%s lacks %s: %s", lead, json, text);
    }
    free(text);
}

int64_t bench_total(struct bench *bench, const char *lead, int64_t at_ms)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    const char *total;
    double points;

    if (rp_reader_lead(bench->reader, rp_str_from(lead), at_ms, RP_FORMAT_JSON, false, &out,
                       &err)) {
        fail_msg("%s", err.text);
    }
    total = strstr(out.ptr, "\"total\":");
    assert_non_null(total);
    points = strtod(total + 8, NULL);
    rp_buf_fini(&out);
    return (int64_t)(points * 1000 + (points < 0 ? -0.5 : 0.5));
}

size_t bench_outbox(struct bench *bench)
{
    struct rp_outbox_row *rows;
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t count = 0;

    rp_arena_init(&arena);
    assert_int_equal(
        rp_outbox_list(&arena, rp_core_store(bench->core), -1, 0, 0, 10000, &rows, &count, &err),
        0);
    rp_arena_fini(&arena);
    return count;
}

int bench_amend(struct bench *bench, const char *verb, const char *body)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status =
        rp_core_amend(bench->core, rp_str_from(verb), rp_str_from(body), RP_STR("ana"), &out, &err);

    rp_buf_fini(&out);
    return status;
}
