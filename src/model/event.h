/* SPDX-License-Identifier: MIT */
/* An event: one interaction, parsed once. The same struct comes from the wire and from the stored
 * row, so that live, late, recovered and replayed events are judged by the same code. */
#ifndef RP_MODEL_EVENT_H
#define RP_MODEL_EVENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/when.h"

#include <stdbool.h>
#include <stdint.h>

enum rp_event_type { RP_TRACK, RP_PAGE, RP_SCREEN, RP_IDENTIFY, RP_GROUP, RP_ALIAS };
#define RP_EVENT_TYPES 6
const char *rp_event_type_name(enum rp_event_type type);
bool rp_event_type_parse(struct rp_str text, enum rp_event_type *ret_type);

struct rp_cut;

enum rp_prop_type { RP_NULL, RP_BOOL, RP_NUMBER, RP_STRING, RP_ARRAY, RP_OBJECT };

/* One JSON value of an event. The values stand in document order; a value's children follow it, and
 * `next` is the index behind the last of them. Of two equal keys the later one counts: the earlier
 * is marked dropped (skip it with its children). */
struct rp_prop {
    struct rp_str key;  /* "" in an array and at the root */
    uint64_t path;      /* rp_path from the root: "properties.path"; elements carry their array's */
    struct rp_str text; /* STRING: decoded; NUMBER: as written; else "" */
    double number;      /* NUMBER; BOOL: 0 or 1 */
    uint32_t next;
    uint8_t type; /* enum rp_prop_type */
    uint8_t dropped;
    uint8_t element; /* it is an element of an array */
};

enum rp_event_flag {
    RP_EVENT_PUBLIC = 1, /* came with a public key: anyone can send it */
    RP_EVENT_CRM = 2,    /* came from a CRM or from Ripen: not activity of the lead */
    RP_EVENT_IMPORTED = 4,
    RP_EVENT_VOIDED = 8, /* an Event Voided of its lead names it: the fold omits it. Of a history;
                            never stored */
    RP_EVENT_BASE = 16,  /* it stands for all of its lead's events up to its time: our own row */
    RP_EVENT_ROBOT = 32, /* a machine did it, not the lead: recorded, and nothing else */
};

struct rp_event {
    int64_t id;                        /* row; 0 before it is appended */
    int64_t node;                      /* identity node that it belongs to; 0 before look-up */
    int64_t user_node, anonymous_node; /* of the two ids, where they were looked up already; or 0 */
    enum rp_event_type type;
    uint32_t flags;                      /* enum rp_event_flag */
    struct rp_str name;                  /* of a track; of a page or screen when given */
    struct rp_str message_id;            /* never empty */
    struct rp_str user_id, anonymous_id; /* "" when absent */
    struct rp_str previous_id, group_id; /* alias; group */
    struct rp_str email;                 /* of traits, context.traits or properties; as written */
    int64_t received_ms, sent_ms, original_ms; /* RP_NEVER when absent; received never is */
    int64_t effective_ms;                      /* when it happened, by our clock */
    const struct rp_prop *props;               /* props[0] is the root object of `body` */
    uint32_t prop_count;
    struct rp_str body; /* what is stored: a JSON object with properties, traits, context and
                           whatever else was sent, without what stands in columns */

    /* rp_body_cuts of `body`; NULL: to be found when it is stored */
    const struct rp_cut *cuts;
    uint32_t cut_count;
};

/* Effective order within a lead: time; identify, alias and group before others; messageId bytewise.
 */
struct rp_order {
    int64_t at_ms;
    int rank;
    struct rp_str message_id;
};
struct rp_order rp_event_order(const struct rp_event *event);
int rp_order_cmp(const struct rp_order *a, const struct rp_order *b);

/* What an item of a request inherits from its envelope. */
struct rp_envelope {
    int64_t received_ms;     /* the server's clock, or with trust_received the fallback for it */
    int64_t sent_ms;         /* RP_NEVER */
    enum rp_event_type type; /* of the route; used when the item has no `type` … */
    bool type_known;         /* … and this is set */
    bool trust_received;     /* try, import and admin keys: receivedAt, else sentAt, else timestamp,
                                else     received_ms */
    bool public_key;         /* effective time is never earlier than 30 days before received_ms */
    uint32_t flags;          /* enum rp_event_flag */
    struct rp_str context; /* raw JSON object of the batch, merged under the item's; "" when none */
    struct rp_str message_id; /* of an item without one; "": made from its bytes and received_ms */
};

/* Stable codes of a rejected item. */
#define RP_REJECT_MAP(XX)                                                                          \
    XX(NOT_OBJECT, "not_object", "an item must be a JSON object")                                  \
    XX(TYPE, "unknown_type", "type must be track, page, screen, identify, group or alias")         \
    XX(NAME, "no_event_name", "a track needs an event name")                                       \
    XX(IDENTITY, "no_identity", "an item needs a userId, an anonymousId or an e-mail")             \
    XX(ID, "bad_id", "ids are texts of 1 to 255 bytes")                                            \
    XX(TIME, "bad_time", "a time must be ISO 8601, such as 2026-03-02T09:00:00Z")                  \
    XX(TOO_LARGE, "item_too_large", "an item holds at most 32 KiB")                                \
    XX(PROPERTIES, "too_many_properties", "an item holds at most 1,000 values")                    \
    XX(STRING, "string_too_long", "a text holds at most 8 KiB")                                    \
    XX(CHARACTER, "bad_character", "a text may not hold the character U+0000")                     \
    XX(TOO_MANY, "too_many_items", "a batch holds at most 2,500 items")                            \
    XX(TOO_OLD, "too_old", "older than the time that events are kept")                             \
    XX(PUBLIC_KEY, "needs_secret_key", "corrections need a secret key")                            \
    XX(REASON, "bad_reason", "this event needs one of the declared reasons")                       \
    XX(CLOUD, "bad_cloudevent", "a CloudEvent needs specversion 1.0, id, source and type")         \
    XX(UNMAPPED, "unmapped_event", "ripen.lua does not name this event of the source")

#define RP_REJECT_ENUM(name, code, text) RP_REJECT_##name,
enum rp_reject { RP_REJECT_NONE, RP_REJECT_MAP(RP_REJECT_ENUM) RP_REJECT_COUNT };
#undef RP_REJECT_ENUM
const char *rp_reject_code(enum rp_reject reject);
const char *rp_reject_text(enum rp_reject reject);

/* Parses one item (valid JSON, as sliced out of the request). Strings borrow from `item` and the
 * arena. Returns RP_REJECT_NONE and fills *ret_event, or why not, with a sentence that names the
 * value. A missing messageId is made from the item's bytes and received_ms. */
enum rp_reject rp_event_parse(struct rp_arena *arena, struct rp_str item,
                              const struct rp_envelope *envelope, struct rp_event *ret_event,
                              struct rp_str *ret_message);

/* Parses a stored body into event->props; the columns are set by the caller. */
int rp_event_body_parse(struct rp_arena *arena, struct rp_event *event);

/* A request's body: one item, or {"batch":[…]} with sentAt, context and writeKey on the envelope.
 * EINPUT (with the byte offset in err) when it is not JSON or not an object. Items are raw slices.
 */
struct rp_request {
    struct rp_str *items;
    size_t item_count;
    struct rp_str write_key; /* "" when absent */
    struct rp_str context;   /* raw, of the envelope */
    int64_t sent_ms;
    bool batch;
};
int rp_request_parse(struct rp_arena *arena, struct rp_str body, struct rp_request *ret_request,
                     struct rp_err *err);

/* The e-mail that an event's body names, as written: what `email` is when the event comes from the
 * wire. A row that was read back may have another there (its identity node). False: none. */
bool rp_event_email(const struct rp_event *event, struct rp_str *ret_email);

/* The value at a dotted path ("context.page.path"), NULL when absent. A null counts as absent. */
const struct rp_prop *rp_event_get(const struct rp_event *event, uint64_t path);

#endif
