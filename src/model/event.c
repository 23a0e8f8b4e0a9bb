/* SPDX-License-Identifier: MIT */
/* The words of events: types, verdicts, order, and the look-up of a value by its path. Parsing
 * stands in event_parse.c. */
#include "model/event.h"

#include "base/check.h"
#include "base/hash.h"

static const char *const type_names[RP_EVENT_TYPES] = {
    [RP_TRACK] = "track",       [RP_PAGE] = "page",   [RP_SCREEN] = "screen",
    [RP_IDENTIFY] = "identify", [RP_GROUP] = "group", [RP_ALIAS] = "alias",
};

const char *rp_event_type_name(enum rp_event_type type)
{
    RP_ASSERT((size_t)type < RP_EVENT_TYPES);
    return type_names[type];
}

bool rp_event_type_parse(struct rp_str text, enum rp_event_type *ret_type)
{
    for (size_t i = 0; i < RP_EVENT_TYPES; i++) {
        if (rp_str_is(text, type_names[i])) {
            *ret_type = (enum rp_event_type)i;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *code, *text;
} rejects[RP_REJECT_COUNT] = {[RP_REJECT_NONE] = {"", ""},
#define ROW(name, code, text) [RP_REJECT_##name] = {code, text},
                              RP_REJECT_MAP(ROW)
#undef ROW
};

const char *rp_reject_code(enum rp_reject reject)
{
    RP_ASSERT((size_t)reject < RP_REJECT_COUNT);
    return rejects[reject].code;
}

const char *rp_reject_text(enum rp_reject reject)
{
    RP_ASSERT((size_t)reject < RP_REJECT_COUNT);
    return rejects[reject].text;
}

struct rp_order rp_event_order(const struct rp_event *event)
{
    bool first = event->type == RP_IDENTIFY || event->type == RP_ALIAS || event->type == RP_GROUP;

    return (struct rp_order){event->effective_ms, first ? 0 : 1, event->message_id};
}

int rp_order_cmp(const struct rp_order *a, const struct rp_order *b)
{
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int order = rp_str_cmp(a->message_id, b->message_id);
    return (order > 0) - (order < 0);
}

const struct rp_prop *rp_event_get(const struct rp_event *event, uint64_t path)
{
    if (path == RP_PATH_ROOT)
        return event->prop_count > 0 ? &event->props[0] : NULL;
    for (uint32_t i = 1; i < event->prop_count;) {
        const struct rp_prop *prop = &event->props[i];
        if (prop->dropped) {
            i = prop->next;
            continue;
        }
        if (prop->path == path && !prop->element)
            return prop->type == RP_NULL ? NULL : prop;
        i++;
    }
    return NULL;
}
