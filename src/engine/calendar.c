/* SPDX-License-Identifier: MIT */
/* Working time: walks the days from the start on, and counts what each of them has open. A day that
 * has 23 or 25 hours counts as long as it is. Knows calendars, not leads. */
#include "engine/calendar.h"

#define DAYS_MAX (50 * 366)

static bool is_holiday(const struct rp_calendar *calendar, int32_t day)
{
    uint32_t low = 0, high = calendar->holiday_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (calendar->holidays[middle] == day)
            return true;
        if (calendar->holidays[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* 1970-01-01 was a Thursday. */
static uint32_t weekday(int32_t day)
{
    return (uint32_t)(((day % 7) + 7 + 3) % 7);
}

static bool works_on(const struct rp_calendar *calendar, int32_t day)
{
    return (calendar->days >> weekday(day) & 1) && !is_holiday(calendar, day);
}

static int64_t opens(const struct rp_calendar *calendar, int32_t day)
{
    return rp_zone_moment(calendar->zone, day, calendar->from_s);
}

/* Midnight at the end of a day is the beginning of the next. */
static int64_t closes(const struct rp_calendar *calendar, int32_t day)
{
    bool midnight = calendar->to_s >= 86400;

    return rp_zone_moment(calendar->zone, day + midnight, midnight ? 0 : calendar->to_s);
}

int64_t rp_calendar_add(const struct rp_calendar *calendar, int64_t start_ms, int64_t span_ms)
{
    int32_t first = rp_zone_day(calendar->zone, start_ms);
    int64_t left = span_ms;

    for (int32_t day = first; day < first + DAYS_MAX; day++) {
        int64_t from, to;

        if (!works_on(calendar, day))
            continue;
        from = opens(calendar, day);
        to = closes(calendar, day);
        from = from > start_ms ? from : start_ms;
        if (to <= from)
            continue;
        if (to - from >= left)
            return from + left;
        left -= to - from;
    }
    return INT64_MAX;
}

int64_t rp_calendar_next(const struct rp_calendar *calendar, int64_t ms)
{
    int32_t first = rp_zone_day(calendar->zone, ms);

    for (int32_t day = first; day < first + DAYS_MAX; day++) {
        int64_t from, to;

        if (!works_on(calendar, day))
            continue;
        from = opens(calendar, day);
        to = closes(calendar, day);
        if (to > from && ms < to)
            return ms > from ? ms : from;
    }
    return INT64_MAX;
}

int64_t rp_calendar_between(const struct rp_calendar *calendar, int64_t from_ms, int64_t to_ms)
{
    int32_t first = rp_zone_day(calendar->zone, from_ms), last = rp_zone_day(calendar->zone, to_ms);
    int64_t sum = 0;

    for (int32_t day = first; day <= last && day < first + DAYS_MAX; day++) {
        int64_t from, to;

        if (!works_on(calendar, day))
            continue;
        from = opens(calendar, day);
        to = closes(calendar, day);
        from = from > from_ms ? from : from_ms;
        to = to < to_ms ? to : to_ms;
        sum += to > from ? to - from : 0;
    }
    return sum;
}

bool rp_calendar_open(const struct rp_calendar *calendar, int64_t ms)
{
    int32_t day = rp_zone_day(calendar->zone, ms);

    return works_on(calendar, day) && ms >= opens(calendar, day) && ms < closes(calendar, day);
}
