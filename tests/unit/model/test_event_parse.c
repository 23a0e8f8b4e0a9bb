/* SPDX-License-Identifier: MIT */
/* Items: verdicts, columns, identifiers and times, and every bound on both of its sides. */
#include "base/buf.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "model/event.h"
#include "unit/model/groups.h"

#include <stdio.h>

struct fixture {
    struct rp_arena arena;
    struct rp_envelope envelope;
    struct rp_event event;
    struct rp_str message;
};

static int setup(void **state)
{
    static struct fixture f;

    rp_arena_init(&f.arena);
    f.envelope = (struct rp_envelope){.received_ms = NINE, .sent_ms = RP_NEVER};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    rp_arena_fini(&f->arena);
    return 0;
}

static enum rp_reject parse_str(struct fixture *f, struct rp_str item)
{
    f->event = (struct rp_event){.id = -7}; /* written only on success */
    enum rp_reject reject = rp_event_parse(&f->arena, item, &f->envelope, &f->event, &f->message);
    if (reject != RP_REJECT_NONE) {
        assert_int_equal(f->event.id, -7);
        assert_true(f->message.len > 0);
    } else {
        assert_int_equal(f->message.len, 0);
        assert_true(f->event.message_id.len > 0);
    }
    return reject;
}

static enum rp_reject parse(struct fixture *f, const char *item)
{
    return parse_str(f, rp_str_from(item));
}

static void accept(struct fixture *f, const char *item)
{
    if (parse(f, item) != RP_REJECT_NONE)
        fail_msg("%s: %.*s", item, RP_STR_ARG(f->message));
}

static void a_track_fills_its_columns(void **state)
{
    struct fixture *f = *state;

    accept(f, "{\"type\":\"track\",\"event\":\"Pricing Viewed\",\"messageId\":\"m-1\","
              "\"userId\":\"u-1\",\"anonymousId\":\"a-1\",\"groupId\":\"g-1\","
              "\"timestamp\":\"2026-03-02T08:59:00Z\",\"sentAt\":\"2026-03-02T08:59:30Z\","
              "\"writeKey\":\"wk\",\"integrations\":{\"All\":true},\"receivedAt\":\"never\","
              "\"properties\":{\"plan\":\"team\"},\"context\":{\"ip\":\"203.0.113.7\"},"
              "\"channel\":\"web\"}");
    assert_int_equal(f->event.type, RP_TRACK);
    assert_int_equal(f->event.id, 0);
    assert_int_equal(f->event.node, 0);
    assert_int_equal(f->event.flags, 0);
    assert_str(f->event.name, "Pricing Viewed");
    assert_str(f->event.message_id, "m-1");
    assert_str(f->event.user_id, "u-1");
    assert_str(f->event.anonymous_id, "a-1");
    assert_str(f->event.group_id, "g-1");
    assert_str(f->event.previous_id, "");
    assert_str(f->event.email, "");
    assert_int_equal(f->event.received_ms, NINE);
    assert_int_equal(f->event.sent_ms, NINE - 30 * RP_SECOND);
    assert_int_equal(f->event.original_ms, NINE - 60 * RP_SECOND);
    assert_int_equal(f->event.effective_ms, NINE - 30 * RP_SECOND);
    assert_str(f->event.body, "{\"properties\":{\"plan\":\"team\"},"
                              "\"context\":{\"ip\":\"203.0.113.7\"},\"channel\":\"web\"}");
}

static void only_objects_are_items(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "[]"), RP_REJECT_NOT_OBJECT);
    assert_int_equal(parse(f, "\"track\""), RP_REJECT_NOT_OBJECT);
    assert_str(f->message, "the item is \"\"track\"\"; an item must be a JSON object");
    assert_int_equal(parse(f, "null"), RP_REJECT_NOT_OBJECT);
    assert_int_equal(parse(f, "{\"type\":}"), RP_REJECT_NOT_OBJECT);
    assert_str(f->message, "not JSON at byte 8: a value is missing");
    assert_int_equal(parse(f, "{\"a\":{\"b\":}}"), RP_REJECT_NOT_OBJECT);
    assert_int_equal(parse(f, "{\"a\":1"), RP_REJECT_NOT_OBJECT);
    assert_int_equal(parse(f, ""), RP_REJECT_NOT_OBJECT);
    assert_int_equal(parse(f, "{} {}"), RP_REJECT_NOT_OBJECT);
}

static void the_type_comes_from_the_item_or_the_route(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "{\"userId\":\"u\"}"), RP_REJECT_TYPE);
    assert_int_equal(parse(f, "{\"userId\":\"u\",\"type\":\"Track\",\"event\":\"E\"}"),
                     RP_REJECT_TYPE);
    assert_str(f->message,
               "type is \"Track\"; type must be track, page, screen, identify, group or alias");
    assert_int_equal(parse(f, "{\"userId\":\"u\",\"type\":{}}"), RP_REJECT_TYPE);
    f->envelope.type = RP_IDENTIFY;
    f->envelope.type_known = true;
    accept(f, "{\"userId\":\"u\"}");
    assert_int_equal(f->event.type, RP_IDENTIFY);
    accept(f, "{\"userId\":\"u\",\"type\":null}");
    assert_int_equal(f->event.type, RP_IDENTIFY);
    accept(f, "{\"userId\":\"u\",\"type\":\"page\"}");
    assert_int_equal(f->event.type, RP_PAGE);
    assert_int_equal(parse(f, "{\"userId\":\"u\",\"type\":\"pageview\"}"), RP_REJECT_TYPE);
}

static void a_track_needs_a_name(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "{\"type\":\"track\",\"userId\":\"u\"}"), RP_REJECT_NAME);
    assert_int_equal(parse(f, "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"\"}"),
                     RP_REJECT_NAME);
    assert_int_equal(parse(f, "{\"type\":\"track\",\"userId\":\"u\",\"event\":null}"),
                     RP_REJECT_NAME);
    assert_int_equal(parse(f, "{\"type\":\"track\",\"userId\":\"u\",\"event\":[1]}"),
                     RP_REJECT_NAME);
    accept(f, "{\"type\":\"track\",\"userId\":\"u\",\"name\":\"N\"}");
    assert_str(f->event.name, "N");
    accept(f, "{\"name\":\"N\",\"type\":\"track\",\"userId\":\"u\",\"event\":\"E\"}");
    assert_str(f->event.name, "E");
    assert_str(f->event.body, "{}");
}

static void pages_have_names_of_their_own(void **state)
{
    struct fixture *f = *state;

    accept(f, "{\"type\":\"page\",\"userId\":\"u\",\"name\":\"Docs\",\"event\":\"x\"}");
    assert_str(f->event.name, "Docs");
    assert_str(f->event.body, "{}");
    accept(f, "{\"type\":\"screen\",\"userId\":\"u\",\"properties\":{\"name\":\"Home\"}}");
    assert_str(f->event.name, "Home");
    accept(f, "{\"type\":\"page\",\"userId\":\"u\"}");
    assert_str(f->event.name, "");
    accept(f, "{\"type\":\"page\",\"userId\":\"u\",\"properties\":{\"name\":5}}");
    assert_str(f->event.name, "");
}

static void somebody_must_be_meant(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "{\"type\":\"page\"}"), RP_REJECT_IDENTITY);
    assert_int_equal(parse(f, "{\"type\":\"page\",\"userId\":\"\",\"anonymousId\":null}"),
                     RP_REJECT_IDENTITY);
    assert_int_equal(parse(f, "{\"type\":\"identify\",\"traits\":{\"email\":\"nobody\"}}"),
                     RP_REJECT_IDENTITY);
    accept(f, "{\"type\":\"page\",\"anonymousId\":\"a\"}");
    accept(f, "{\"type\":\"identify\",\"traits\":{\"email\":\"ana@globex.test\"}}");
    accept(f, "{\"type\":\"alias\",\"userId\":\"new\",\"previousId\":\"old\"}");
    assert_str(f->event.previous_id, "old");
}

static void ids_are_short_texts_or_numbers(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"userId", "anonymousId", "messageId", "previousId",
                                        "groupId"};

    for (size_t i = 0; i < RP_COUNT(names); i++) {
        for (int len = RP_ID_MAX; len <= RP_ID_MAX + 1; len++) {
            struct rp_buf item = {0};
            rp_buf_printf(
                &item, "{\"type\":\"page\",\"userId\":\"u\",\"anonymousId\":\"a\",\"%s\":\"%0*d\"}",
                names[i], len, 7);
            assert_int_equal(parse(f, item.ptr), len > RP_ID_MAX ? RP_REJECT_ID : RP_REJECT_NONE);
            rp_buf_fini(&item);
        }
    }
    assert_int_equal(parse(f, "{\"type\":\"page\",\"userId\":{\"id\":1}}"), RP_REJECT_ID);
    assert_str(f->message, "userId is \"not a text\"; ids are texts of 1 to 255 bytes");
    assert_int_equal(parse(f, "{\"type\":\"page\",\"userId\":true}"), RP_REJECT_ID);
    accept(f, "{\"type\":\"page\",\"userId\":12345678901234567890,\"messageId\":7}");
    assert_str(f->event.user_id, "12345678901234567890");
    assert_str(f->event.message_id, "7");
}

static void event_names_are_bounded(void **state)
{
    struct fixture *f = *state;

    for (int len = RP_ID_MAX; len <= RP_ID_MAX + 1; len++) {
        struct rp_buf item = {0};
        enum rp_reject want = len > RP_ID_MAX ? RP_REJECT_ID : RP_REJECT_NONE;
        rp_buf_printf(&item, "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"%0*d\"}", len, 7);
        assert_int_equal(parse(f, item.ptr), want);
        rp_buf_reset(&item);
        rp_buf_printf(&item, "{\"type\":\"page\",\"userId\":\"u\",\"name\":\"%0*d\"}", len, 7);
        assert_int_equal(parse(f, item.ptr), want);
        rp_buf_fini(&item);
    }
}

static void the_email_is_the_persons(void **state)
{
    static const struct {
        const char *item, *email;
    } cases[] = {
        {"{\"type\":\"identify\",\"traits\":{\"email\":\"Ana@Globex.test\"}}", "Ana@Globex.test"},
        {"{\"type\":\"identify\",\"context\":{\"traits\":{\"email\":\"a@b\"}}}", "a@b"},
        {"{\"type\":\"identify\",\"traits\":{\"email\":\"a@b\"},\"context\":{\"traits\":{\"email\":"
         "\"c@d\"}}}",
         "a@b"},
        {"{\"type\":\"identify\",\"traits\":{\"email\":7},\"context\":{\"traits\":{\"email\":\"c@"
         "d\"}}}",
         "c@d"},
        {"{\"type\":\"page\",\"context\":{\"traits\":{\"email\":\"a@b\"}}}", "a@b"},
        {"{\"type\":\"track\",\"event\":\"E\",\"properties\":{\"email\":\"a@b\"}}", "a@b"},
        {"{\"type\":\"page\",\"userId\":\"u\",\"properties\":{\"email\":\"a@b\"}}", ""},
        {"{\"type\":\"group\",\"userId\":\"u\",\"groupId\":\"g\",\"traits\":{\"email\":\"info@b\"}"
         "}",
         ""},
        {"{\"type\":\"group\",\"groupId\":\"g\",\"traits\":{\"email\":\"info@b\"},\"context\":{"
         "\"traits\":{\"email\":\"a@b\"}}}",
         "a@b"},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\"@b\"}}", ""},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\"a@\"}}", ""},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\"a b@c\"}}", ""},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":null}}", ""},
        {"{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":[\"a@b\"]}}", ""},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        accept(f, cases[i].item);
        assert_str(f->event.email, cases[i].email);
    }
}

static void missing_message_ids_are_made(void **state)
{
    static const char item[] = "{\"type\":\"page\",\"userId\":\"u\"}";
    struct fixture *f = *state;
    struct rp_str first, again;

    accept(f, item);
    first = f->event.message_id;
    assert_int_equal(first.len, 30);
    assert_true(rp_str_starts(first, RP_STR("gen-")));
    accept(f, item);
    again = f->event.message_id;
    assert_true(rp_str_eq(first, again));
    f->envelope.received_ms++;
    accept(f, item);
    assert_false(rp_str_eq(first, f->event.message_id));
    f->envelope.received_ms--;
    accept(f, "{\"type\":\"page\",\"userId\":\"v\"}");
    assert_false(rp_str_eq(first, f->event.message_id));
    accept(f, "{\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"\"}");
    assert_true(rp_str_starts(f->event.message_id, RP_STR("gen-")));
}

static void the_envelope_may_name_the_message(void **state)
{
    struct fixture *f = *state;

    f->envelope.message_id = RP_STR("row-7");
    accept(f, "{\"type\":\"page\",\"userId\":\"u\"}");
    assert_str(f->event.message_id, "row-7");
    accept(f, "{\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"own\"}");
    assert_str(f->event.message_id, "own");
}

/* received − (sent − original) and its guards. */
static void effective_time_corrects_the_clock(void **state)
{
    static const struct {
        const char *times; /* members of the item */
        int64_t sent_ms;   /* of the envelope */
        bool public_key;
        int64_t effective;
    } cases[] = {
        {"", RP_NEVER, false, NINE},
        {"", NINE - 5, false, NINE},
        {",\"timestamp\":\"2026-03-02T08:00:00Z\"", RP_NEVER, false, NINE - RP_HOUR},
        {",\"timestamp\":\"2026-03-02T10:00:00Z\"", RP_NEVER, false, NINE},
        {",\"timestamp\":\"2026-03-02T08:00:00Z\"", NINE - 30 * RP_MINUTE, false,
         NINE - 30 * RP_MINUTE},
        /* A clock that is a year ahead. */
        {",\"timestamp\":\"2027-03-02T08:00:00Z\",\"sentAt\":\"2027-03-02T08:00:10Z\"", RP_NEVER,
         false, NINE - 10 * RP_SECOND},
        /* Sent before it happened: never later than received. */
        {",\"timestamp\":\"2026-03-02T08:00:00Z\",\"sentAt\":\"2026-03-02T07:00:00Z\"", RP_NEVER,
         false, NINE},
        /* originalTimestamp counts more than timestamp, the item's sentAt more than the batch's. */
        {",\"timestamp\":\"2020-01-01\",\"originalTimestamp\":\"2026-03-02T08:00:00Z\"", RP_NEVER,
         false, NINE - RP_HOUR},
        {",\"timestamp\":\"2026-03-02T08:00:00Z\",\"sentAt\":\"2026-03-02T08:10:00Z\"", NINE, false,
         NINE - 10 * RP_MINUTE},
        {",\"timestamp\":1772438400000", RP_NEVER, false, NINE - RP_HOUR},
        {",\"timestamp\":null,\"sentAt\":\"\"", RP_NEVER, false, NINE},
        {",\"timestamp\":\"2001-01-01T00:00:00Z\"", RP_NEVER, false, INT64_C(978307200000)},
        /* A public key: at 30 days and past them. */
        {",\"timestamp\":\"2001-01-01T00:00:00Z\"", RP_NEVER, true, NINE - 30 * RP_DAY},
        {",\"timestamp\":\"2026-01-31T09:00:00.000Z\"", RP_NEVER, true, NINE - 30 * RP_DAY},
        {",\"timestamp\":\"2026-01-31T08:59:59.999Z\"", RP_NEVER, true, NINE - 30 * RP_DAY},
        {",\"timestamp\":\"2026-01-31T09:00:00.001Z\"", RP_NEVER, true, NINE - 30 * RP_DAY + 1},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_buf item = {0};
        f->envelope.sent_ms = cases[i].sent_ms;
        f->envelope.public_key = cases[i].public_key;
        rp_buf_printf(&item, "{\"type\":\"page\",\"userId\":\"u\"%s}", cases[i].times);
        accept(f, item.ptr);
        if (f->event.effective_ms != cases[i].effective)
            fail_msg("%s: %lld, not %lld", item.ptr, (long long)f->event.effective_ms,
                     (long long)cases[i].effective);
        assert_int_equal(f->event.received_ms, NINE);
        assert_int_equal(f->event.flags & RP_EVENT_PUBLIC, cases[i].public_key);
        rp_buf_fini(&item);
    }
}

static void wrong_times_are_refused(void **state)
{
    static const char *const names[] = {"timestamp", "originalTimestamp", "sentAt", "receivedAt"};
    struct fixture *f = *state;

    f->envelope.trust_received = true;
    for (size_t i = 0; i < RP_COUNT(names); i++) {
        struct rp_buf item = {0};
        rp_buf_printf(&item, "{\"type\":\"page\",\"userId\":\"u\",\"%s\":\"yesterday\"}", names[i]);
        assert_int_equal(parse(f, item.ptr), RP_REJECT_TIME);
        struct rp_buf want = {0};
        rp_buf_printf(&want,
                      "%s is \"yesterday\"; a time must be ISO 8601, such as "
                      "2026-03-02T09:00:00Z",
                      names[i]);
        assert_str(f->message, want.ptr);
        rp_buf_fini(&want);
        rp_buf_fini(&item);
    }
    assert_int_equal(parse(f, "{\"type\":\"page\",\"userId\":\"u\",\"timestamp\":true}"),
                     RP_REJECT_TIME);
}

static void imports_bring_their_own_times(void **state)
{
    static const struct {
        const char *times;
        int64_t received, effective;
    } cases[] = {
        {"", NINE, NINE},
        {",\"receivedAt\":\"2025-03-02T09:00:00Z\"", NINE - 365 * RP_DAY, NINE - 365 * RP_DAY},
        {",\"receivedAt\":\"2025-03-02T09:00:00Z\",\"timestamp\":\"2025-03-01T09:00:00Z\"",
         NINE - 365 * RP_DAY, NINE - 366 * RP_DAY},
        {",\"sentAt\":\"2025-03-02T09:00:00Z\",\"timestamp\":\"2025-03-01T09:00:00Z\"",
         NINE - 365 * RP_DAY, NINE - 366 * RP_DAY},
        {",\"timestamp\":\"2025-03-01T09:00:00Z\"", NINE - 366 * RP_DAY, NINE - 366 * RP_DAY},
        {",\"receivedAt\":\"2027-03-02T09:00:00Z\"", NINE + 365 * RP_DAY, NINE + 365 * RP_DAY},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_buf item = {0};
        rp_buf_printf(&item, "{\"type\":\"page\",\"userId\":\"u\"%s}", cases[i].times);
        f->envelope.trust_received = true;
        accept(f, item.ptr);
        assert_int_equal(f->event.received_ms, cases[i].received);
        assert_int_equal(f->event.effective_ms, cases[i].effective);
        f->envelope.trust_received = false;
        accept(f, item.ptr);
        assert_int_equal(f->event.received_ms, NINE);
        rp_buf_fini(&item);
    }
}

static void flags_are_those_of_the_envelope(void **state)
{
    struct fixture *f = *state;

    f->envelope.flags = RP_EVENT_CRM | RP_EVENT_IMPORTED;
    accept(f, "{\"type\":\"page\",\"userId\":\"u\"}");
    assert_int_equal(f->event.flags, RP_EVENT_CRM | RP_EVENT_IMPORTED);
    f->envelope.public_key = true;
    accept(f, "{\"type\":\"page\",\"userId\":\"u\"}");
    assert_int_equal(f->event.flags, RP_EVENT_PUBLIC | RP_EVENT_CRM | RP_EVENT_IMPORTED);
}

static void items_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct rp_buf item = {0};

    rp_buf_text(&item, "{\"type\":\"page\",\"userId\":\"u\"}");
    while (item.len < RP_ITEM_MAX)
        rp_buf_char(&item, ' ');
    assert_int_equal(parse_str(f, rp_buf_view(&item)), RP_REJECT_NONE);
    rp_buf_char(&item, ' ');
    assert_int_equal(parse_str(f, rp_buf_view(&item)), RP_REJECT_TOO_LARGE);
    assert_str(f->message, "the item holds 32769 bytes; an item holds at most 32768");
    rp_buf_fini(&item);
}

static void texts_are_bounded(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) { /* a value, a key; inside and at the root */
        for (int len = RP_STRING_MAX; len <= RP_STRING_MAX + 1; len++) {
            struct rp_buf item = {0};
            enum rp_reject want = len > RP_STRING_MAX ? RP_REJECT_STRING : RP_REJECT_NONE;
            rp_buf_text(&item, "{\"type\":\"page\",\"userId\":\"u\",\"p\":{");
            if (i == 0)
                rp_buf_printf(&item, "\"note\":\"%0*d\"}}", len, 7);
            else
                rp_buf_printf(&item, "\"%0*d\":1}}", len, 7);
            assert_int_equal(parse(f, item.ptr), want);
            rp_buf_reset(&item);
            if (i == 0)
                rp_buf_printf(&item, "{\"type\":\"page\",\"userId\":\"u\",\"note\":\"%0*d\"}", len,
                              7);
            else
                rp_buf_printf(&item, "{\"type\":\"page\",\"userId\":\"u\",\"%0*d\":1}", len, 7);
            assert_int_equal(parse(f, item.ptr), want);
            rp_buf_fini(&item);
        }
    }
    struct rp_buf item = {0};
    rp_buf_printf(&item, "{\"type\":\"page\",\"userId\":\"u\",\"note\":\"%09000d\"}", 7);
    assert_int_equal(parse(f, item.ptr), RP_REJECT_STRING);
    assert_str(f->message, "the text \"note\" holds 9000 bytes; a text holds at most 8192");
    rp_buf_fini(&item);
}

static void values_are_counted(void **state)
{
    struct fixture *f = *state;

    for (int count = RP_PROPERTIES_MAX; count <= RP_PROPERTIES_MAX + 1; count++) {
        struct rp_buf item = {0};
        rp_buf_text(&item, "{\"type\":\"page\",\"userId\":\"u\",\"list\":[0");
        for (int i = 2; i < count; i++) /* with the list itself `count` values */
            rp_buf_text(&item, ",0");
        rp_buf_text(&item, "]}");
        assert_int_equal(parse(f, item.ptr),
                         count > RP_PROPERTIES_MAX ? RP_REJECT_PROPERTIES : RP_REJECT_NONE);
        if (count <= RP_PROPERTIES_MAX)
            assert_int_equal(f->event.prop_count, count + 1);
        else
            assert_str(f->message, "the item holds more than 1000 values");
        rp_buf_fini(&item);
    }
}

static void nesting_is_bounded(void **state)
{
    struct fixture *f = *state;

    for (int levels = RP_JSON_DEPTH_MAX - 1; levels <= RP_JSON_DEPTH_MAX; levels++) {
        struct rp_buf item = {0};
        rp_buf_text(&item, "{\"type\":\"page\",\"userId\":\"u\",\"deep\":");
        for (int i = 0; i < levels; i++)
            rp_buf_char(&item, '[');
        for (int i = 0; i < levels; i++)
            rp_buf_char(&item, ']');
        rp_buf_char(&item, '}');
        assert_int_equal(parse(f, item.ptr),
                         levels < RP_JSON_DEPTH_MAX ? RP_REJECT_NONE : RP_REJECT_NOT_OBJECT);
        rp_buf_fini(&item);
    }
}

static void u0000_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "{\"type\":\"page\",\"userId\":\"u\\u0000\"}"), RP_REJECT_CHARACTER);
    assert_int_equal(parse(f, "{\"type\":\"page\",\"userId\":\"u\",\"p\":{\"a\":\"\\u0000\"}}"),
                     RP_REJECT_CHARACTER);
    assert_int_equal(parse(f, "{\"type\":\"page\",\"userId\":\"u\",\"p\":{\"\\u0000\":1}}"),
                     RP_REJECT_CHARACTER);
    assert_str(f->message, "a text is \"\\u0000\"; a text may not hold the character U+0000");
    accept(f, "{\"type\":\"page\",\"userId\":\"u\",\"p\":{\"a\":\"\\u0001\\\\u0000\"}}");
}

static void the_last_of_equal_keys_counts(void **state)
{
    struct fixture *f = *state;

    accept(f, "{\"type\":\"page\",\"type\":\"screen\",\"userId\":\"u\",\"userId\":null,"
              "\"anonymousId\":\"a\",\"\\u0061nonymousId\":\"b\","
              "\"p\":{\"x\":1,\"y\":5,\"x\":{\"z\":2},\"x\":3}}");
    assert_int_equal(f->event.type, RP_SCREEN);
    assert_str(f->event.user_id, "");
    assert_str(f->event.anonymous_id, "b");
    assert_true(rp_event_get(&f->event, rp_path_of(RP_STR("p.x")))->number == 3);
    assert_true(rp_event_get(&f->event, rp_path_of(RP_STR("p.y")))->number == 5);
    assert_null(rp_event_get(&f->event, rp_path_of(RP_STR("p.x.z"))));

    /* So it is among many members. */
    struct rp_buf item = {0};
    rp_buf_text(&item, "{\"type\":\"page\",\"userId\":\"u\",\"p\":{");
    for (int i = 0; i < 900; i++)
        rp_buf_printf(&item, "%s\"k%d\":%d", i ? "," : "", i % 300, i);
    rp_buf_text(&item, "}}");
    accept(f, item.ptr);
    for (int i = 0; i < 300; i++) {
        char path[20];
        snprintf(path, sizeof(path), "p.k%d", i);
        const struct rp_prop *prop = rp_event_get(&f->event, rp_path_of(rp_str_from(path)));
        assert_non_null(prop);
        assert_true(prop->number == 600 + i);
    }
    rp_buf_fini(&item);
}

static void long_wrong_values_are_shown_short(void **state)
{
    struct fixture *f = *state;
    struct rp_buf item = {0};

    rp_buf_printf(&item, "{\"type\":\"%0500d\",\"userId\":\"u\"}", 7);
    assert_int_equal(parse(f, item.ptr), RP_REJECT_TYPE);
    assert_in_range(f->message.len, 100, 180);
    rp_buf_fini(&item);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int test_event_parse(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_track_fills_its_columns),
        WITH_FIXTURE(only_objects_are_items),
        WITH_FIXTURE(the_type_comes_from_the_item_or_the_route),
        WITH_FIXTURE(a_track_needs_a_name),
        WITH_FIXTURE(pages_have_names_of_their_own),
        WITH_FIXTURE(somebody_must_be_meant),
        WITH_FIXTURE(ids_are_short_texts_or_numbers),
        WITH_FIXTURE(event_names_are_bounded),
        WITH_FIXTURE(the_email_is_the_persons),
        WITH_FIXTURE(missing_message_ids_are_made),
        WITH_FIXTURE(the_envelope_may_name_the_message),
        WITH_FIXTURE(effective_time_corrects_the_clock),
        WITH_FIXTURE(wrong_times_are_refused),
        WITH_FIXTURE(imports_bring_their_own_times),
        WITH_FIXTURE(flags_are_those_of_the_envelope),
        WITH_FIXTURE(items_are_bounded),
        WITH_FIXTURE(texts_are_bounded),
        WITH_FIXTURE(values_are_counted),
        WITH_FIXTURE(nesting_is_bounded),
        WITH_FIXTURE(u0000_is_refused),
        WITH_FIXTURE(the_last_of_equal_keys_counts),
        WITH_FIXTURE(long_wrong_values_are_shown_short),
    };

    return cmocka_run_group_tests_name("event_parse", tests, NULL, NULL);
}
