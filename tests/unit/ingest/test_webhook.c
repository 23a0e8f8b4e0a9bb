/* SPDX-License-Identifier: MIT */
/* Signed webhooks: the vectors that senders publish, and bodies out of their public documentation
 * (developers.hubspot.com webhooks; devdocs.mautic.org webhooks; standardwebhooks.com; GitHub's
 * "Validating webhook deliveries" for the plain HMAC). */
#include "ingest/webhook_map.h"
#include "ingest/webhook_verify.h"
#include "unit/ingest/ask.h"

#include <sodium.h>

#define SECRET   "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
#define STANDARD "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define HUBSPOT_BODY                                                                               \
    "[{\"objectId\":1246965,\"propertyName\":\"lifecyclestage\",\"propertyValue\":\"subscriber\"," \
    "\"changeSource\":\"ACADEMY\",\"eventId\":3816279340,\"subscriptionId\":25,\"portalId\":33,"   \
    "\"appId\":1160452,\"occurredAt\":1462216307945,"                                              \
    "\"subscriptionType\":\"contact.propertyChange\",\"attemptNumber\":0},"                        \
    "{\"objectId\":1246978,\"changeSource\":\"IMPORT\",\"eventId\":3816279480,"                    \
    "\"subscriptionId\":22,\"portalId\":33,\"appId\":1160452,\"occurredAt\":1462216307945,"        \
    "\"subscriptionType\":\"contact.creation\",\"attemptNumber\":0}]"
#define MAUTIC_BODY                                                                                \
    "{\"mautic.form_on_submit\":[{\"submission\":{\"id\":20,\"form\":{\"id\":3,\"name\":\"News\"}" \
    ","                                                                                            \
    "\"results\":{\"email\":\"ana@globex.test\",\"size\":\"50\"}},"                                \
    "\"timestamp\":\"2024-05-01T10:00:00+00:00\"}],\"mautic.lead_points_change\":[{\"contact\":{"  \
    "\"id\":26,\"fields\":{\"core\":{\"email\":{\"id\":\"6\",\"value\":\"bo@globex.test\"}}}},"    \
    "\"points\":{\"old_points\":1,\"new_points\":5},\"timestamp\":\"2024-05-01T10:01:00+00:00\"}]" \
    "}"

static struct rp_renamed hubspot_events[] = {
    {{"contact.propertyChange", 22}, {"Contact Changed", 15}}};
static struct rp_str crm_user[] = {{"who.id", 6}};
static struct rp_str crm_name[] = {{"kind", 4}, {"what", 4}};
static struct rp_source_door sources[] = {
    {.name = {"hubspot", 7},
     .secret = {SECRET, sizeof(SECRET) - 1},
     .verify = RP_VERIFY_HUBSPOT,
     .renames = true,
     .events = hubspot_events,
     .event_count = 1},
    {.name = {"mautic", 6}, .secret = {SECRET, sizeof(SECRET) - 1}, .verify = RP_VERIFY_MAUTIC},
    {.name = {"std", 3}, .secret = {STANDARD, sizeof(STANDARD) - 1}, .verify = RP_VERIFY_STANDARD},
    {.name = {"crm", 3},
     .secret = {"It's a Secret to Everybody", 26},
     .header = {"X-Hub-Signature-256", 19},
     .verify = RP_VERIFY_HMAC,
     .items = {"events", 6},
     .activity = true,
     .paths = {[RP_SOURCE_EVENT] = {crm_name, 2}, [RP_SOURCE_USER] = {crm_user, 1}}},
};
static const struct rp_doors doors = {.sources = sources, .source_count = RP_COUNT(sources)};

/* base64, or hex, of the HMAC of a text. */
static void sign(const char *secret, const char *text, bool hex, char out[100])
{
    crypto_auth_hmacsha256_state state;
    unsigned char mac[32];

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_auth_hmacsha256_final(&state, mac);
    if (hex)
        sodium_bin2hex(out, 100, mac, 32);
    else
        sodium_bin2base64(out, 100, mac, 32, sodium_base64_VARIANT_ORIGINAL);
}

static void published_vectors(void **state)
{
    struct rp_hook hook = {
        .id = RP_STR("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        .timestamp = RP_STR("1614265330"),
        .body = RP_STR("{\"test\": 2432232314}"),
        .signature = RP_STR("v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v2,MzJsNDk4MzI0K2U9 "
                            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        .now_ms = 1614265330000 + RP_WEBHOOK_AGE_MAX_MS,
    };
    struct rp_hook plain = {
        .body = RP_STR("Hello, World!"),
        .signature =
            RP_STR("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
    };
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    assert_null(rp_hook_verify(&arena, &sources[2], &hook));
    hook.now_ms++; /* one past the bound */
    assert_non_null(strstr(rp_hook_verify(&arena, &sources[2], &hook), "replay"));
    hook.now_ms = 1614265330000 - RP_WEBHOOK_AGE_MAX_MS;
    assert_null(rp_hook_verify(&arena, &sources[2], &hook));
    hook.now_ms--;
    assert_non_null(rp_hook_verify(&arena, &sources[2], &hook));
    hook.now_ms = 1614265330000;
    hook.body = RP_STR("{\"test\": 2432232315}");
    assert_non_null(strstr(rp_hook_verify(&arena, &sources[2], &hook), "does not fit"));
    assert_null(rp_hook_verify(&arena, &sources[3], &plain));
    plain.signature =
        RP_STR("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18");
    assert_non_null(rp_hook_verify(&arena, &sources[3], &plain));
    plain.signature = RP_STR("");
    assert_non_null(strstr(rp_hook_verify(&arena, &sources[3], &plain), "no signature"));
    plain.signature = RP_STR("sha256=75");
    assert_non_null(rp_hook_verify(&arena, &sources[3], &plain));
    rp_arena_fini(&arena);
}

static struct raw_answer hubspot(struct fake_serve *serve, int64_t at_ms, const char *url,
                                 const char *path, const char *more)
{
    char text[2048], mac[100], headers[512];

    snprintf(text, sizeof(text), "POST%s%s%lld", url, HUBSPOT_BODY, (long long)at_ms);
    sign(SECRET, text, false, mac);
    snprintf(headers, sizeof(headers),
             "Host: ripen.test\r\nX-HubSpot-Signature-v3: %s\r\nX-HubSpot-Request-Timestamp: "
             "%lld\r\n%s",
             mac, (long long)at_ms, more);
    return ask(serve, "POST", path, headers, HUBSPOT_BODY);
}

static void from_hubspot(void **state)
{
    struct fake_options options = {.doors = &doors};
    struct fake_serve *serve = fake_serve_start(&options);
    struct rp_clock clock = rp_clock_system();
    int64_t now = rp_clock_now(&clock);
    const char *path = "/v1/webhook/hubspot", *url = "https://ripen.test/v1/webhook/hubspot";

    (void)state;
    check(hubspot(serve, now, url, path, ""), 200,
          "\"accepted\":1,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"unmapped_event\","
          "\"message\":\"\\\"contact.creation\\\" is not listed",
          "the documentation's example");
    check_last(serve,
               (const char *const[]){"Contact Changed|user=hubspot:1246965|", "|at=1462216307945|",
                                     "\"propertyValue\":\"subscriber\"",
                                     "\"source\":{\"name\":\"hubspot\",\"event\":\"contact."
                                     "propertyChange\"}",
                                     NULL});
    assert_int_equal(atomic_load(&serve->last_flags), RP_EVENT_CRM);
    check(hubspot(serve, now, "https://ripen.test/v1/webhook/hubspot?a=@b:c",
                  "/v1/webhook/hubspot?a=%40b%3Ac", ""),
          200, "\"accepted\":1", "an encoded query");
    check(hubspot(serve, now - RP_WEBHOOK_AGE_MAX_MS - 1000, url, path, ""), 401, "replay", "old");
    check(hubspot(serve, now, "https://other.test/v1/webhook/hubspot", path, ""), 401,
          "`url` of this source", "another address");
    sources[0].url = RP_STR("https://other.test/hooks");
    check(hubspot(serve, now, "https://other.test/hooks", path, ""), 200, "\"accepted\":1",
          "behind a proxy");
    sources[0].url = RP_STR("");
    check(ask(serve, "POST", path, "", HUBSPOT_BODY), 401, "no signature", "unsigned");
    check(ask(serve, "POST", "/v1/webhook/other", "", HUBSPOT_BODY), 404, "unknown_source",
          "undeclared");
    check(ask(serve, "GET", path, "", ""), 405, NULL, "GET");
    fake_serve_stop(serve);
}

static struct raw_answer signed_by(struct fake_serve *serve, const char *path, const char *header,
                                   const char *secret, bool hex, const char *body)
{
    char mac[100], headers[256];

    sign(secret, body, hex, mac);
    snprintf(headers, sizeof(headers), "%s: %s\r\n", header, mac);
    return ask(serve, "POST", path, headers, body);
}

static void from_others(void **state)
{
    struct fake_options options = {.doors = &doors};
    struct fake_serve *serve = fake_serve_start(&options);
    const char *secret = "It's a Secret to Everybody", *header = "X-Hub-Signature-256";

    (void)state;
    check(signed_by(serve, "/v1/webhook/mautic", "Webhook-Signature", SECRET, false, MAUTIC_BODY),
          200, "\"accepted\":2", "Mautic");
    check_last(serve, (const char *const[]){
                          "mautic.lead_points_change|user=|anonymous=|email=bo@globex.test|",
                          "\"new_points\":5", "|at=1714557660000|", NULL});
    check(signed_by(serve, "/v1/webhook/mautic", "Webhook-Signature", "x", false, MAUTIC_BODY), 401,
          "bad_signature", "another secret");
    check(signed_by(serve, "/v1/webhook/mautic", "Webhook-Signature", SECRET, true, MAUTIC_BODY),
          401, "bad_signature", "hex, which Mautic does not send");
    for (int hex = 0; hex < 2; hex++)
        check(
            signed_by(serve, "/v1/webhook/crm", header, secret, hex,
                      "{\"events\":[{\"what\":\"Deal Won\",\"who\":{\"id\":7},\"data\":{\"v\":1},"
                      "\"time\":1714557660},{\"who\":{\"id\":8}},5,{\"kind\":\"K\"}]}"),
            200,
            "\"accepted\":1,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"no_event_name\"",
            "paths");
    check_last(serve, (const char *const[]){"Deal Won|user=7|", "|at=1714557660000|",
                                            "\"properties\":{\"v\":1}", NULL});
    assert_int_equal(atomic_load(&serve->last_flags), 0);
    check(signed_by(serve, "/v1/webhook/crm", header, secret, true, "{\"other\":1}"), 400,
          "`items`", "no list");
    check(signed_by(serve, "/v1/webhook/crm", header, secret, true, "{"), 400, "at byte", "JSON");
    fake_serve_stop(serve);
}

/* The same delivery gives the same ids, another one others. */
static void ids(void **state)
{
    struct rp_arena arena;
    struct rp_str json[6];
    struct rp_err err;

    (void)state;
    rp_arena_init(&arena);
    for (size_t i = 0; i < RP_COUNT(json); i++) {
        struct rp_door_items items = {.arena = &arena};
        const char *body = i < 2   ? "{\"type\":\"A\",\"data\":{\"userId\":\"u\"}}"
                           : i < 3 ? "{\"type\":\"A\",\"data\":{\"userId\":\"v\"}}"
                                   : "{\"type\":\"A\",\"id\":\"e1\",\"data\":{\"userId\":\"v\"}}";
        struct rp_str delivery = i == 1 ? RP_STR("m2") : i == 4 ? RP_STR("m9") : RP_STR("m1");
        assert_int_equal(rp_webhook_map(&sources[2], delivery, rp_str_from(body), &items, &err), 0);
        assert_int_equal(items.count, 1);
        json[i] = (struct rp_str){strstr(items.list[0].json.ptr, "hook-"), 31};
    }
    assert_false(rp_str_eq(json[0], json[1])); /* other deliveries */
    assert_true(rp_str_eq(json[0], json[2]));  /* one delivery, whatever is in it */
    assert_false(rp_str_eq(json[0], json[3]));
    assert_true(rp_str_eq(json[3], json[4])); /* one event in two deliveries */
    rp_arena_fini(&arena);
}

int test_webhook(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(from_hubspot),
        cmocka_unit_test(from_others),
        cmocka_unit_test(ids),
    };

    return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
