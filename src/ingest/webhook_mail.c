/* SPDX-License-Identifier: MIT */
/* Two tables: where each provider writes what, and what each of its notices means; the first row
 * that fits counts. Sources: twilio.com/docs/sendgrid "Event Webhook Reference"; postmarkapp.com
 * developer/webhooks (bounce, spam complaint, subscription change); documentation.mailgun.com
 * "Webhook Payloads"; docs.aws.amazon.com/ses "Amazon SNS notification contents". A notice that
 * will be tried again by the provider is no bounce and not taken. Email Bounced has `permanent`
 * only where the address itself is at fault: what was blocked, was too old or found a full mailbox
 * may arrive next time. */
#include "ingest/webhook_mail.h"

#include "base/json_write.h"
#include "ingest/pick.h"

#define PATHS    3
#define ID_PARTS (3 + PATHS)

enum meaning { GONE, PASSING, COMPLAINED, UNSUBSCRIBED, NOTHING };

static const struct {
    const char *name;
    bool bounce, permanent;
} meanings[] = {
    [GONE] = {"Email Bounced", true, true},
    [PASSING] = {"Email Bounced", true, false},
    [COMPLAINED] = {"Email Complained", false, false},
    [UNSUBSCRIBED] = {"Unsubscribed", false, false},
};

/* Paths in a notice; of each list the first that leads to a value counts, but all of `id`. */
struct provider {
    const char *event[PATHS], *id[PATHS], *time[PATHS];
    const char *email[PATHS], *reason[PATHS]; /* in the recipient, where a notice lists several */
    const char *message;                      /* the Message-ID header that we gave it */
};

static const struct provider providers[RP_VERIFY_COUNT] = {
    [RP_VERIFY_SENDGRID] = {.event = {"event"},
                            .id = {"sg_event_id"},
                            .time = {"timestamp"},
                            .email = {"email"},
                            .reason = {"reason", "response"},
                            .message = "smtp-id"},
    [RP_VERIFY_POSTMARK] = {.event = {"RecordType"},
                            .id = {"ID", "MessageID", "ChangedAt"},
                            .time = {"BouncedAt", "ChangedAt"},
                            .email = {"Email", "Recipient"},
                            .reason = {"Details", "Description", "SuppressionReason"}},
    [RP_VERIFY_MAILGUN] = {.event = {"event-data.event"},
                           .id = {"event-data.id"},
                           .time = {"event-data.timestamp"},
                           .email = {"event-data.recipient"},
                           .reason = {"event-data.delivery-status.message",
                                      "event-data.delivery-status.description",
                                      "event-data.reason"},
                           .message = "event-data.message.headers.message-id"},
    [RP_VERIFY_SES] = {.event = {"notificationType", "eventType"},
                       .id = {"bounce.feedbackId", "complaint.feedbackId", "mail.messageId"},
                       .time = {"bounce.timestamp", "complaint.timestamp", "mail.timestamp"},
                       .email = {"emailAddress", ""},
                       .reason = {"diagnosticCode", "bounce.bounceSubType",
                                  "complaint.complaintFeedbackType"},
                       .message = "mail.commonHeaders.messageId"},
};

struct notice {
    enum rp_verify provider;
    const char *event;         /* the provider's name */
    const char *detail, *word; /* only with this value at this path; NULL: always */
    enum meaning meaning;
    const char *list; /* path of the recipients; NULL: the notice has one */
};

static const struct notice notices[] = {
    {RP_VERIFY_SENDGRID, "bounce", "type", "blocked", PASSING, NULL},
    {RP_VERIFY_SENDGRID, "bounce", NULL, NULL, GONE, NULL},
    {RP_VERIFY_SENDGRID, "dropped", "reason", "Bounced Address", GONE, NULL},
    {RP_VERIFY_SENDGRID, "dropped", "reason", "Spam Reporting Address", COMPLAINED, NULL},
    {RP_VERIFY_SENDGRID, "dropped", "reason", "Unsubscribed Address", UNSUBSCRIBED, NULL},
    {RP_VERIFY_SENDGRID, "spamreport", NULL, NULL, COMPLAINED, NULL},
    {RP_VERIFY_SENDGRID, "unsubscribe", NULL, NULL, UNSUBSCRIBED, NULL},
    {RP_VERIFY_SENDGRID, "group_unsubscribe", NULL, NULL, UNSUBSCRIBED, NULL},

    {RP_VERIFY_POSTMARK, "Bounce", "Type", "HardBounce", GONE, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", "Type", "BadEmailAddress", GONE, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", "Type", "SpamComplaint", COMPLAINED, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", "Type", "Unsubscribe", UNSUBSCRIBED, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", "Type", "Subscribe", NOTHING, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", "Type", "AutoResponder", NOTHING, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", "Type", "AddressChange", NOTHING, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", "Type", "ChallengeVerification", NOTHING, NULL},
    {RP_VERIFY_POSTMARK, "Bounce", NULL, NULL, PASSING, NULL},
    {RP_VERIFY_POSTMARK, "SpamComplaint", NULL, NULL, COMPLAINED, NULL},
    /* Its other reasons have a notice of their own. */
    {RP_VERIFY_POSTMARK, "SubscriptionChange", "SuppressSending", "false", NOTHING, NULL},
    {RP_VERIFY_POSTMARK, "SubscriptionChange", "SuppressionReason", "ManualSuppression",
     UNSUBSCRIBED, NULL},

    {RP_VERIFY_MAILGUN, "failed", "event-data.severity", "temporary", NOTHING, NULL},
    {RP_VERIFY_MAILGUN, "failed", "event-data.reason", "suppress-complaint", COMPLAINED, NULL},
    {RP_VERIFY_MAILGUN, "failed", "event-data.reason", "suppress-unsubscribe", UNSUBSCRIBED, NULL},
    {RP_VERIFY_MAILGUN, "failed", "event-data.reason", "bounce", GONE, NULL},
    {RP_VERIFY_MAILGUN, "failed", "event-data.reason", "suppress-bounce", GONE, NULL},
    {RP_VERIFY_MAILGUN, "failed", "event-data.reason", "old", PASSING, NULL},
    {RP_VERIFY_MAILGUN, "failed", "event-data.reason", "espblock", PASSING, NULL},
    {RP_VERIFY_MAILGUN, "failed", "event-data.severity", "permanent", GONE, NULL},
    {RP_VERIFY_MAILGUN, "complained", NULL, NULL, COMPLAINED, NULL},
    {RP_VERIFY_MAILGUN, "unsubscribed", NULL, NULL, UNSUBSCRIBED, NULL},

    {RP_VERIFY_SES, "Bounce", "bounce.bounceType", "Permanent", GONE, "bounce.bouncedRecipients"},
    {RP_VERIFY_SES, "Bounce", NULL, NULL, PASSING, "bounce.bouncedRecipients"},
    {RP_VERIFY_SES, "Complaint", "complaint.complaintFeedbackType", "not-spam", NOTHING, NULL},
    {RP_VERIFY_SES, "Complaint", NULL, NULL, COMPLAINED, "complaint.complainedRecipients"},
    {RP_VERIFY_SES, "Subscription", "subscription.newTopicPreferences.unsubscribeAll", "true",
     UNSUBSCRIBED, "mail.destination"},
};

struct mapping {
    const struct rp_source_door *source;
    const struct provider *provider;
    struct rp_door_items *items;
};

bool rp_mail_sends_notices(enum rp_verify verify)
{
    return providers[verify].event[0] != NULL;
}

/* The first value that a path leads to; "" when none does. */
static struct rp_str text_at(const struct mapping *m, struct rp_str json,
                             const char *const paths[PATHS])
{
    struct rp_str text;

    for (size_t i = 0; i < PATHS && paths[i]; i++) {
        if (rp_pick_text(m->items->arena, json, rp_str_from(paths[i]), &text))
            return text;
    }
    return RP_STR("");
}

static const struct notice *find_notice(const struct mapping *m, struct rp_str event,
                                        struct rp_str theirs)
{
    for (size_t i = 0; i < RP_COUNT(notices); i++) {
        const struct notice *notice = &notices[i];
        struct rp_str word;

        if (notice->provider != m->source->verify || !rp_str_is(theirs, notice->event))
            continue;
        if (!notice->detail ||
            (rp_pick_text(m->items->arena, event, rp_str_from(notice->detail), &word) &&
             rp_str_is(word, notice->word)))
            return notice->meaning == NOTHING ? NULL : notice;
    }
    return NULL;
}

/* Our Message-ID is <key@domain>; what has not this form is not ours. */
static struct rp_str key_of(const struct mapping *m, struct rp_str event)
{
    const char *const paths[PATHS] = {m->provider->message};
    struct rp_str id = text_at(m, event, paths);
    const char *at = id.len ? memchr(id.ptr, '@', id.len) : NULL;

    if (!at)
        return RP_STR("");
    id.len = (size_t)(at - id.ptr);
    if (id.ptr[0] == '<') {
        id.ptr++;
        id.len--;
    }
    return id;
}

static struct rp_str id_of(const struct mapping *m, struct rp_str event, struct rp_str name,
                           struct rp_str email)
{
    struct rp_str parts[ID_PARTS] = {m->source->name, name, email};
    size_t count = 3;

    for (size_t i = 0; i < PATHS && m->provider->id[i]; i++) {
        if (rp_pick_text(m->items->arena, event, rp_str_from(m->provider->id[i]), &parts[count]))
            count++;
    }
    if (count == 3)
        parts[count++] = event;
    return rp_door_id(m->items->arena, "hook", parts, count);
}

static struct rp_str properties_of(const struct mapping *m, const struct notice *notice,
                                   struct rp_str event, struct rp_str who, struct rp_str email)
{
    struct rp_str reason = text_at(m, who, m->provider->reason), key = key_of(m, event), json;
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    if (reason.len == 0)
        reason = text_at(m, event, m->provider->reason);
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "email", email);
    if (meanings[notice->meaning].bounce)
        rp_jw_put_bool(&jw, "permanent", meanings[notice->meaning].permanent);
    if (reason.len > 0)
        rp_jw_put_str(&jw, "reason", reason);
    if (key.len > 0)
        rp_jw_put_str(&jw, "email_id", key);
    rp_jw_object_end(&jw);
    json = rp_arena_str(m->items->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return json;
}

/* `who` is the recipient's place in the event. */
static void map_recipient(const struct mapping *m, const struct notice *notice, struct rp_str event,
                          struct rp_str who)
{
    struct rp_door_item *item = rp_door_add(m->items);
    struct rp_door_event mapped = {.origin = "source"};
    struct rp_buf origin = {0};
    struct rp_jw jw = rp_jw(&origin);

    if (!item)
        return;
    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "name", m->source->name);
    rp_jw_put_text(&jw, "event", notice->event);
    rp_jw_object_end(&jw);
    mapped.name = rp_str_from(meanings[notice->meaning].name);
    mapped.email = text_at(m, who, m->provider->email);
    mapped.message_id = id_of(m, event, mapped.name, mapped.email);
    mapped.time = rp_door_time(m->items->arena, text_at(m, event, m->provider->time));
    mapped.properties = properties_of(m, notice, event, who, mapped.email);
    mapped.origin_raw = rp_buf_view(&origin);
    item->json = rp_door_json(m->items->arena, &mapped);
    rp_buf_fini(&origin);
}

static void refuse(const struct mapping *m, enum rp_reject reject, struct rp_str theirs)
{
    struct rp_door_item *item = rp_door_add(m->items);

    if (!item)
        return;
    item->reject = reject;
    if (reject == RP_REJECT_UNMAPPED)
        item->message = rp_arena_printf(m->items->arena,
                                        "\"%.*s\" tells of no bounce, complaint or unsubscribe: "
                                        "source \"%.*s\" takes nothing else",
                                        (int)(theirs.len < 100 ? theirs.len : 100), theirs.ptr,
                                        RP_STR_ARG(m->source->name));
}

static void map_event(const struct mapping *m, struct rp_str event)
{
    const struct notice *notice;
    struct rp_str theirs, list, who;
    struct rp_json json;
    enum rp_json_token token;

    if (event.len == 0 || event.ptr[0] != '{') {
        refuse(m, RP_REJECT_NOT_OBJECT, RP_STR(""));
        return;
    }
    theirs = text_at(m, event, m->provider->event);
    notice = find_notice(m, event, theirs);
    if (!notice) {
        refuse(m, RP_REJECT_UNMAPPED, theirs);
        return;
    }
    if (!notice->list) {
        map_recipient(m, notice, event, event);
        return;
    }
    if (!rp_pick(m->items->arena, event, rp_str_from(notice->list), &list) || list.ptr[0] != '[')
        return;
    rp_json_init(&json, m->items->arena, list);
    rp_json_next(&json);
    while ((token = rp_json_skip(&json, &who)) != RP_JSON_ARRAY_END && token != RP_JSON_ERROR)
        map_recipient(m, notice, event, who);
}

void rp_mail_map(const struct rp_source_door *source, struct rp_str body,
                 struct rp_door_items *items)
{
    struct mapping m = {source, &providers[source->verify], items};
    struct rp_str event = body, type, inner;
    struct rp_json json;
    enum rp_json_token token;

    (void)rp_pick(items->arena, body, RP_STR(""), &event);
    if (source->verify == RP_VERIFY_SES &&
        rp_pick_text(items->arena, event, RP_STR("Type"), &type)) {
        const char *error;
        size_t at;
        if (!rp_str_is(type, "Notification")) /* it asks to be confirmed */
            return;
        /* SNS carries the notice as a text; "raw message delivery" leaves that out. */
        if (!rp_pick_text(items->arena, event, RP_STR("Message"), &inner) ||
            rp_pick_kind(items->arena, inner, &error, &at) != RP_JSON_OBJECT) {
            refuse(&m, RP_REJECT_NOT_OBJECT, RP_STR(""));
            return;
        }
        (void)rp_pick(items->arena, inner, RP_STR(""), &event);
    }
    if (event.len == 0 || event.ptr[0] != '[') {
        map_event(&m, event);
        return;
    }
    rp_json_init(&json, items->arena, event);
    rp_json_next(&json);
    while ((token = rp_json_skip(&json, &inner)) != RP_JSON_ARRAY_END && token != RP_JSON_ERROR)
        map_event(&m, inner);
}

struct rp_str rp_mail_confirmation(struct rp_arena *arena, struct rp_str body)
{
    static const struct rp_str start = {"https://sns.", 12}, end = {".amazonaws.com", 14};
    struct rp_str type, url;
    size_t host;

    if (!rp_pick_text(arena, body, RP_STR("Type"), &type) ||
        !rp_str_is(type, "SubscriptionConfirmation") ||
        !rp_pick_text(arena, body, RP_STR("SubscribeURL"), &url) || !rp_str_starts(url, start))
        return RP_STR("");
    host = start.len;
    while (host < url.len && ((url.ptr[host] >= 'a' && url.ptr[host] <= 'z') ||
                              (url.ptr[host] >= '0' && url.ptr[host] <= '9') ||
                              url.ptr[host] == '-' || url.ptr[host] == '.'))
        host++;
    if (host == url.len || url.ptr[host] != '/' || host < start.len + end.len ||
        memcmp(url.ptr + host - end.len, end.ptr, end.len) != 0)
        return RP_STR("");
    return url;
}
