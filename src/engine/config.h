/* SPDX-License-Identifier: MIT */
/* ripen.lua: the server's configuration, read in the rules' sandbox and reported like rules. */
#ifndef RP_ENGINE_CONFIG_H
#define RP_ENGINE_CONFIG_H

#include "base/arena.h"
#include "engine/load.h"

#include <stdbool.h>
#include <stdint.h>

/* Whose API an endpoint speaks; without one it takes webhooks. */
enum rp_preset {
    RP_PRESET_NONE,
    RP_PRESET_HUBSPOT,
    RP_PRESET_SALESFORCE,
    RP_PRESET_PIPEDRIVE,
    RP_PRESET_REST,
};

/* What a CRM needs beside an address; texts "" when not set. */
struct rp_endpoint_crm {
    enum rp_preset preset;
    struct rp_str token, client_id, client_secret, version, header, method, path;
    bool read;     /* REST: the record is read before it is written */
    uint32_t rate; /* requests a second; 0: as the preset does */
};

struct rp_endpoint {
    struct rp_str name, url, secret; /* secret: "whsec_…" or plain; "" for none */
    struct rp_endpoint_crm crm;
    int64_t timeout_ms; /* 15 s */
    uint32_t parallel;  /* requests at a time: 8 */
    bool allow_private; /* a receiver in one's own network */
    struct rp_place place;
};

/* What comes in beside the routes of SDKs (ingest/). */
struct rp_renamed {
    struct rp_str from, to; /* an event's name as it comes, and ours */
};

struct rp_paths {
    struct rp_str *items; /* dotted, in order */
    size_t count;
};

enum rp_verify {
    RP_VERIFY_HUBSPOT,
    RP_VERIFY_MAUTIC,
    RP_VERIFY_STANDARD,
    RP_VERIFY_HMAC,
    RP_VERIFY_SENDGRID, /* from here on: who sends e-mail for us, ingest/webhook_mail.h */
    RP_VERIFY_POSTMARK,
    RP_VERIFY_MAILGUN,
    RP_VERIFY_SES,
    RP_VERIFY_COUNT,
};

/* Paths of a source, in the order of its fields from `event` on. */
enum rp_source_path {
    RP_SOURCE_EVENT,
    RP_SOURCE_ID,
    RP_SOURCE_USER,
    RP_SOURCE_ANONYMOUS,
    RP_SOURCE_EMAIL,
    RP_SOURCE_TIME,
    RP_SOURCE_PROPERTIES,
    RP_SOURCE_PATHS,
};

struct rp_source_door {
    struct rp_str name, secret, header, url, items; /* "" when not set */
    enum rp_verify verify;
    bool activity, renames; /* renames: only what `events` lists is taken */
    struct rp_renamed *events;
    size_t event_count;
    struct rp_paths paths[RP_SOURCE_PATHS]; /* count 0: as the kind of source does */
    struct rp_place place;
};

struct rp_form_door {
    struct rp_str name, event, redirect, honeypot;
    struct rp_paths next; /* addresses that a form may lead to */
    uint32_t per_minute;
    struct rp_place place;
};

enum rp_subject { RP_SUBJECT_NONE, RP_SUBJECT_USER, RP_SUBJECT_ANONYMOUS, RP_SUBJECT_EMAIL };

struct rp_doors {
    struct rp_source_door *sources;
    size_t source_count;
    struct rp_form_door *forms;
    size_t form_count;
    struct rp_renamed *cloud_events;
    size_t cloud_event_count;
    enum rp_subject cloud_subject;
};

enum rp_smtp_tls {
    RP_SMTP_TLS_DEFAULT, /* until the configuration is read: required, but for one's own machine */
    RP_SMTP_TLS_REQUIRED,
    RP_SMTP_TLS_OFFERED, /* taken when the server offers it */
    RP_SMTP_TLS_NONE,
};
#define RP_SMTP_PARALLEL   2   /* connections */
#define RP_SMTP_PER_MINUTE 600 /* messages for recipients of one domain */

struct rp_smtp_domain {
    struct rp_str domain;
    uint32_t per_minute;
};
struct rp_smtp {
    struct rp_str url, from, user, password; /* url "": there is no mail server */
    enum rp_smtp_tls tls;
    int64_t timeout_ms; /* of one message */
    uint32_t parallel, per_minute;
    struct rp_smtp_domain *domains; /* those with a pace of their own */
    size_t domain_count;
};

struct rp_config {
    struct rp_str path;              /* of the file; "" when none was found */
    struct rp_str listen, db, rules; /* "" when not set */
    struct rp_str url; /* where people reach this server, without a slash at its end; "" */
    struct rp_smtp smtp;
    struct rp_endpoint *endpoints;
    size_t endpoint_count;
    struct rp_doors doors;
    int64_t retention_ms; /* 0: for ever */
    size_t body_bytes_max, queue_events_max;
    uint32_t rule_steps_max;
};

/* `path` NULL or missing file: the defaults. Environment variables RIPEN_LISTEN, RIPEN_DB,
 * RIPEN_RULES … stand over the file. Secrets come by env "NAME" or file "PATH" only. ERULE: the
 * findings tell; *ret_config has what could be read, "" for a secret that is missing (E066). */
int rp_config_load(struct rp_arena *arena, const char *path, struct rp_config *ret_config,
                   struct rp_findings *findings, struct rp_err *err);

/* Tells a load where things can go; without a file nothing is known. */
void rp_config_endpoints(struct rp_arena *arena, const struct rp_config *config,
                         struct rp_load_options *options);

/* A form that nobody declared, and the defaults of those that somebody did. */
struct rp_form_door rp_form_door_default(struct rp_str name);
bool rp_doors_same(const struct rp_doors *a, const struct rp_doors *b);
bool rp_smtp_same(const struct rp_smtp *a, const struct rp_smtp *b);

#endif
