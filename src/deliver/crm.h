/* SPDX-License-Identifier: MIT */
/* What is written into a CRM, as a pure state machine: a row's body, what Ripen wrote before and
 * the CRM's answers come in; requests, and at last a verdict, go out. No sockets, no clock.
 *
 *   begin ──▶ (login ──▶) find ──found──▶ (read ──▶) update ──▶ delivered
 *               ▲          │ └──none──▶ create ──▶ delivered
 *               └──401 of a login's token        └──exists already──▶ find, once
 *
 * A field that a person edited is left alone: a field is written when it is empty in the CRM, when
 * it holds what Ripen wrote last, or when the rule says that it is Ripen's own (`owned`). */
#ifndef RP_DELIVER_CRM_H
#define RP_DELIVER_CRM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/config.h"

/* Of one endpoint; borrowed. */
struct rp_crm_target {
    enum rp_preset preset;
    struct rp_str name, url; /* without a slash at its end */
    struct rp_str token;     /* "": none is needed, or one is got by client_id and client_secret */
    struct rp_str client_id, client_secret;
    struct rp_str version; /* SALESFORCE: "v59.0" */
    struct rp_str header;  /* REST: of the token; "": Authorization: Bearer */
    struct rp_str method;  /* REST: PUT, POST, PATCH */
    struct rp_str path;    /* REST: "/{match}" */
    bool read;             /* REST: the record is read before it is written */
};

enum rp_crm_verdict {
    RP_CRM_ASK,       /* send `request`, then rp_crm_answer */
    RP_CRM_DELIVERED, /* text: what was written and what was left alone; memory: to be kept */
    RP_CRM_RETRY,     /* text: why */
    RP_CRM_DEAD,      /* text: the CRM's own words; trying again is of no use */
    RP_CRM_REFUSED,   /* text: token or rights; nothing goes out to this endpoint before a person
                       * acts, or until it is tried again */
    RP_CRM_LIMITED,   /* text: the CRM asks for a pause of pause_ms at least */
};

/* Texts live in the flow's arena. */
struct rp_crm_request {
    const char *method;
    struct rp_str url, body;  /* body "": none */
    struct rp_str auth;       /* a header line with the token, "": none; never to be logged */
    const char *content_type; /* NULL: no body */
    bool writes;              /* carries the idempotency key */
};

struct rp_crm_flow;

/* token: of an earlier login, "" for none; copied, since another flow's login may replace it.
 * memory: what was kept for this lead and endpoint, "" for nothing; what cannot be read counts as
 * nothing. The other texts are borrowed until the end. */
struct rp_crm_flow *rp_crm_new(const struct rp_crm_target *target, struct rp_str body,
                               struct rp_str memory, struct rp_str token);
void rp_crm_free(struct rp_crm_flow *flow); /* NULL: no effect */
/* The first step. */
enum rp_crm_verdict rp_crm_begin(struct rp_crm_flow *flow);
/* The answer to the last request; http_status 0: none came, `body` says why. retry_after_ms -1:
 * none given. */
enum rp_crm_verdict rp_crm_answer(struct rp_crm_flow *flow, int http_status, int64_t retry_after_ms,
                                  struct rp_str body);

const struct rp_crm_request *rp_crm_request(const struct rp_crm_flow *flow);
struct rp_str rp_crm_text(const struct rp_crm_flow *flow);
int64_t rp_crm_pause_ms(const struct rp_crm_flow *flow);
struct rp_str rp_crm_memory(const struct rp_crm_flow *flow); /* "": as it was */
struct rp_str rp_crm_token(const struct rp_crm_flow *flow);  /* of a login in this flow, else "" */
const char *rp_preset_name(enum rp_preset preset);
/* Requests in ten seconds that the CRM's own limits allow; 0: no limit of its own. */
uint32_t rp_crm_rate(enum rp_preset preset);
/* Where the CRM is, when everybody's is at one address; "" when the configuration must say. */
struct rp_str rp_crm_url(enum rp_preset preset);

#endif
