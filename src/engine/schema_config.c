/* SPDX-License-Identifier: MIT */
/* The table of what may stand in ripen.lua. Data, as schema.c. */
#include "engine/schema.h"

#define F(field_name, field_wants, ...)                                                            \
    {                                                                                              \
        .name = (field_name), .wants = (field_wants), .doc = __VA_ARGS__                           \
    } /* doc, then the rest */
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }
#define ONE(...)   (&(const struct rp_schema_field)__VA_ARGS__)
#define MANY(...)  ((const struct rp_schema_field[]){__VA_ARGS__, END})
#define SHAPE(...) (&(const struct rp_schema_shape){__VA_ARGS__})

#define PATHS (RP_WANT_TEXT | RP_WANT_TEXTS)

const struct rp_schema_decl rp_schema_config_decls[] = {
    {.name = "server",
     .doc = "Where the server listens and keeps its data.",
     .example = "server { listen = \"127.0.0.1:8080\", db = \"ripen.db\", rules = \"rules\" }",
     .once = true,
     .shape = {.fields = MANY(
                   F("listen", RP_WANT_TEXT, "ADDRESS:PORT.", .fallback = "\"127.0.0.1:8080\""),
                   F("db", RP_WANT_TEXT, "The database file.", .fallback = "\"ripen.db\""),
                   F("rules", RP_WANT_TEXT, "The rules directory.", .fallback = "\"rules\""),
                   F("url", RP_WANT_TEXT,
                     "Where people reach this server: links in mails lead there."),
                   F("body_bytes_max", RP_WANT_NUMBER, "Largest request.", .min = 1024,
                     .max = 64 << 20, .whole = true),
                   F("queue_events_max", RP_WANT_NUMBER, "Events waiting in memory.", .min = 100,
                     .max = 1e7, .whole = true))}},
    {.name = "endpoint",
     .doc = "A receiver of webhooks and notes.",
     .example = "endpoint \"crm\" { url = env \"CRM_URL\", secret = env \"CRM_SECRET\" }",
     .named = true,
     .ref = RP_REF_ENDPOINT,
     .shape = {.fields = MANY(
                   {.name = "url",
                    .wants = RP_WANT_TEXT | RP_WANT_CALL,
                    .makes = RP_MAKES_SECRET,
                    .doc = "Its address; HubSpot and Pipedrive have one of their own."},
                   {.name = "secret",
                    .wants = RP_WANT_CALL,
                    .makes = RP_MAKES_SECRET,
                    .doc = "The key that signs what is sent: env \"NAME\" or file \"PATH\"."},
                   F("timeout", RP_WANT_DURATION, "How long an answer may take.",
                     .fallback = "\"15s\""),
                   F("parallel", RP_WANT_NUMBER, "Requests at a time.", .min = 1, .max = 256,
                     .whole = true, .fallback = "8"),
                   F("allow_private", RP_WANT_BOOL, "A receiver in one's own network.",
                     .fallback = "false"),
                   F("preset", RP_WANT_TEXT,
                     "A CRM that `crm` actions write into; `rest` is any with an address a "
                     "record.",
                     .choices = "hubspot|salesforce|pipedrive|rest"),
                   {.name = "token",
                    .wants = RP_WANT_CALL,
                    .makes = RP_MAKES_SECRET,
                    .doc = "The CRM's token: env \"NAME\" or file \"PATH\"."},
                   {.name = "client_id",
                    .wants = RP_WANT_CALL,
                    .makes = RP_MAKES_SECRET,
                    .doc = "Salesforce: of a connected app with the client credentials flow, "
                           "instead of a token."},
                   {.name = "client_secret",
                    .wants = RP_WANT_CALL,
                    .makes = RP_MAKES_SECRET,
                    .doc = "Salesforce: of the same app."},
                   F("version", RP_WANT_TEXT, "Salesforce: of the API.", .fallback = "\"v59.0\""),
                   F("rate", RP_WANT_NUMBER,
                     "Requests a second to the CRM; without it as its own limits allow.", .min = 1,
                     .max = 1000, .whole = true),
                   F("path", RP_WANT_TEXT,
                     "`rest`: behind the url; {match} and {object} stand for their values.",
                     .fallback = "\"/{match}\""),
                   F("method", RP_WANT_TEXT, "`rest`: how a record is written.",
                     .choices = "PUT|POST|PATCH", .fallback = "\"PUT\""),
                   F("header", RP_WANT_TEXT,
                     "`rest`: the header with the token; without it Authorization: Bearer."),
                   F("read", RP_WANT_BOOL,
                     "`rest`: false writes without looking, over what people edited.",
                     .fallback = "true"))}},
    {.name = "smtp",
     .doc = "The server that e-mail goes out through.",
     .example = "smtp { url = \"smtp://127.0.0.1:25\", from = \"Ana <ana@acme.test>\" }",
     .once = true,
     .shape = {.fields = MANY({.name = "url",
                               .wants = RP_WANT_TEXT | RP_WANT_CALL,
                               .makes = RP_MAKES_SECRET,
                               .doc = "Its address.",
                               .required = true},
                              F("from", RP_WANT_TEXT, "The sender.", .required = true),
                              F("user", RP_WANT_TEXT,
                                "Who signs in, when there is a password; without it the sender."),
                              {.name = "password",
                               .wants = RP_WANT_CALL,
                               .makes = RP_MAKES_SECRET,
                               .doc = "env \"NAME\" or file \"PATH\"."},
                              F("tls", RP_WANT_TEXT,
                                "Whether the connection is encrypted (STARTTLS; smtps:// always "
                                "is). Without it `required`, and `none` on this machine.",
                                .choices = "required|offered|none"),
                              F("timeout", RP_WANT_DURATION, "How long one message may take.",
                                .fallback = "\"60s\""),
                              F("parallel", RP_WANT_NUMBER, "Connections at a time.", .min = 1,
                                .max = 32, .whole = true, .fallback = "2"),
                              F("per_minute", RP_WANT_NUMBER,
                                "Messages a minute for recipients of one domain.", .min = 1,
                                .max = 60000, .whole = true, .fallback = "600"),
                              F("per_domain", RP_WANT_TABLE,
                                "Other numbers for some domains: { [\"gmail.com\"] = 60 }.",
                                .shape = SHAPE(.entry = ONE(F("per_minute", RP_WANT_NUMBER,
                                                              "Messages a minute.", .min = 1,
                                                              .max = 60000, .whole = true)))))}},
    {.name = "source",
     .doc = "A CRM, form tool or e-mail provider that sends webhooks to /v1/webhook/NAME.",
     .example = "source \"hubspot\" { verify = \"hubspot-v3\", secret = env \"HUBSPOT_SECRET\" }",
     .named = true,
     .shape =
         {.fields = MANY(
              F("verify", RP_WANT_TEXT,
                "How its signature is checked. `sendgrid`, `postmark`, `mailgun` and `ses` also "
                "say how bounces, complaints and unsubscribes are told.",
                .choices = "hubspot-v3|mautic|standard-webhooks|hmac-sha256|sendgrid|postmark|"
                           "mailgun|ses",
                .required = true),
              {.name = "secret",
               .wants = RP_WANT_CALL,
               .makes = RP_MAKES_SECRET,
               .doc = "The key that it signs with: env \"NAME\" or file \"PATH\". Of `sendgrid`, "
                      "`postmark` and `ses` the secret that each request brings along.",
               .required = true},
              F("header", RP_WANT_TEXT,
                "The header that holds the signature of `hmac-sha256`, in hex or base64, or the "
                "secret of `sendgrid`, `postmark` and `ses`.",
                .fallback = "\"X-Signature\""),
              F("url", RP_WANT_TEXT,
                "The address that the sender was given, when it is not https:// and the Host "
                "that arrives here. HubSpot signs it."),
              F("events", RP_WANT_TABLE,
                "Its event names and ours. With it only these events are taken.",
                .shape = SHAPE(.entry = ONE(F("event", RP_WANT_TEXT, "Our event name.")))),
              F("items", RP_WANT_TEXT, "Where the list of events is: a dotted path."),
              F("event", PATHS,
                "Where the event's name is. Of several paths the first counts "
                "that leads to a value."),
              F("id", PATHS, "What makes two deliveries one event: all these values together."),
              F("user_id", PATHS, "Where the userId is."),
              F("anonymous_id", PATHS, "Where the anonymousId is."),
              F("email", PATHS, "Where the e-mail address is."),
              F("time", PATHS, "Where the time is at which it happened."),
              F("properties", PATHS, "Where the properties are; \"\" is the whole event."),
              F("activity", RP_WANT_BOOL,
                "`true`: what it tells is done by the leads themselves, as with a form tool.",
                .fallback = "false"))}},
    {.name = "form",
     .doc = "A form of a web page that posts to /v1/form/NAME.",
     .example = "form \"newsletter\" { redirect = \"https://www.acme.test/thanks\", event = "
                "\"Newsletter Subscribed\" }",
     .named = true,
     .shape = {.fields = MANY(
                   F("event", RP_WANT_TEXT, "The event that it becomes.",
                     .fallback = "\"Form Submitted\""),
                   F("redirect", RP_WANT_TEXT, "Where the browser goes afterwards."),
                   F("next", RP_WANT_TEXT | RP_WANT_TEXTS,
                     "Addresses that the form's own field `next` may lead to, with all pages below "
                     "them; paths such as /thanks are always allowed."),
                   F("honeypot", RP_WANT_TEXT,
                     "A field that people do not see: what fills it in is answered and forgotten.",
                     .fallback = "\"website_url\""),
                   F("per_minute", RP_WANT_NUMBER, "Posts of one network address a minute.",
                     .min = 1, .max = 100000, .whole = true, .fallback = "30"))}},
    {.name = "cloudevents",
     .doc = "What becomes of CloudEvents at /v1/cloudevents.",
     .example = "cloudevents { events = { [\"com.acme.trial.started\"] = \"Trial Started\" }, "
                "subject = \"userId\" }",
     .once = true,
     .shape = {.fields = MANY(
                   F("events", RP_WANT_TABLE,
                     "Their types and our event names; other types are names as they are.",
                     .shape = SHAPE(.entry = ONE(F("event", RP_WANT_TEXT, "Our event name.")))),
                   F("subject", RP_WANT_TEXT, "What their subject is.",
                     .choices = "none|userId|anonymousId|email", .fallback = "\"none\""))}},
    {.name = "retention",
     .doc = "How long things are kept.",
     .example = "retention { events = \"25 months\" }",
     .once = true,
     .shape = {.fields = MANY(F("events", RP_WANT_DURATION, "Events."))}},
    {.name = NULL},
};
