/* SPDX-License-Identifier: MIT */
/* Inside of deliver/: what the flow (crm.c), its fields (crm_fields.c) and each CRM's ways
 * (crm_hubspot.c …) share. */
#ifndef RP_DELIVER_CRM_PRIV_H
#define RP_DELIVER_CRM_PRIV_H

#include "base/json_write.h"
#include "deliver/crm.h"

/* A field on its way. `wanted` is JSON; the other two are texts, "" when empty or unknown. */
struct rp_crm_field {
    struct rp_str name, wanted, text; /* text: wanted, decoded */
    struct rp_str current, last;      /* in the CRM now; what Ripen wrote last */
    bool number;                      /* the CRM holds a number */
    bool owned, write, left;
};

enum rp_crm_step {
    RP_CRM_LOGIN,
    RP_CRM_FIND, /* by the match, or by the id that is remembered */
    RP_CRM_READ, /* what was found does not hold the fields */
    RP_CRM_CREATE,
    RP_CRM_UPDATE,
};

struct rp_crm_flow {
    struct rp_arena arena;
    const struct rp_crm_target *target;
    const struct rp_crm_ways *ways;
    struct rp_str body, memory, token;
    struct rp_str object, match, value; /* value: that the match has */
    struct rp_crm_field *fields;
    uint32_t field_count;
    bool create;      /* a record that is not there is made */
    struct rp_str id; /* of the record; "": not known */
    bool id_remembered, logged_in, login_tried, again;
    int steps;
    enum rp_crm_step step;
    struct rp_crm_request request;
    struct rp_str text, new_memory, new_token;
    int64_t pause_ms;
};

enum rp_crm_found {
    RP_CRM_NONE,
    RP_CRM_ONE,     /* flow->id, and the fields' `current` */
    RP_CRM_HALF,    /* flow->id; the fields are to be read */
    RP_CRM_MANY,    /* several records match: flow->text says so */
    RP_CRM_ASIDE,   /* it is not to be written: flow->text says why */
    RP_CRM_UNKNOWN, /* the answer is not what this CRM answers */
};

/* How one CRM is spoken to. Requests are put into flow->request. */
struct rp_crm_ways {
    const char *name, *url, *email;
    uint32_t rate;                                 /* requests in ten seconds; 0: no limit */
    struct rp_str (*object)(struct rp_str wanted); /* ptr NULL: it has no such objects */
    void (*find)(struct rp_crm_flow *flow);
    enum rp_crm_found (*found)(struct rp_crm_flow *flow, int http_status, struct rp_str body);
    void (*read)(struct rp_crm_flow *flow); /* NULL: never HALF */
    void (*create)(struct rp_crm_flow *flow);
    void (*update)(struct rp_crm_flow *flow);
    /* The id out of what a create answered; ptr NULL: none. */
    struct rp_str (*created)(struct rp_crm_flow *flow, struct rp_str body);
    /* The id that a 409 names, ptr NULL: none; NULL: never. */
    struct rp_str (*existing)(struct rp_crm_flow *flow, struct rp_str body);
    /* The CRM's own words for an error, and whether the answer means something else than its
     * status says. */
    enum rp_crm_verdict (*error)(struct rp_crm_flow *flow, int http_status, struct rp_str body,
                                 struct rp_str *ret_words);
};

extern const struct rp_crm_ways rp_crm_hubspot, rp_crm_salesforce, rp_crm_pipedrive, rp_crm_rest;

/* --- crm_fields.c --- */

/* Puts what the row wants into flow->fields. `owned`: names, as a JSON array; `last`: what Ripen
 * wrote before, as an object. */
void rp_crm_read_fields(struct rp_crm_flow *flow, struct rp_str fields, struct rp_str owned,
                        struct rp_str last);
/* Which fields are to be written: those that are empty, that hold what Ripen wrote last, or that
 * are its own. Returns how many. */
uint32_t rp_crm_choose_fields(struct rp_crm_flow *flow);
/* Makes flow->new_memory of what was written; `all`: the record was made. */
void rp_crm_remember(struct rp_crm_flow *flow, bool all);
/* Appends the names of those that were written, or left alone, behind `before`; nothing when there
 * is none. */
void rp_crm_list_fields(const struct rp_crm_flow *flow, struct rp_buf *out, bool left,
                        const char *before);

/* --- crm_json.c --- */

/* The raw JSON of a member, "" when it is not there. */
struct rp_str rp_crm_member(struct rp_arena *arena, struct rp_str object, const char *key);
struct rp_str rp_crm_member_str(struct rp_arena *arena, struct rp_str object, struct rp_str key);
/* The nth element of an array, "" when there is none. */
struct rp_str rp_crm_element(struct rp_arena *arena, struct rp_str array, size_t nth);
/* A scalar as text: strings decoded, numbers and booleans as written, all else "". */
struct rp_str rp_crm_scalar(struct rp_arena *arena, struct rp_str text);
/* %XX for everything but letters, digits and -._~ */
struct rp_str rp_crm_escape(struct rp_arena *arena, struct rp_str text);
/* {"name":value,…} of the fields that are to be written. */
void rp_crm_put_fields(const struct rp_crm_flow *flow, struct rp_jw *jw);
/* A request of this kind; url is copied into the arena. */
void rp_crm_ask(struct rp_crm_flow *flow, const char *method, struct rp_str url);
void rp_crm_ask_body(struct rp_crm_flow *flow, const char *method, struct rp_str url,
                     struct rp_buf *json);
/* What the CRM has in a field: the raw value, "" for none. */
void rp_crm_take(struct rp_crm_flow *flow, struct rp_crm_field *field, struct rp_str raw);
/* Each field's out of a flat object. */
void rp_crm_take_current(struct rp_crm_flow *flow, struct rp_str object);

/* One member. */
static inline void rp_crm_put_text(struct rp_jw *jw, struct rp_str key, struct rp_str text)
{
    rp_jw_key_str(jw, key);
    rp_jw_str(jw, text);
}

static inline void rp_crm_put_raw(struct rp_jw *jw, struct rp_str key, struct rp_str json)
{
    rp_jw_key_str(jw, key);
    rp_jw_raw(jw, json);
}

#endif
