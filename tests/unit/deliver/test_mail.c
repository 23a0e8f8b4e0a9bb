/* SPDX-License-Identifier: MIT */
/* Bytes of e-mails: headers that cannot be broken, encodings, the text of HTML, followed links; the
 * pace of domains; what a mail server's answers mean. */
#include "base/limits.h"
#include "base/when.h"
#include "deliver/html_text.h"
#include "deliver/mail_pace.h"
#include "deliver/mail_row.h"
#include "deliver/mime.h"
#include "deliver/smtp.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define CREATED INT64_C(1772442000123) /* 2026-03-02T09:00:00.123Z */

static void expect_text(struct rp_buf *out, const char *expected)
{
    assert_string_equal(out->ptr ? out->ptr : "", expected);
    rp_buf_fini(out);
}

static void a_text_is_these_bytes(void **state)
{
    struct rp_mime message = {.key = RP_STR("act_1"),
                              .created_ms = CREATED,
                              .from = RP_STR("Ana \"A\" B <ana@acme.test>"),
                              .subject = RP_STR("Gr\xc3\xbc\xc3\x9f Gott"),
                              .to = RP_STR("bo@globex.test"),
                              .text = RP_STR(".a=b \nend"),
                              .unsubscribe = RP_STR("https://r.test/u/x")};
    struct rp_buf out = {0}, again = {0};

    (void)state;
    assert_int_equal(rp_mime_write(&message, &out, NULL), 0);
    assert_int_equal(rp_mime_write(&message, &again, NULL), 0);
    assert_string_equal(out.ptr, again.ptr);
    rp_buf_fini(&again);
    expect_text(&out, "From: \"Ana \\\"A\\\" B\"\r\n <ana@acme.test>\r\n"
                      "To: <bo@globex.test>\r\n"
                      "Subject: =?UTF-8?B?R3LDvMOfIEdvdHQ=?=\r\n"
                      "Date: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
                      "Message-ID: <act_1@acme.test>\r\n"
                      "List-Unsubscribe: <https://r.test/u/x>\r\n"
                      "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
                      "MIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                      "=2Ea=3Db=20\r\nend\r\n");
}

static void html_alone_gets_a_text(void **state)
{
    struct rp_mime message = {.key = RP_STR("k"),
                              .from = RP_STR("a@b.test"),
                              .to = RP_STR("c@d.test"),
                              .html = RP_STR("<p>Hi</p>")};
    struct rp_buf out = {0};

    (void)state;
    assert_int_equal(rp_mime_write(&message, &out, NULL), 0);
    assert_non_null(strstr(out.ptr, "boundary=\"=_k\"\r\n\r\n--=_k\r\nContent-Type: text/plain"));
    assert_non_null(strstr(out.ptr, "\r\n\r\nHi\r\n--=_k\r\nContent-Type: text/html"));
    assert_non_null(strstr(out.ptr, "<p>Hi</p>\r\n--=_k--\r\n"));
    rp_buf_fini(&out);
}

static void nothing_ends_a_header(void **state)
{
    static const char *const bad[] = {"a@b.test\r\nBcc: x@y.test",
                                      "a b@c.test",
                                      "<a@b.test",
                                      "a@b.test>",
                                      "a@@b.test",
                                      "@b.test",
                                      "a@",
                                      "a@b",
                                      "",
                                      "a@-b.test",
                                      "Ana <a@b.test\n>",
                                      "a..b@c.test",
                                      "a@b.test, c@d.test"};
    struct rp_mime message = {.key = RP_STR("k"), .from = RP_STR("a@b.test"), .text = RP_STR("x")};
    struct rp_mailbox box;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        struct rp_buf out = {0};

        message.to = rp_str_from(bad[i]);
        assert_false(rp_mailbox_parse(message.to, &box));
        assert_int_equal(rp_mime_write(&message, &out, NULL), RIPEN_EINPUT);
        rp_buf_fini(&out);
    }
    assert_true(rp_mailbox_parse(RP_STR("\"B, A\" <a.b+c@d-e.test>"), &box));
    assert_true(rp_str_is(box.name, "B, A"));
    assert_true(rp_str_is(box.address, "a.b+c@d-e.test"));
    message.to = RP_STR("c@d.test");
    message.unsubscribe = RP_STR("https://x/\r\nBcc: y");
    struct rp_buf out = {0};
    assert_int_equal(rp_mime_write(&message, &out, NULL), RIPEN_EINPUT);
    rp_buf_fini(&out);
}

static void dates_have_their_day(void **state)
{
    static const struct {
        int64_t ms;
        const char *date;
    } cases[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 +0000"},
        {-1, "Wed, 31 Dec 1969 23:59:59 +0000"},
        {INT64_C(1709164799999), "Wed, 28 Feb 2024 23:59:59 +0000"},
        {INT64_C(1709164800000), "Thu, 29 Feb 2024 00:00:00 +0000"},
        {INT64_C(4102444800000), "Fri, 01 Jan 2100 00:00:00 +0000"},
    };
    struct rp_buf out = {0};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        rp_mime_date(cases[i].ms, &out);
        expect_text(&out, cases[i].date);
    }
}

static void lines_are_short(void **state)
{
    struct rp_buf text = {0}, out = {0};
    size_t line = 0;

    (void)state;
    for (int i = 0; i < 3000; i++)
        rp_buf_text(&text, i % 7 ? "x" : "\xe2\x82\xac.");
    rp_mime_header("Subject", rp_buf_view(&text), &out);
    rp_mime_quoted(rp_buf_view(&text), &out);
    for (size_t i = 0; i < out.len; i++) {
        line = out.ptr[i] == '\n' ? 0 : line + 1;
        assert_true(line <= 78); /* with the CR */
        assert_false(line == 1 && out.ptr[i] == '.');
    }
    rp_buf_fini(&text);
    rp_buf_fini(&out);
}

static void html_reads_as_text(void **state)
{
    struct rp_buf out = {0};

    (void)state;
    rp_html_text(
        RP_STR("<html><head><title>t</title><style>p{}</style></head><body>\n<h1>A &amp; B</h1>"
               "<p>One  <b>two</b><br>three<!-- no --></p><ul><li>x</li><li>y &#8211; "
               "z</li></ul><a href=\"https://a.test/?b=1&amp;c=2\">go</a> &unknown; <3</body>"),
        &out);
    expect_text(&out, "A & B\n\nOne two\nthree\n\n- x\n- y \xe2\x80\x93 z\n\n"
                      "go (https://a.test/?b=1&c=2) &unknown; <3\n");
    rp_html_text(RP_STR("<a data-href=\"https://no.test\" HREF='https://a.test'>go</a>"), &out);
    expect_text(&out, "go (https://a.test)\n");
    rp_html_text(RP_STR("<"), &out);
    rp_html_text(RP_STR("<a href=\"x"), &out);
    rp_html_text(RP_STR("<style>never ends"), &out);
    rp_buf_fini(&out);
}

static void link(void *ctx, enum rp_mail_link kind, const struct rp_mail_row *row,
                 const struct rp_email *email, struct rp_str target, struct rp_buf *out)
{
    static const char *const names[] = {"open", "click", "out", "trap"};

    (void)ctx;
    (void)email;
    rp_buf_printf(out, "https://r.test/%s/%.*s/%zu", names[kind], RP_STR_ARG(row->key), target.len);
}

static int compose(const char *body, bool links, struct rp_mail_message *ret_message,
                   struct rp_arena *arena, struct rp_err *err)
{
    struct rp_mail_row row = {
        .key = RP_STR("k1"), .body = rp_str_from(body), .created_ms = CREATED};
    struct rp_mail_sender sender = {.from = RP_STR("a@b.test"), .link = links ? link : NULL};

    return rp_mail_compose(arena, &row, &sender, ret_message, err);
}

static void marketing_has_a_way_out(void **state)
{
    const char *body =
        "{\"to\":\"c@d.test\",\"subject\":\"s\",\"text\":\"Out: {unsubscribe}\",\"html\":"
        "\"<body><a class='x' href='https://a.test/?b=1&amp;c'>go</a><a href="
        "\\\"{unsubscribe}\\\">out</a></body>\"}";
    struct rp_mail_message message;
    struct rp_arena arena;
    struct rp_err err = {0};

    (void)state;
    rp_arena_init(&arena);
    assert_int_equal(compose(body, false, &message, &arena, &err), RIPEN_EINPUT);
    assert_non_null(strstr(err.text, "a way to unsubscribe"));
    assert_int_equal(compose(body, true, &message, &arena, &err), 0);
    assert_non_null(strstr(message.bytes.ptr, "List-Unsubscribe: <https://r.test/out/k1/0>\r\n"));
    assert_non_null(strstr(message.bytes.ptr, "Out: https://r.test/out/k1/0\r\n"));
    assert_non_null(
        strstr(message.bytes.ptr, "https://r.test/click/k1/21")); /* &amp; is one sign */
    assert_non_null(strstr(message.bytes.ptr, "https://r.test/open/k1/0"));
    rp_buf_fini(&message.bytes);
    /* Also in the text that is made of the HTML. */
    body = "{\"to\":\"c@d.test\",\"html\":\"<p>Hi</p><a href='{unsubscribe}'>Leave</a>\"}";
    assert_int_equal(compose(body, true, &message, &arena, &err), 0);
    assert_non_null(strstr(message.bytes.ptr, "Hi\r\n\r\nLeave (https://r.test/out/k1/0)\r\n"));
    rp_buf_fini(&message.bytes);
    body = "{\"to\":\"c@d.test\",\"purpose\":\"transactional\",\"text\":\"x\",\"html\":\"<a "
           "href='https://a.test'>go</a>\"}";
    assert_int_equal(compose(body, true, &message, &arena, &err), 0);
    assert_null(strstr(message.bytes.ptr, "List-Unsubscribe"));
    assert_null(strstr(message.bytes.ptr, "r.test"));
    rp_buf_fini(&message.bytes);
    assert_int_equal(compose("{}", true, &message, &arena, &err), RIPEN_EINPUT);
    assert_int_equal(compose("nonsense", true, &message, &arena, &err), RIPEN_EINPUT);
    rp_arena_fini(&arena);
}

/* In the HTML of marketing mail, once, before the body's end, and not in the text made of it. */
static void robots_find_a_link_that_people_do_not(void **state)
{
    static const char trap[] = "<a href=3D\"https://r.test/trap/k1/0\" rel=3D\"nofollow\" aria-h";
    struct rp_mail_message message, again;
    struct rp_buf bytes = {0};
    struct rp_arena arena;
    const char *found;

    (void)state;
    rp_arena_init(&arena);
    for (int marketing = 1; marketing >= 0; marketing--) {
        char body[200];

        (void)snprintf(body, sizeof(body),
                       "{\"to\":\"c@d.test\",\"purpose\":\"%s\",\"track\":true,\"html\":"
                       "\"<body>Hi</body>\"}",
                       marketing ? "marketing" : "transactional");
        assert_int_equal(compose(body, true, &message, &arena, NULL), 0);
        assert_int_equal(compose(body, true, &again, &arena, NULL), 0);
        assert_true(rp_str_eq(rp_buf_view(&message.bytes), rp_buf_view(&again.bytes)));
        for (size_t i = 0; i < message.bytes.len; i++) { /* without soft line ends */
            if (rp_str_starts((struct rp_str){message.bytes.ptr + i, message.bytes.len - i},
                              RP_STR("=\r\n")))
                i += 2;
            else
                rp_buf_char(&bytes, message.bytes.ptr[i]);
        }
        found = strstr(bytes.ptr, trap);
        assert_int_equal(found != NULL, marketing);
        if (found) {
            assert_non_null(strstr(found, "aria-hidden=3D\"true\" tabindex=3D\"-1\" "
                                          "style=3D\"display:none\"></a><img src"));
            assert_non_null(strstr(found, "</body>"));
            assert_null(strstr(found + strlen(trap), "/trap/"));
        }
        rp_buf_fini(&bytes);
        rp_buf_fini(&message.bytes);
        rp_buf_fini(&again.bytes);
    }
    rp_arena_fini(&arena);
}

static void a_domain_has_its_pace(void **state)
{
    struct rp_smtp_domain slow = {RP_STR("slow.test"), 60};
    struct rp_smtp smtp = {.per_minute = 600, .domains = &slow, .domain_count = 1};
    struct rp_mail_pace pace;
    size_t domain = 0, other = 0, taken = 0;
    int64_t due_ms = 0, before_ms;

    (void)state;
    rp_mail_pace_init(&pace, &smtp);
    while (rp_mail_pace_enter(&pace, RP_STR("Slow.test"), CREATED, 0.5, &domain, &due_ms))
        taken++;
    assert_int_equal(taken, 30); /* half a minute's */
    assert_int_equal(due_ms, CREATED + 31000);
    before_ms = due_ms;
    assert_false(rp_mail_pace_enter(&pace, RP_STR("slow.test"), CREATED, 0.5, &domain, &due_ms));
    assert_int_equal(due_ms, before_ms + 1000);
    assert_true(rp_mail_pace_enter(&pace, RP_STR("fast.test"), CREATED, 0.5, &other, &due_ms));
    for (int i = 0; i < 4; i++) { /* one and a twentieth of a minute's at once */
        assert_int_equal(rp_mail_pace_wait(&pace, domain, CREATED), 0);
        rp_mail_pace_start(&pace, domain, CREATED);
    }
    assert_int_equal(rp_mail_pace_wait(&pace, domain, CREATED), 1000);
    assert_int_equal(rp_mail_pace_wait(&pace, domain, CREATED + 999), 1);
    assert_int_equal(rp_mail_pace_wait(&pace, domain, CREATED + 1000), 0);
    assert_int_equal(rp_mail_pace_wait(&pace, other, CREATED), 0);
    rp_mail_pace_leave(&pace, other);
    rp_mail_pace_fini(&pace);
}

static void answers_have_meanings(void **state)
{
    static const struct {
        int code;
        enum rp_smtp_stage stage;
        const char *error;
        enum rp_smtp_meaning meaning;
    } cases[] = {
        {451, RP_SMTP_RECIPIENT, "451 4.7.1 later", RP_SMTP_LATER},
        {0, RP_SMTP_CONNECTING, "", RP_SMTP_LATER},
        {535, RP_SMTP_CONNECTING, "535 5.7.8 password", RP_SMTP_LATER},
        {550, RP_SMTP_SENDER, "550 no", RP_SMTP_LATER},
        {550, RP_SMTP_RECIPIENT, "550 nobody", RP_SMTP_DEAD},
        {550, RP_SMTP_RECIPIENT, "refused: 550 5.1.1 nobody", RP_SMTP_DEAD},
        {550, RP_SMTP_RECIPIENT, "refused: 550 5.7.1 policy", RP_SMTP_REFUSED},
        {552, RP_SMTP_RECIPIENT, "552 5.2.2 full", RP_SMTP_REFUSED},
        {552, RP_SMTP_MESSAGE, "552 too large", RP_SMTP_REFUSED},
        {554, RP_SMTP_MESSAGE, "554 no", RP_SMTP_DEAD},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_smtp_answer answer = {.code = cases[i].code, .stage = cases[i].stage};

        memcpy(answer.error, cases[i].error, strlen(cases[i].error) + 1);
        assert_int_equal(rp_smtp_meaning(&answer), cases[i].meaning);
    }
}

int rp_test_mail(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_these_bytes),
        cmocka_unit_test(html_alone_gets_a_text),
        cmocka_unit_test(nothing_ends_a_header),
        cmocka_unit_test(dates_have_their_day),
        cmocka_unit_test(lines_are_short),
        cmocka_unit_test(html_reads_as_text),
        cmocka_unit_test(marketing_has_a_way_out),
        cmocka_unit_test(robots_find_a_link_that_people_do_not),
        cmocka_unit_test(a_domain_has_its_pace),
        cmocka_unit_test(answers_have_meanings),
    };

    return cmocka_run_group_tests_name("deliver: mail", tests, NULL, NULL);
}
