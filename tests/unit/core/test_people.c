/* SPDX-License-Identifier: MIT */
/* Who is who: merges taken back, joins refused and recorded, people forgotten without a trace. */
#include "base/limits.h"
#include "core/amend.h"
#include "core/people.h"
#include "core_test.h"
#include "groups.h"
#include "store/people.h"

#include <unistd.h>

#include <sqlite3.h>

static const char rules[] =
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"
    "total { engagement = 1 }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1 }\n"
    "score \"demo\" { why = \"Asked for a demo\", on = \"Demo Requested\", points = 30 }\n"
    "stages { \"visitor\", \"lead\", \"mql\" }\n"
    "stage \"lead\" { enter = at_least { engagement = 2 } }\n"
    "stage \"mql\" { enter = at_least { engagement = 30 }, terminal = true }\n"
    "action \"tell\" { on = entered \"mql\", webhook { to = endpoint \"crm\", body = { } } }\n";

static void assert_verified(struct bench *b)
{
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(rp_core_flush(b->core, &err), 0);
    assert_int_equal(rp_reader_verify(b->reader, &verified, &out, &err), 0);
    if (verified.different > 0) {
        fail_msg("%s", out.ptr);
    }
    rp_buf_fini(&out);
}

static void page(struct bench *b, const char *ids, const char *message)
{
    b->now_ms += 1000;
    bench_send(b, false, "{\"type\":\"page\",%s,\"messageId\":\"%s\"}", ids, message);
}

/* Two visits of one browser, two people: after the un-merge each has what was his. */
static void unmerge_restores_both(void **state)
{
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    page(&b, "\"anonymousId\":\"a1\"", "m1");
    page(&b, "\"anonymousId\":\"a1\"", "m2"); /* a1 is a lead by its own pages */
    bench_expect(&b, "a1", "\"stage\":\"lead\"");
    page(&b, "\"userId\":\"u1\"", "m3");
    page(&b, "\"userId\":\"u1\",\"anonymousId\":\"a1\"", "m4"); /* the merge */
    assert_int_equal(bench_total(&b, "u1", b.now_ms), 4000);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("ana"), &unmerged, &err), 0);
    assert_int_equal(bench_total(&b, "u1", b.now_ms), 2000);
    assert_int_equal(bench_total(&b, "a1", b.now_ms), 2000);
    bench_expect(&b, "a1", "\"stage\":\"lead\"");
    bench_expect(&b, "a1", "\"userId\":null");
    assert_verified(&b);
    /* The same browser again: the two stay apart, and that is on record. */
    page(&b, "\"userId\":\"u1\",\"anonymousId\":\"a1\"", "m5");
    assert_int_equal(bench_total(&b, "u1", b.now_ms), 3000);
    page(&b, "\"anonymousId\":\"a1\"", "m6");
    assert_int_equal(bench_total(&b, "a1", b.now_ms), 3000);
    assert_verified(&b);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("ana"), &unmerged, &err),
                     RIPEN_ENOTFOUND);
    bench_close(&b);
}

static const char first_rules[] =
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"
    "score \"seen\" { why = \"Seen\", on = \"page\", points = 1 }\n"
    "score \"first\" { why = \"First page\", on = \"page\", points = 7, once = true }\n";

/* What was granted while two were one is no difference once they are two; nor when one of them is
 * forgotten then. */
static void unmerge_is_no_difference(void **state)
{
    struct rp_unmerged unmerged;
    struct rp_forget forget;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, first_rules);
    page(&b, "\"userId\":\"u1\"", "m1");
    page(&b, "\"anonymousId\":\"a1\"", "m2");
    b.now_ms += 1000;
    bench_send(&b, false,
               "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"a1\",\"messageId\":\"m3\"}");
    page(&b, "\"anonymousId\":\"a1\"", "m4");
    assert_int_equal(bench_total(&b, "u1", b.now_ms), 10000); /* one of them was the first */
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("ana"), &unmerged, &err), 0);
    assert_verified(&b);
    assert_int_equal(rp_core_forget(b.core, RP_STR("u1"), &forget, &err), 0);
    assert_int_equal(bench_total(&b, "a1", b.now_ms), 9000);
    assert_verified(&b);
    bench_close(&b);
}

static int64_t number(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int64_t value;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

static bool file_contains(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb");
    size_t len, want = strlen(text);
    char *bytes;
    bool found;

    if (!file) {
        return false;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    len = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(len + 1);
    assert_int_equal(fread(bytes, 1, len, file), len);
    (void)fclose(file);
    found = memmem(bytes, len, text, want) != NULL;
    free(bytes);
    return found;
}

/* A shared browser: identify A, then B. B's events are B's, and the refused join is recorded once.
 */
static void shared_browser(void **state)
{
    char path[] = "/tmp/ripen-people-XXXXXX";
    struct bench b;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    bench_open(&b, "p.db", rules);
    page(&b, "\"anonymousId\":\"a1\"", "m1");
    page(&b, "\"userId\":\"anna\",\"anonymousId\":\"a1\"", "m2");
    page(&b, "\"userId\":\"bob\",\"anonymousId\":\"a1\"", "m3");
    page(&b, "\"userId\":\"bob\",\"anonymousId\":\"a1\"", "m4");
    assert_int_equal(bench_total(&b, "anna", b.now_ms), 2000);
    assert_int_equal(bench_total(&b, "bob", b.now_ms), 2000);
    assert_verified(&b);
    bench_close(&b);
    assert_int_equal(number("p.db", "SELECT count(*) FROM refused_joins "
                                    "WHERE reason = 'two_user_ids'"),
                     1);
    (void)unlink("p.db");
    (void)unlink("p.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

enum { CROWD = 300, GONE = 60 };

static void meet(struct bench *b, int who, int round)
{
    char ids[64], text[700];

    snprintf(ids, sizeof(ids), "person-%d-of-the-crowd", who);
    snprintf(text, sizeof(text),
             "{\"type\":\"identify\",\"userId\":\"%s\",\"messageId\":\"%d-%d\",\"traits\":{"
             "\"email\":\"%s@acme.test\",\"motto%d\":\"%s says %0*d\"}}",
             ids, who, round, ids, round, ids, 20 + who * 7 % 300, round);
    bench_send(b, false, "%s", text);
}

/* Rows that grow move their neighbours from page to page: no copy of them outlives them. */
static void forget_leaves_no_copy(void **state)
{
    char path[] = "/tmp/ripen-people-XXXXXX";
    struct rp_forget forget;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    bench_open(&b, "p.db", rules);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < CROWD; i++) {
            meet(&b, i * 7919 % CROWD, round);
            assert_int_equal(i % 25 ? 0 : rp_core_flush(b.core, &err), 0);
        }
    }
    for (int i = 0; i < GONE; i++) {
        char who[64];

        snprintf(who, sizeof(who), "person-%d-of-the-crowd", i * 5);
        assert_true(file_contains("p.db", who) || file_contains("p.db-wal", who));
        assert_int_equal(rp_core_forget(b.core, rp_str_from(who), &forget, &err), 0);
        assert_false(file_contains("p.db", who));
        assert_false(file_contains("p.db-wal", who));
        meet(&b, i * 5 + 1, 4 + i);
    }
    assert_verified(&b);
    bench_close(&b);
    assert_int_equal(number("p.db", "SELECT count(*) FROM pragma_integrity_check WHERE "
                                    "integrity_check = 'ok'"),
                     1);
    (void)unlink("p.db");
    (void)unlink("p.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

static void forget_leaves_no_trace(void **state)
{
    char path[] = "/tmp/ripen-people-XXXXXX";
    struct rp_forget forget;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    bench_open(&b, "p.db", rules);
    page(&b, "\"userId\":\"other\"", "m0");
    page(&b, "\"anonymousId\":\"zephyrine-browser\"", "m1");
    page(&b,
         "\"userId\":\"zephyrine\",\"anonymousId\":\"zephyrine-browser\","
         "\"traits\":{\"email\":\"zephyrine@acme.test\"}",
         "m2");
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\","
               "\"userId\":\"zephyrine\",\"messageId\":\"m3\","
               "\"properties\":{\"text\":\"I am zephyrine\"}}");
    /* Of what people decided about the address the digest alone stays, while it is on the list. */
    assert_int_equal(bench_amend(&b, "suppress", "{\"lead\":\"zephyrine@acme.test\"}"), 0);
    assert_int_equal(
        bench_amend(&b, "unsuppress",
                    "{\"lead\":\"Zephyrine@ACME.test\",\"reason\":\"zephyrine asked for it\"}"),
        0);
    assert_int_equal(
        bench_amend(&b, "suppress", "{\"lead\":\"zephyrine\",\"reason\":\"zephyrine again\"}"), 0);
    assert_int_equal(rp_core_flush(b.core, &err), 0);
    assert_int_equal(bench_outbox(&b), 1);
    assert_int_equal(number("p.db", "SELECT count(*) FROM audit WHERE verb LIKE 'suppress.%'"), 3);
    assert_int_equal(rp_core_forget(b.core, RP_STR("zephyrine@acme.test"), &forget, &err), 0);
    assert_int_equal(forget.leads, 1);
    assert_int_equal(forget.events, 3);
    assert_int_equal(forget.actions, 1);
    assert_false(file_contains("p.db", "zephyrine"));
    assert_false(file_contains("p.db-wal", "zephyrine"));
    assert_int_equal(rp_core_forget(b.core, RP_STR("zephyrine"), &forget, &err), RIPEN_ENOTFOUND);
    /* Whoever comes back is somebody new, under numbers that nobody had. */
    page(&b, "\"userId\":\"zephyrine\"", "m4");
    assert_int_equal(bench_total(&b, "zephyrine", b.now_ms), 1000);
    assert_int_equal(bench_total(&b, "other", b.now_ms), 1000);
    assert_verified(&b);
    assert_true(rp_forgotten_has(rp_core_store(b.core), RP_STR("1:zephyrine")));
    assert_true(rp_forgotten_has(rp_core_store(b.core), RP_STR("3:zephyrine@acme.test")));
    assert_false(rp_forgotten_has(rp_core_store(b.core), RP_STR("1:other")));
    bench_close(&b);
    assert_int_equal(number("p.db", "SELECT count(*) FROM audit WHERE verb LIKE 'suppress.%'"), 0);
    assert_int_equal(number("p.db", "SELECT count(*) FROM suppressions WHERE address IS NULL"), 1);
    assert_int_equal(number("p.db", "SELECT sum(events) FROM forgotten WHERE stage = 'mql'"), 3);
    assert_int_equal(number("p.db", "SELECT max(id) FROM events"), 5);
    (void)unlink("p.db");
    (void)unlink("p.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

static const char selling_rules[] =
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1 }\n"
    "team \"sdr\" { members = { \"lea@acme.test\" } }\n"
    "stages { \"visitor\", \"lead\" }\n"
    "stage \"lead\" { enter = known(), terminal = true }\n"
    "action \"hand\" { on = entered \"lead\", assign { team = \"sdr\" },\n"
    "  task { to = \"owner\", due = \"1h\", note = \"Call\" },\n"
    "  crm { to = endpoint \"crm\", fields = { score = \"{score.total}\" } } }\n"
    "sequence \"wait\" { start = entered \"lead\", steps = {\n"
    "  step \"pause\" { wait \"9d\" }, step \"end\" { stop() } } }\n";

/* A failed attempt to write into the CRM, which remembers something all the same. */
static void fail_once(struct bench *b)
{
    struct rp_arena arena = {0};
    struct rp_outbox_row *rows;
    struct rp_err err = {0};
    size_t count;

    assert_int_equal(
        rp_core_outbox_claim(b->core, &arena, RP_WAY_HTTP, 60000, 10, &rows, &count, &err), 0);
    for (size_t i = 0; i < count; i++) {
        struct rp_outbox_result result = {.id = rows[i].id,
                                          .outcome = RP_OUTCOME_RETRY,
                                          .http_status = 503,
                                          .error = RP_STR("it is down"),
                                          .memory = RP_STR("{\"id\":\"51\"}"),
                                          .due_ms = b->now_ms + 60000};

        assert_int_equal(rp_core_outbox_finish(b->core, &result, 1, &err), 0);
    }
    rp_arena_fini(&arena);
}

/* The copy of a person has what each table holds of him: a new table with a column `lead` belongs
 * into store/copy.c, or into what the reader of a lead shows. */
static void expect_copy(struct bench *b)
{
    static const char *const kinds[] = {"\"tasks\":[{", "\"attempts\":[{",    "\"crm\":[{",
                                        "\"hits\":[]",  "\"experiments\":[]", "it is down"};
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(rp_reader_export(b->reader, RP_STR("zoe"), b->now_ms, &out, &err), 0);
    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        if (!strstr(out.ptr, kinds[i])) {
            fail_msg("no %s in %s", kinds[i], out.ptr);
        }
    }
    rp_buf_fini(&out);
    assert_int_equal(
        number(
            "p.db",
            "SELECT count(*) FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS "
            "c WHERE m.type = 'table' AND c.name = 'lead' AND m.name NOT IN "
            "('nodes', 'lead_states', 'move_rows', 'outbox', 'timer_rows', "
            "'status_rows', 'aside_leads', 'aside_events', 'sequence_rows', 'sequence_step_rows', "
            "'assignment_rows', 'apart_rows', 'task_rows', 'attempt_rows', 'crm_rows', "
            "'hit_rows', 'dealt_rows', 'entry_rows', 'refusal_rows')"),
        0);
}

/* What nurture and hand-off keep of a person goes with him; another person's stays. */
static void forget_takes_what_sales_had(void **state)
{
    static const char *const tables[] = {"sequence_rows",   "sequence_step_rows", "task_rows",
                                         "assignment_rows", "crm_rows",           "attempt_rows"};
    char path[] = "/tmp/ripen-people-XXXXXX";
    int64_t before[RP_COUNT(tables)];
    struct rp_forget forget;
    struct rp_err err = {0};
    struct bench b;
    char sql[100];

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    bench_open(&b, "p.db", selling_rules);
    page(&b, "\"userId\":\"zoe\"", "m1");
    page(&b, "\"userId\":\"other\"", "m2");
    fail_once(&b);
    assert_int_equal(rp_core_flush(b.core, &err), 0);
    for (size_t i = 0; i < RP_COUNT(tables); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
        before[i] = number("p.db", sql);
        assert_in_range(before[i], 2, 4);
    }
    expect_copy(&b);
    assert_int_equal(rp_core_forget(b.core, RP_STR("zoe"), &forget, &err), 0);
    for (size_t i = 0; i < RP_COUNT(tables); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
        assert_int_equal(number("p.db", sql), before[i] / 2);
    }
    assert_verified(&b);
    bench_close(&b);
    (void)unlink("p.db");
    (void)unlink("p.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

static void void_of(struct bench *b, const char *target, const char *message)
{
    b->now_ms += 1000;
    bench_send(b, false,
               "{\"type\":\"track\",\"event\":\"Event Voided\",\"userId\":\"u1\","
               "\"messageId\":\"%s\",\"properties\":{\"messageId\":\"%s\","
               "\"reason\":\"a robot\"}}",
               message, target);
}

/* Whatever comes first, the event or its void, and however late: the same score, the same bytes. */
static void a_void_event_counts_for_nothing(void **state)
{
    struct bench b;

    (void)state;
    for (int order = 0; order < 4; order++) {
        bench_open(&b, NULL, rules);
        page(&b, "\"userId\":\"u1\"", "m0");
        if (order == 0) { /* after it */
            page(&b, "\"userId\":\"u1\"", "m1");
            void_of(&b, "m1", "v1");
        } else if (order == 1) { /* before it */
            void_of(&b, "m1", "v1");
            page(&b, "\"userId\":\"u1\"", "m1");
        } else if (order == 2) { /* before it, and it comes late */
            void_of(&b, "m1", "v1");
            bench_send(&b, false,
                       "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\","
                       "\"timestamp\":\"2026-03-02T08:00:00Z\"}");
        } else { /* in one group */
            static const char *const both[] = {
                "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}",
                "{\"type\":\"track\",\"event\":\"Event Voided\",\"userId\":\"u1\","
                "\"messageId\":\"v1\",\"properties\":{\"messageId\":\"m1\"}}"};

            bench_send_group(&b, both, 2);
        }
        assert_int_equal(bench_total(&b, "u1", b.now_ms), 1000);
        assert_verified(&b);
        page(&b, "\"userId\":\"u1\"", "m2");
        bench_send(&b, false,
                   "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m3\","
                   "\"timestamp\":\"2026-03-02T07:00:00Z\"}");
        assert_int_equal(bench_total(&b, "u1", b.now_ms), 3000);
        assert_verified(&b);
        page(&b, "\"userId\":\"u1\"", "m1"); /* it is known, and stays void */
        assert_int_equal(b.last->duplicates, 1);
        bench_close(&b);
    }
}

/* At the bound and past it: the 257th void has no effect. */
static void voids_have_a_bound(void **state)
{
    struct bench b;
    char target[16], message[16];

    (void)state;
    bench_open(&b, NULL, rules);
    for (int i = 0; i < RP_VOIDS_MAX + 1; i++) {
        (void)snprintf(target, sizeof(target), "m%d", i);
        page(&b, "\"userId\":\"u1\"", target);
    }
    for (int i = 0; i < RP_VOIDS_MAX + 1; i++) {
        (void)snprintf(target, sizeof(target), "m%d", i);
        (void)snprintf(message, sizeof(message), "v%d", i);
        void_of(&b, target, message);
        if (i == RP_VOIDS_MAX - 1) {
            assert_int_equal(bench_total(&b, "u1", b.now_ms), 1000);
        }
    }
    assert_int_equal(bench_total(&b, "u1", b.now_ms), 1000);
    assert_verified(&b);
    bench_close(&b);
}

static void amended(struct bench *b, const char *verb, const char *body)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status =
        rp_core_amend(b->core, rp_str_from(verb), rp_str_from(body), RP_STR("ana"), &out, &err);

    if (status != 0) {
        fail_msg("%s: %s", verb, err.text);
    }
    rp_buf_fini(&out);
}

static void refused(struct bench *b, const char *verb, const char *body, int status)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(
        rp_core_amend(b->core, rp_str_from(verb), rp_str_from(body), RP_STR("ana"), &out, &err),
        status);
    assert_true(strlen(err.text) > 10);
    rp_buf_fini(&out);
}

/* By e-mail, by lead id and by messageId; what is wrong is said, and nothing is done. */
static void corrections_by_name(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    bench_send(&b, false,
               "{\"type\":\"page\",\"messageId\":\"m1\",\"anonymousId\":\"a1\","
               "\"context\":{\"traits\":{\"email\":\"ana@acme.test\"}}}");
    b.now_ms += 1000;
    amended(&b, "points", "{\"lead\":\"ana@acme.test\",\"points\":5.5,\"reason\":\"met her\"}");
    assert_int_equal(bench_total(&b, "a1", b.now_ms), 6500);
    b.now_ms += 1000;
    amended(&b, "stage", "{\"lead\":\"a1\",\"stage\":\"mql\",\"reason\":\"asked by phone\"}");
    bench_expect(&b, "a1", "\"stage\":\"mql\"");
    bench_expect(&b, "a1", "\"because\":\"set\"");
    b.now_ms += 1000;
    amended(&b, "void", "{\"messageId\":\"m1\",\"reason\":\"a robot\"}");
    assert_int_equal(bench_total(&b, "a1", b.now_ms), 5500);
    amended(&b, "note", "{\"lead\":\"a1\",\"text\":\"call in May\"}");
    refused(&b, "stage", "{\"lead\":\"a1\",\"stage\":\"mqll\",\"reason\":\"x\"}", RIPEN_EINPUT);
    refused(&b, "stage", "{\"lead\":\"a1\",\"stage\":\"mql\"}", RIPEN_EINPUT);
    refused(&b, "points", "{\"lead\":\"a1\",\"points\":\"5\",\"reason\":\"x\"}", RIPEN_EINPUT);
    refused(&b, "void", "{\"messageId\":\"m9\",\"reason\":\"x\"}", RIPEN_ENOTFOUND);
    refused(&b, "note", "{\"lead\":\"nobody\",\"text\":\"x\"}", RIPEN_ENOTFOUND);
    refused(&b, "note", "{\"lead\":\"a1\",\"text\":\"x\"},{\"lead\":\"a1\"}", RIPEN_EINPUT);
    refused(&b, "bless", "{}", RIPEN_ENOTFOUND);
    assert_verified(&b);
    bench_close(&b);
}

/* Anyone can hold a public key: its corrections are rejected, with a verdict that says why. */
static void a_public_key_corrects_nothing(void **state)
{
    static const char *const names[] = {"Stage Set", "Score Adjusted", "Event Voided",
                                        "Note Added"};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    for (size_t i = 0; i < RP_COUNT(names); i++) {
        bench_send(&b, true,
                   "{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"u1\","
                   "\"messageId\":\"m%zu\",\"properties\":{\"stage\":\"mql\",\"points\":50}}",
                   names[i], i);
        assert_int_equal(b.last->rejected, 1);
        assert_int_equal(b.last->items[0].reject, RP_REJECT_PUBLIC_KEY);
    }
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Stage Set\",\"userId\":\"u1\","
               "\"messageId\":\"m9\",\"properties\":{\"stage\":\"mql\"}}");
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    bench_close(&b);
}

/* Known by one address, then by another: both are hers, and the newer one is written to. */
static void an_address_changes(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m1\","
               "\"traits\":{\"email\":\"old@acme.test\"}}");
    b.now_ms += 1000;
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m2\","
               "\"traits\":{\"email\":\"new@acme.test\"}}");
    bench_expect(&b, "old@acme.test", "\"email\":\"new@acme.test\"");
    bench_expect(&b, "new@acme.test", "\"userId\":\"u1\"");
    /* Nobody else gets hers by sending it with a public key. */
    bench_send(&b, true,
               "{\"type\":\"identify\",\"anonymousId\":\"a9\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"new@acme.test\"}}");
    bench_expect(&b, "new@acme.test", "\"userId\":\"u1\"");
    bench_expect(&b, "a9", "\"userId\":null");
    assert_verified(&b);
    bench_close(&b);
}

int test_people(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unmerge_restores_both),
        cmocka_unit_test(unmerge_is_no_difference),
        cmocka_unit_test(shared_browser),
        cmocka_unit_test(forget_leaves_no_trace),
        cmocka_unit_test(forget_takes_what_sales_had),
        cmocka_unit_test(forget_leaves_no_copy),
        cmocka_unit_test(a_void_event_counts_for_nothing),
        cmocka_unit_test(voids_have_a_bound),
        cmocka_unit_test(corrections_by_name),
        cmocka_unit_test(a_public_key_corrects_nothing),
        cmocka_unit_test(an_address_changes),
    };

    return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
