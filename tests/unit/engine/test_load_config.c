/* SPDX-License-Identifier: MIT */
/* ripen.lua: values, secrets, the environment over the file, and its findings. */
#include "base/limits.h"
#include "engine/config.h"
#include "unit/engine/load_groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct configured {
    struct rp_arena arena;
    char dir[64];
    struct rp_config config;
    struct rp_findings findings;
    struct rp_err err;
    int status;
};

static void configure(struct configured *c, const char *text)
{
    char path[200];
    FILE *file;

    *c = (struct configured){.dir = "/tmp/ripen-config-XXXXXX"};
    rp_arena_init(&c->arena);
    assert_non_null(mkdtemp(c->dir));
    snprintf(path, sizeof path, "%s/secret", c->dir);
    file = fopen(path, "wb");
    assert_non_null(file);
    fputs("whsec_from_file \nsecond line\n", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/ripen.lua", c->dir);
    file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    c->status = rp_config_load(&c->arena, path, &c->config, &c->findings, &c->err);
}

static void end(struct configured *c)
{
    char path[200];

    snprintf(path, sizeof path, "%s/secret", c->dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/ripen.lua", c->dir);
    unlink(path);
    rmdir(c->dir);
    rp_arena_fini(&c->arena);
}

static bool has(const struct configured *c, const char *code)
{
    for (size_t i = 0; i < c->findings.count; i++)
        if (rp_str_is(c->findings.items[i].code, code))
            return true;
    return false;
}

static void check_doors(const struct rp_doors *doors)
{
    const struct rp_source_door *source = &doors->sources[0];
    const struct rp_form_door *form = &doors->forms[0];
    struct rp_source_door other_source = *source;
    struct rp_form_door other_form = *form;
    struct rp_doors other = *doors;

    assert_int_equal(doors->source_count, 1);
    assert_int_equal(source->verify, RP_VERIFY_HUBSPOT);
    assert_true(rp_str_is(source->secret, "whsec_from_file"));
    assert_true(rp_str_is(source->header, "X-Signature"));
    assert_true(source->renames && source->event_count == 1 && !source->activity);
    assert_true(rp_str_is(source->events[0].from, "a.b") && rp_str_is(source->events[0].to, "A"));
    assert_int_equal(source->paths[RP_SOURCE_EMAIL].count, 2);
    assert_true(rp_str_is(source->paths[RP_SOURCE_EMAIL].items[1], "z"));
    assert_int_equal(source->paths[RP_SOURCE_USER].count, 0);
    assert_int_equal(doors->form_count, 1);
    assert_true(rp_str_is(form->event, "Form Submitted"));
    assert_true(rp_str_is(form->honeypot, "website_url"));
    assert_true(rp_str_is(form->redirect, "/thanks"));
    assert_true(form->next.count == 1 && rp_str_is(form->next.items[0], "https://a.test/"));
    assert_int_equal(form->per_minute, 30);
    assert_int_equal(doors->cloud_subject, RP_SUBJECT_USER);
    assert_int_equal(doors->cloud_event_count, 1);
    assert_true(rp_doors_same(doors, &other));
    other.sources = &other_source;
    other.forms = &other_form;
    assert_true(rp_doors_same(doors, &other));
    other_source.secret = RP_STR("another");
    assert_false(rp_doors_same(doors, &other));
    other_source = *source;
    other_form.per_minute++;
    assert_false(rp_doors_same(doors, &other));
}

static void test_values(void **state)
{
    struct configured c;

    (void)state;
    setenv("RIPEN_TEST_URL", "https://crm.test/hook", 1);
    configure(&c, "server { listen = \"127.0.0.1:0\", db = \"x.db\", rules = \"r\" }\n"
                  "endpoint \"crm\" { url = env \"RIPEN_TEST_URL\", secret = file \"secret\",\n"
                  "  timeout = \"10s\", parallel = 4, allow_private = true }\n"
                  "endpoint \"b\" { url = \"http://127.0.0.1:9/\" }\n"
                  "smtp { url = \"smtp://127.0.0.1:25\", from = \"Ana <ana@acme.test>\" }\n"
                  "source \"hubspot\" { verify = \"hubspot-v3\", secret = file \"secret\",\n"
                  "  events = { [\"a.b\"] = \"A\" }, email = { \"x.y\", \"z\" } }\n"
                  "form \"news\" { redirect = \"/thanks\", next = \"https://a.test/\" }\n"
                  "cloudevents { subject = \"userId\", events = { [\"c.d\"] = \"C\" } }\n"
                  "retention { events = \"25 months\" }\n");
    assert_int_equal(c.status, 0);
    assert_true(rp_str_is(c.config.listen, "127.0.0.1:0"));
    assert_true(rp_str_is(c.config.db, "x.db"));
    assert_int_equal(c.config.endpoint_count, 2);
    assert_true(rp_str_is(c.config.endpoints[0].url, "https://crm.test/hook"));
    assert_true(rp_str_is(c.config.endpoints[0].secret, "whsec_from_file"));
    assert_int_equal(c.config.endpoints[0].timeout_ms, 10 * RP_SECOND);
    assert_int_equal(c.config.endpoints[0].parallel, 4);
    assert_true(c.config.endpoints[0].allow_private);
    assert_int_equal(c.config.endpoints[1].timeout_ms, 15 * RP_SECOND);
    assert_int_equal(c.config.endpoints[1].parallel, 8);
    check_doors(&c.config.doors);
    assert_int_equal(c.config.retention_ms, 25 * 30 * RP_DAY);
    assert_int_equal(c.config.body_bytes_max, RP_BODY_MAX);
    end(&c);
}

static void test_environment(void **state)
{
    struct configured c;

    (void)state;
    setenv("RIPEN_LISTEN", "0.0.0.0:9", 1);
    setenv("RIPEN_ENDPOINT_SALES_CHANNEL_URL", "https://other.test/", 1);
    setenv("RIPEN_BODY_BYTES_MAX", "4096", 1);
    configure(&c, "server { listen = \"127.0.0.1:0\" }\n"
                  "endpoint \"sales_channel\" { url = \"https://a.test/\" }\n");
    assert_int_equal(c.status, 0);
    assert_true(rp_str_is(c.config.listen, "0.0.0.0:9"));
    assert_true(rp_str_is(c.config.endpoints[0].url, "https://other.test/"));
    assert_int_equal(c.config.body_bytes_max, 4096);
    end(&c);
    setenv("RIPEN_BODY_BYTES_MAX", "12", 1);
    configure(&c, "server { }\n");
    assert_int_equal(c.status, RIPEN_EINPUT);
    assert_non_null(strstr(c.err.text, "RIPEN_BODY_BYTES_MAX"));
    end(&c);
    unsetenv("RIPEN_LISTEN");
    unsetenv("RIPEN_BODY_BYTES_MAX");
    unsetenv("RIPEN_ENDPOINT_SALES_CHANNEL_URL");
}

/* What the variables change is checked as what the file says is. */
static void test_smtp_of_the_environment(void **state)
{
    static const struct {
        const char *url, *from, *password, *text;
        const char *tells; /* NULL: it is taken */
    } cases[] = {
        {"smtp://mail.test:25", NULL, NULL, "", NULL},
        {"smtp://mail.test:25", "Ana <ana@acme.test>", "p", "", NULL},
        {"https://mail.test", NULL, NULL, "", "RIPEN_SMTP_URL"},
        {"smtp://mail.test:25", "Ana", NULL, "", "\"Ana\" is no sender"},
        {NULL, NULL, "p",
         "smtp { url = \"smtp://127.0.0.1\", from = \"a@b.test\", tls = \"none\" }", NULL},
        {"smtp://mail.test", NULL, "p",
         "smtp { url = \"smtp://127.0.0.1\", from = \"a@b.test\", tls = \"none\" }", "password"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct configured c;

        if (cases[i].url)
            setenv("RIPEN_SMTP_URL", cases[i].url, 1);
        if (cases[i].from)
            setenv("RIPEN_SMTP_FROM", cases[i].from, 1);
        if (cases[i].password)
            setenv("RIPEN_SMTP_PASSWORD", cases[i].password, 1);
        configure(&c, cases[i].text);
        assert_int_equal(c.status, cases[i].tells ? RIPEN_EINPUT : 0);
        if (cases[i].tells)
            assert_non_null(strstr(c.err.text, cases[i].tells));
        end(&c);
        unsetenv("RIPEN_SMTP_URL");
        unsetenv("RIPEN_SMTP_FROM");
        unsetenv("RIPEN_SMTP_PASSWORD");
    }
}

static void test_missing_file(void **state)
{
    struct rp_arena arena;
    struct rp_config config;
    struct rp_findings findings;
    struct rp_err err;

    (void)state;
    rp_arena_init(&arena);
    assert_int_equal(rp_config_load(&arena, "/nowhere/ripen.lua", &config, &findings, &err), 0);
    assert_int_equal(config.path.len, 0);
    assert_int_equal(rp_config_load(&arena, NULL, &config, &findings, &err), 0);
    assert_int_equal(config.endpoint_count, 0);
    rp_arena_fini(&arena);
}

/* Each word of `verify` is its own kind. */
static void test_kinds(void **state)
{
    static const struct {
        const char *word;
        enum rp_verify verify;
    } kinds[] = {
        {"hubspot-v3", RP_VERIFY_HUBSPOT},
        {"mautic", RP_VERIFY_MAUTIC},
        {"standard-webhooks", RP_VERIFY_STANDARD},
        {"hmac-sha256", RP_VERIFY_HMAC},
        {"sendgrid", RP_VERIFY_SENDGRID},
        {"postmark", RP_VERIFY_POSTMARK},
        {"mailgun", RP_VERIFY_MAILGUN},
        {"ses", RP_VERIFY_SES},
    };

    (void)state;
    assert_int_equal(RP_COUNT(kinds), RP_VERIFY_COUNT);
    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        struct configured c;
        char text[200];

        snprintf(text, sizeof text, "source \"a\" { verify = \"%s\", secret = file \"secret\" }",
                 kinds[i].word);
        configure(&c, text);
        assert_int_equal(c.status, 0);
        assert_int_equal(c.config.doors.sources[0].verify, kinds[i].verify);
        end(&c);
    }
}

#define SMTP "smtp { url = \"smtp://a.test\", from = \"a@b.test\", "

/* At the bounds that the findings below are past. */
static void test_bounds(void **state)
{
    static const char *const cases[] = {
        SMTP "timeout = \"1s\", parallel = 1, per_minute = 1 }",
        SMTP "timeout = \"10m\", parallel = 32, per_minute = 60000 }",
        SMTP "per_domain = { [\"b.test\"] = 1, [\"c.test\"] = 60000 } }",
        "endpoint \"a\" { url = \"https://a.test\", preset = \"rest\", rate = 1000 }",
        "endpoint \"a\" { preset = \"hubspot\", token = file \"secret\", rate = 1 }",
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct configured c;

        configure(&c, cases[i]);
        if (c.status != 0)
            fail_msg("%s: %s", cases[i], c.err.text);
        end(&c);
    }
}

static void test_findings(void **state)
{
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"endpoint \"a\" { url = \"https://a.test\", secret = \"plain\" }", "E065"},
        {"endpoint \"a\" { url = env \"RIPEN_TEST_NOT_SET\" }", "E066"},
        {"endpoint \"a\" { url = file \"not_there\" }", "E066"},
        {"endpoint \"a\" { url = \"ftp://a.test\" }", "E067"},
        {"endpoint \"a\" { }", "E012"},
        {"endpoint \"a\" { url = \"https://a.test\", timeout = \"1ms\" }", "E015"},
        {"endpoint \"a\" { url = \"https://a.test\", parallel = 0 }", "E015"},
        {"endpoint \"a\" { url = \"https://a.test\" }\nendpoint \"a\" { url = \"https://b.test\" }",
         "E018"},
        {"source \"a\" { verify = \"hubspot-v3\" }", "E012"},
        {"source \"a\" { verify = \"md5\", secret = file \"secret\" }", "E016"},
        {"source \"a\" { verify = \"mautic\", secret = \"plain\" }", "E065"},
        {"source \"a\" { verify = \"mautic\", secret = file \"secret\", url = \"x\" }", "E067"},
        {"form \"a\" { redirect = \"//other.test\" }", "E067"},
        {"form \"a\" { next = { \"https://a.test\", \"javascript:1\" } }", "E067"},
        {"form \"a\" { per_minute = 0 }", "E015"},
        {"cloudevents { subject = \"name\" }", "E016"},
        {SMTP "timeout = \"999ms\" }", "E015"},
        {SMTP "timeout = \"601s\" }", "E015"},
        {SMTP "parallel = 33 }", "E015"},
        {SMTP "per_minute = 60001 }", "E015"},
        {SMTP "per_domain = { [\"b.test\"] = 0 } }", "E015"},
        {SMTP "tls = \"some\" }", "E016"},
        {"smtp { url = \"smtp://a.test\", from = \"nobody\" }", "E067"},
        {"smtp { url = \"https://a.test\", from = \"a@b.test\" }", "E067"},
        {"endpoint \"a\" { url = \"https://a.test\", preset = \"rest\", rate = 1001 }", "E015"},
        {"endpoint \"a\" { preset = \"salesforce\", token = file \"secret\" }", "E012"},
        {"endpoint \"a\" { preset = \"hubspot\" }", "E012"},
        {"endpoint \"a\" { preset = \"hubspot\", client_id = file \"secret\" }", "E012"},
        {"server { lissten = \"x\" }", "E011"},
        {"score \"a\" { }", "E005"},
        {"endpoint \"a\"", "E009"},
        {"server { listen = ", "E001"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct configured c;

        configure(&c, cases[i].text);
        if (c.status != RIPEN_ERULE || !has(&c, cases[i].code))
            fail_msg("%s expected of: %s", cases[i].code, cases[i].text);
        end(&c);
    }
}

int rp_test_load_config(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_smtp_of_the_environment),
    };

    return cmocka_run_group_tests_name("load_config", tests, NULL, NULL);
}
