/* SPDX-License-Identifier: MIT */
/* Notices of e-mail providers, as their public documentation shows them (shortened where a field
 * is of no meaning here): twilio.com/docs/sendgrid "Event Webhook Reference"; postmarkapp.com
 * developer/webhooks bounce, spam complaint and subscription change; documentation.mailgun.com
 * "Webhook Payloads" and "Securing Webhooks"; docs.aws.amazon.com/ses "Amazon SNS notification
 * examples" and /sns "HTTP/HTTPS subscription confirmation JSON format". */
#include "ingest/webhook_mail.h"
#include "ingest/webhook_map.h"
#include "ingest/webhook_verify.h"
#include "unit/ingest/ask.h"

#include <sodium.h>

#define SECRET "s3cret-of-the-address"

static struct rp_source_door sources[] = {
    {.name = {"sendgrid", 8}, .verify = RP_VERIFY_SENDGRID},
    {.name = {"postmark", 8}, .verify = RP_VERIFY_POSTMARK},
    {.name = {"mailgun", 7}, .verify = RP_VERIFY_MAILGUN},
    {.name = {"ses", 3}, .verify = RP_VERIFY_SES},
};
static const struct rp_doors doors = {.sources = sources, .source_count = RP_COUNT(sources)};

#define SENDGRID(event, more)                                                                      \
    "{\"email\":\"example@test.com\",\"timestamp\":1513299569,"                                    \
    "\"smtp-id\":\"<14c5d75ce93.dfd.64b469@ismtpd-555>\",\"event\":\"" event "\",\"category\":"    \
    "\"cat facts\",\"sg_event_id\":\"sg_event_id\",\"sg_message_id\":\"sg_message_id\"" more "}"
#define POSTMARK(record, type, more)                                                               \
    "{\"RecordType\":\"" record "\",\"MessageStream\":\"outbound\",\"ID\":42,\"Type\":\"" type     \
    "\",\"MessageID\":\"883953f4-6105-42a2-a16a-77a8eac79483\",\"Details\":\"Test details\","      \
    "\"Email\":\"john@example.com\",\"BouncedAt\":\"2019-11-05T16:33:54.9070259Z\"" more "}"
#define SUBSCRIPTION(stopped, reason)                                                              \
    "{\"RecordType\":\"SubscriptionChange\",\"MessageID\":\"883953f4-6105-42a2-a16a-77a8eac79483"  \
    "\",\"ChangedAt\":\"2020-02-01T10:53:34.416071Z\",\"Recipient\":\"bounced-address@wildbit."    \
    "com\",\"Origin\":\"Recipient\",\"SuppressSending\":" stopped ",\"SuppressionReason\":" reason \
    "}"
#define MAILGUN(event, more)                                                                       \
    "{\"signature\":{\"timestamp\":\"1529006854\",\"token\":\"a8ce0edb2dd8301dee6c2405235584e45a"  \
    "a91d1e9f979f3de0\"},\"event-data\":{\"event\":\"" event "\",\"id\":\"G9Bn5sl1TC6nu79C8C0bwg"  \
    "\",\"timestamp\":1521233195.375624,\"recipient\":\"alice@example.com\",\"message\":{"         \
    "\"headers\":{\"message-id\":\"20130503192659.13651.20287@sandbox.mailgun.org\"}}" more "}}"
#define SES_MAIL                                                                                   \
    "\"mail\":{\"timestamp\":\"2016-01-27T14:59:38.237Z\",\"messageId\":\"00000138111222aa\","     \
    "\"destination\":[\"jane@example.com\"],\"commonHeaders\":{\"messageId\":\"<act_1@acme.test>"  \
    "\"}}"
#define SES_BOUNCE(type, recipients)                                                               \
    "{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"" type "\",\"bounceSubType\":"  \
    "\"General\",\"bouncedRecipients\":[" recipients "],\"timestamp\":\"2016-01-27T14:59:44.101Z"  \
    "\",\"feedbackId\":\"00000138111222aa-44455566\"}," SES_MAIL "}"
#define JANE                                                                                       \
    "{\"emailAddress\":\"jane@example.com\",\"status\":\"5.1.1\",\"action\":\"failed\","           \
    "\"diagnosticCode\":\"smtp; 550 5.1.1 User unknown\"}"
#define SES_COMPLAINT(type)                                                                        \
    "{\"notificationType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":[{"               \
    "\"emailAddress\":\"richard@example.com\"}],\"timestamp\":\"2016-01-27T14:59:38.237Z\","       \
    "\"feedbackId\":\"000001378603177f\",\"complaintFeedbackType\":\"" type "\"}," SES_MAIL "}"

static const struct golden {
    enum rp_verify verify;
    const char *body;
    size_t count;
    const char *parts[5]; /* of the last item; without any it is refused */
} goldens[] = {
    {RP_VERIFY_SENDGRID,
     "[" SENDGRID("bounce", ",\"reason\":\"500 unknown recipient\",\"status\":\"5.0.0\"") "]",
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true", "\"reason\":\"500 unknown recipient\"",
      "\"email_id\":\"14c5d75ce93.dfd.64b469\"", "\"timestamp\":\"2017-12-15T00:59:29"}},
    {RP_VERIFY_SENDGRID,
     "[" SENDGRID("processed", "") "," SENDGRID("bounce", ",\"type\":\"blocked\"") "]",
     2,
     {"\"event\":\"Email Bounced\"", "\"permanent\":false"}},
    {RP_VERIFY_SENDGRID,
     "[" SENDGRID("dropped", ",\"reason\":\"Bounced Address\"") "]",
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true"}},
    {RP_VERIFY_SENDGRID,
     "[" SENDGRID("dropped", ",\"reason\":\"Spam Reporting Address\"") "]",
     1,
     {"\"event\":\"Email Complained\""}},
    {RP_VERIFY_SENDGRID,
     "[" SENDGRID("dropped", ",\"reason\":\"Unsubscribed Address\"") "]",
     1,
     {"\"event\":\"Unsubscribed\""}},
    {RP_VERIFY_SENDGRID, "[" SENDGRID("dropped", ",\"reason\":\"Spam Content\"") "]", 1, {NULL}},
    {RP_VERIFY_SENDGRID, "[" SENDGRID("spamreport", "") "]", 1, {"\"event\":\"Email Complained\""}},
    {RP_VERIFY_SENDGRID,
     "[" SENDGRID("unsubscribe", "") "]",
     1,
     {"\"event\":\"Unsubscribed\"", "\"email\":\"example@test.com\""}},
    {RP_VERIFY_SENDGRID,
     "[" SENDGRID("group_unsubscribe", ",\"asm_group_id\":10") "]",
     1,
     {"\"event\":\"Unsubscribed\""}},
    {RP_VERIFY_SENDGRID, "[" SENDGRID("group_resubscribe", "") "]", 1, {NULL}},
    {RP_VERIFY_SENDGRID, "[" SENDGRID("deferred", ",\"attempt\":\"5\"") ",7]", 2, {NULL}},
    {RP_VERIFY_SENDGRID, "[]", 0, {NULL}},

    {RP_VERIFY_POSTMARK,
     POSTMARK("Bounce", "HardBounce", ",\"Inactive\":true"),
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true", "\"reason\":\"Test details\"",
      "\"email\":\"john@example.com\"", "\"timestamp\":\"2019-11-05T16:33:54.907"}},
    {RP_VERIFY_POSTMARK,
     POSTMARK("Bounce", "BadEmailAddress", ""),
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true"}},
    {RP_VERIFY_POSTMARK,
     POSTMARK("Bounce", "SoftBounce", ""),
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":false"}},
    {RP_VERIFY_POSTMARK, POSTMARK("Bounce", "Unsubscribe", ""), 1, {"\"event\":\"Unsubscribed\""}},
    {RP_VERIFY_POSTMARK,
     POSTMARK("Bounce", "SpamComplaint", ""),
     1,
     {"\"event\":\"Email Complained\""}},
    {RP_VERIFY_POSTMARK, POSTMARK("Bounce", "AutoResponder", ""), 1, {NULL}},
    {RP_VERIFY_POSTMARK,
     POSTMARK("SpamComplaint", "SpamComplaint", ""),
     1,
     {"\"event\":\"Email Complained\"", "\"email\":\"john@example.com\""}},
    {RP_VERIFY_POSTMARK,
     SUBSCRIPTION("true", "\"ManualSuppression\""),
     1,
     {"\"event\":\"Unsubscribed\"", "\"email\":\"bounced-address@wildbit.com\"",
      "\"timestamp\":\"2020-02-01T10:53:34.416"}},
    {RP_VERIFY_POSTMARK, SUBSCRIPTION("true", "\"HardBounce\""), 1, {NULL}},
    {RP_VERIFY_POSTMARK, SUBSCRIPTION("false", "null"), 1, {NULL}},
    {RP_VERIFY_POSTMARK, "{\"RecordType\":\"Delivery\"}", 1, {NULL}},

    {RP_VERIFY_MAILGUN,
     MAILGUN("failed", ",\"severity\":\"permanent\",\"reason\":\"suppress-bounce\","
                       "\"delivery-status\":{\"code\":605,\"message\":\"\",\"description\":"
                       "\"Not delivering to previously bounced address\"}"),
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true", "previously bounced",
      "\"email_id\":\"20130503192659.13651.20287\"", "\"timestamp\":\"2018-03-16T20:46:35"}},
    {RP_VERIFY_MAILGUN,
     MAILGUN("failed", ",\"severity\":\"permanent\",\"reason\":\"generic\""),
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true", "\"reason\":\"generic\""}},
    {RP_VERIFY_MAILGUN,
     MAILGUN("failed", ",\"severity\":\"permanent\",\"reason\":\"old\""),
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":false"}},
    {RP_VERIFY_MAILGUN,
     MAILGUN("failed", ",\"severity\":\"permanent\",\"reason\":\"suppress-complaint\""),
     1,
     {"\"event\":\"Email Complained\""}},
    {RP_VERIFY_MAILGUN, MAILGUN("failed", ",\"severity\":\"temporary\""), 1, {NULL}},
    {RP_VERIFY_MAILGUN,
     MAILGUN("complained", ""),
     1,
     {"\"event\":\"Email Complained\"", "\"email\":\"alice@example.com\""}},
    {RP_VERIFY_MAILGUN, MAILGUN("unsubscribed", ""), 1, {"\"event\":\"Unsubscribed\""}},
    {RP_VERIFY_MAILGUN, MAILGUN("delivered", ""), 1, {NULL}},

    {RP_VERIFY_SES, /* "raw message delivery" */
     SES_BOUNCE("Permanent", JANE),
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true",
      "\"reason\":\"smtp; 550 5.1.1 User unknown\"", "\"email_id\":\"act_1\"",
      "\"timestamp\":\"2016-01-27T14:59:44.101"}},
    {RP_VERIFY_SES,
     SES_BOUNCE("Transient", JANE ",{\"emailAddress\":\"richard@example.com\"}"),
     2,
     {"\"email\":\"richard@example.com\"", "\"permanent\":false", "\"reason\":\"General\""}},
    {RP_VERIFY_SES,
     SES_COMPLAINT("abuse"),
     1,
     {"\"event\":\"Email Complained\"", "\"email\":\"richard@example.com\"",
      "\"reason\":\"abuse\""}},
    {RP_VERIFY_SES, SES_COMPLAINT("not-spam"), 1, {NULL}},
    {RP_VERIFY_SES,
     "{\"eventType\":\"Subscription\",\"subscription\":{\"newTopicPreferences\":{"
     "\"unsubscribeAll\":true}}," SES_MAIL "}",
     1,
     {"\"event\":\"Unsubscribed\"", "\"email\":\"jane@example.com\""}},
    {RP_VERIFY_SES, /* SNS carries the notice as a text */
     "{\"Type\":\"Notification\",\"MessageId\":\"19ba9823\",\"Message\":\"{\\\"eventType\\\":"
     "\\\"Bounce\\\",\\\"bounce\\\":{\\\"bounceType\\\":\\\"Permanent\\\","
     "\\\"bouncedRecipients\\\":[{\\\"emailAddress\\\":\\\"jane@example.com\\\"}]}}\\n\"}",
     1,
     {"\"event\":\"Email Bounced\"", "\"permanent\":true", "\"email\":\"jane@example.com\""}},
    {RP_VERIFY_SES,
     "{\"Type\":\"Notification\",\"Message\":\"Successfully validated\"}",
     1,
     {NULL}},
    {RP_VERIFY_SES, "{\"notificationType\":\"Delivery\"," SES_MAIL "}", 1, {NULL}},
};

static void check_golden(struct rp_arena *arena, const struct golden *golden)
{
    struct rp_door_items items = {.arena = arena};
    struct rp_source_door source = {.name = RP_STR("post"), .verify = golden->verify};
    struct rp_err err;
    const struct rp_door_item *last;

    assert_int_equal(rp_webhook_map(&source, RP_STR(""), rp_str_from(golden->body), &items, &err),
                     0);
    if (items.count != golden->count)
        fail_msg("%zu items of %s", items.count, golden->body);
    if (items.count == 0)
        return;
    last = &items.list[items.count - 1];
    if ((last->reject == RP_REJECT_NONE) != (golden->parts[0] != NULL))
        fail_msg("refusal %d: %s", (int)last->reject, golden->body);
    for (size_t i = 0; i < RP_COUNT(golden->parts) && golden->parts[i]; i++) {
        if (!strstr(last->json.ptr, golden->parts[i]))
            fail_msg("%s is not in %s", golden->parts[i], last->json.ptr);
    }
}

static void documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < RP_COUNT(goldens); i++) {
        struct rp_arena arena;

        rp_arena_init(&arena);
        check_golden(&arena, &goldens[i]);
        rp_arena_fini(&arena);
    }
}

static const char *try_shared(const char *header, const char *authorization, const char *key)
{
    struct rp_source_door source = {.secret = RP_STR(SECRET), .verify = RP_VERIFY_POSTMARK};
    struct rp_hook hook = {.signature = rp_str_from(header),
                           .authorization = rp_str_from(authorization),
                           .key = rp_str_from(key),
                           .body = RP_STR("{}")};
    struct rp_arena arena;
    const char *problem;

    rp_arena_init(&arena);
    problem = rp_hook_verify(&arena, &source, &hook);
    rp_arena_fini(&arena);
    return problem;
}

static void shared_secret(void **state)
{
    char coded[600], header[700], text[600];

    (void)state;
    sodium_bin2base64(coded, sizeof(coded), (const unsigned char *)"post:" SECRET,
                      strlen("post:" SECRET), sodium_base64_VARIANT_ORIGINAL);
    snprintf(header, sizeof(header), "Basic %s", coded);
    assert_null(try_shared("", header, ""));
    assert_null(try_shared(SECRET, "", ""));
    assert_null(try_shared("", "", SECRET));
    assert_non_null(strstr(try_shared("", "", ""), "?key="));
    assert_non_null(try_shared("", "", SECRET "x"));
    assert_non_null(try_shared("s3cret-of-the-addres", "", ""));
    assert_non_null(try_shared("", "Basic " SECRET, ""));
    assert_non_null(try_shared("", "Basic ", ""));
    snprintf(text, sizeof(text), "%s:post", SECRET); /* the name is not the secret */
    sodium_bin2base64(coded, sizeof(coded), (const unsigned char *)text, strlen(text),
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(header, sizeof(header), "Basic %s", coded);
    assert_non_null(try_shared("", header, ""));
}

/* Mailgun signs timestamp + token with the key. */
static void mailgun_signature(void **state)
{
    struct rp_source_door source = {.secret = RP_STR(SECRET), .verify = RP_VERIFY_MAILGUN};
    struct rp_hook hook = {.now_ms = 1529006854000};
    const char *signed_text = "1529006854a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0";
    crypto_auth_hmacsha256_state mac_state;
    unsigned char mac[32];
    char hex[65], body[512];
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    crypto_auth_hmacsha256_init(&mac_state, (const unsigned char *)SECRET, strlen(SECRET));
    crypto_auth_hmacsha256_update(&mac_state, (const unsigned char *)signed_text,
                                  strlen(signed_text));
    crypto_auth_hmacsha256_final(&mac_state, mac);
    sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
    snprintf(body, sizeof(body),
             "{\"signature\":{\"timestamp\":\"1529006854\",\"token\":\"a8ce0edb2dd8301dee6c24052355"
             "84e45aa91d1e9f979f3de0\",\"signature\":\"%s\"}}",
             hex);
    hook.body = rp_str_from(body);
    assert_null(rp_hook_verify(&arena, &source, &hook));
    hook.now_ms += RP_WEBHOOK_AGE_MAX_MS;
    assert_null(rp_hook_verify(&arena, &source, &hook));
    hook.now_ms++; /* one past the bound */
    assert_non_null(strstr(rp_hook_verify(&arena, &source, &hook), "replay"));
    hook.now_ms = 1529006854000;
    source.secret = RP_STR("another");
    assert_non_null(strstr(rp_hook_verify(&arena, &source, &hook), "does not fit"));
    hook.body = RP_STR("{\"signature\":{}}");
    assert_non_null(strstr(rp_hook_verify(&arena, &source, &hook), "Mailgun"));
    rp_arena_fini(&arena);
}

#define CONFIRM(url)                                                                               \
    "{\"Type\":\"SubscriptionConfirmation\",\"MessageId\":\"165545c9\",\"Token\":\"2336412f37\","  \
    "\"SubscribeURL\":\"" url "\"}"
#define SNS "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"

static void confirmation(void **state)
{
    static const char *const others[] = {
        CONFIRM("https://sns.us-west-2.amazonaws.com.evil.test/?a"),
        CONFIRM("https://evil.test/sns.us-west-2.amazonaws.com/"),
        CONFIRM("https://sns.evil.test@x.amazonaws.com/"),
        CONFIRM("http://sns.us-west-2.amazonaws.com/"),
        CONFIRM("https://sns.amazonaws.com"),
        "{\"Type\":\"Notification\",\"SubscribeURL\":\"" SNS "\"}",
        "{}",
        "[",
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    assert_true(rp_str_is(rp_mail_confirmation(&arena, RP_STR(CONFIRM(SNS))), SNS));
    for (size_t i = 0; i < RP_COUNT(others); i++)
        assert_int_equal(rp_mail_confirmation(&arena, rp_str_from(others[i])).len, 0);
    rp_arena_fini(&arena);
}

static void times(void **state)
{
    static const char *const cases[][2] = {
        {"1521233195.375624", "2018-03-16T20:46:35.000Z"},
        {"1521233195", "2018-03-16T20:46:35.000Z"},
        {"1521233195375", "2018-03-16T20:46:35.375Z"},
        {"2018-03-16T20:46:35.5Z", "2018-03-16T20:46:35.500Z"},
        {"5.9.2018", "5.9.2018"},
        {"2018-03-16.x", "2018-03-16.x"},
        {"", ""},
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_str time = rp_door_time(&arena, rp_str_from(cases[i][0]));

        if (!rp_str_is(time, cases[i][1]))
            fail_msg("%s: %.*s", cases[i][0], RP_STR_ARG(time));
    }
    rp_arena_fini(&arena);
}

static void door(void **state)
{
    struct fake_options options = {.doors = &doors};
    struct fake_serve *serve;
    const char *bounce = "[" SENDGRID("bounce", ",\"reason\":\"500 unknown recipient\"") "]";

    (void)state;
    for (size_t i = 0; i < RP_COUNT(sources); i++)
        sources[i].secret = RP_STR(SECRET);
    serve = fake_serve_start(&options);
    check(ask(serve, "POST", "/v1/webhook/sendgrid?key=" SECRET, "", bounce), 200,
          "\"accepted\":1,\"duplicates\":0,\"rejected\":[]", "SendGrid");
    check_last(serve, (const char *const[]){
                          "Email Bounced|user=|anonymous=|email=example@test.com|",
                          "|at=1513299569000|", "\"permanent\":true",
                          "\"source\":{\"name\":\"sendgrid\",\"event\":\"bounce\"}", NULL});
    assert_int_equal(atomic_load(&serve->last_flags), RP_EVENT_CRM);
    check(ask(serve, "POST", "/v1/webhook/sendgrid?key=wrong", "", bounce), 401, "bad_signature",
          "another secret");
    check(ask(serve, "POST", "/v1/webhook/sendgrid", "", bounce), 401, "?key=", "no secret");
    check(ask(serve, "POST", "/v1/webhook/ses?key=" SECRET, "Content-Type: text/plain\r\n",
              CONFIRM(SNS)),
          200, "\"accepted\":0", "a confirmation");
    check(ask(serve, "POST", "/v1/webhook/sendgrid?key=" SECRET, "",
              "[" SENDGRID("delivered", "") "]"),
          200, "unmapped_event", "no bounce");
    check(ask(serve, "POST", "/v1/webhook/sendgrid?key=" SECRET, "", "["), 400, "bad_json", "JSON");
    fake_serve_stop(serve);
}

int test_webhook_mail(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented),
        cmocka_unit_test(shared_secret),
        cmocka_unit_test(mailgun_signature),
        cmocka_unit_test(confirmation),
        cmocka_unit_test(times),
        cmocka_unit_test(door),
    };

    return cmocka_run_group_tests_name("webhook_mail", tests, NULL, NULL);
}
