/* SPDX-License-Identifier: MIT */
/* Working time. Pure arithmetic over a calendar of the rules; exact where clocks are put forward
 * and back, since every opening and closing is a moment of its own day in the calendar's zone. */
#ifndef RP_ENGINE_CALENDAR_H
#define RP_ENGINE_CALENDAR_H

#include "engine/ruleset.h"

/* The moment at which `span_ms` of the calendar's time have passed since start_ms; INT64_MAX when
 * that is not within fifty years. Any thread. */
int64_t rp_calendar_add(const struct rp_calendar *calendar, int64_t start_ms, int64_t span_ms);
/* The first moment at or behind ms that belongs to its time; INT64_MAX when there is none within
 * fifty years. */
int64_t rp_calendar_next(const struct rp_calendar *calendar, int64_t ms);
/* How much of the calendar's time lies between two moments, at most fifty years of it; 0 when `to`
 * is not behind `from`. */
int64_t rp_calendar_between(const struct rp_calendar *calendar, int64_t from_ms, int64_t to_ms);
/* Whether the moment belongs to its time. */
bool rp_calendar_open(const struct rp_calendar *calendar, int64_t ms);

#endif
