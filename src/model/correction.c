/* SPDX-License-Identifier: MIT */
/* Names of corrections and what they carry. Asked for every event, so the length goes first. */
#include "model/correction.h"

#include "base/hash.h"

#include <string.h>

static const char *const event_names[] = {
    [RP_CORRECTION_NONE] = "",
    [RP_CORRECTION_STAGE] = "Stage Set",
    [RP_CORRECTION_POINTS] = "Score Adjusted",
    [RP_CORRECTION_VOID] = "Event Voided",
    [RP_CORRECTION_OWNER] = "Owner Changed",
    [RP_CORRECTION_NOTE] = "Note Added",
};

const char *rp_correction_event(enum rp_correction correction)
{
    return event_names[correction];
}

enum rp_correction rp_correction_named(const struct rp_event *event)
{
    enum { LEN_MIN = 9, LEN_MAX = 14 };

    if (event->type != RP_TRACK || event->name.len < LEN_MIN || event->name.len > LEN_MAX)
        return RP_CORRECTION_NONE;
    for (size_t i = RP_CORRECTION_STAGE; i < RP_COUNT(event_names); i++) {
        if (rp_str_is(event->name, event_names[i]))
            return (enum rp_correction)i;
    }
    return RP_CORRECTION_NONE;
}

enum rp_correction rp_event_correction(const struct rp_event *event)
{
    return event->flags & RP_EVENT_PUBLIC ? RP_CORRECTION_NONE : rp_correction_named(event);
}

struct rp_str rp_correction_text(const struct rp_event *event, const char *property)
{
    uint64_t path = rp_path(rp_path_of(RP_STR("properties")), rp_str_from(property));
    const struct rp_prop *prop = rp_event_get(event, path);

    return prop && prop->type == RP_STRING ? prop->text : RP_STR("");
}
