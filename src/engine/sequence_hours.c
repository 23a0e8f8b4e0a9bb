/* SPDX-License-Identifier: MIT */
/* The hours in which a sequence may send: of the lead's own day, where its time zone is known, else
 * of the first of the zones that the sequence names. */
#include "engine/calendar.h"
#include "engine/eval.h"

static bool zone_of_field(struct rp_scratch *s, uint32_t field, struct rp_str *ret_zone)
{
    const struct rp_value *value = rp_bind_value(s, field);

    if (!value)
        return false;
    *ret_zone = rp_value_text(s, value);
    return ret_zone->len > 0 && rp_zone_known(*ret_zone);
}

static struct rp_str zone_of(struct rp_scratch *s, const struct rp_send_window *send)
{
    struct rp_str zone;

    if (send->zone_count == 0 && zone_of_field(s, s->rules->timezone_field, &zone))
        return zone;
    for (uint32_t i = 0; i < send->zone_count; i++) {
        const struct rp_zone_source *source = &send->zones[i];

        if (source->field == RP_NONE)
            return source->zone;
        if (zone_of_field(s, source->field, &zone))
            return zone;
    }
    return send->hours.zone;
}

int64_t rp_sequence_opens(struct rp_scratch *s, const struct rp_sequence *sequence, int64_t ms)
{
    struct rp_calendar hours = sequence->send.hours;

    if (!sequence->send.set)
        return ms;
    hours.zone = zone_of(s, &sequence->send);
    return rp_calendar_next(&hours, ms);
}
