/* SPDX-License-Identifier: MIT */
/* `--by source`: the value of one fact for each lead, as a small number, so that a report counts in
 * arrays. A fact that the active rules do not keep is found by folding the lead's events with rules
 * that keep it. Internal to core/. */
#ifndef RP_CORE_REPORT_BY_H
#define RP_CORE_REPORT_BY_H

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct rp_reader;
struct rp_by;

/* Within a question (rp_reader_begin). name: "source" and the other parts of a touch mean the first
 * one; "mql.source", "last.source", "lead.source" another; else a trait ("trait.source" in any
 * case). "": all leads are one group. EINPUT: no such fact. */
int rp_by_open(struct rp_reader *reader, struct rp_str name, struct rp_by **ret_by,
               struct rp_err *err);
void rp_by_free(struct rp_by *by); /* NULL: no effect */

/* The group of the lead with this id; past RP_REPORT_GROUPS_MAX values further ones are one group,
 * "(other)". mql_ms: when it became what is decided, RP_NEVER; only `mql.…` asks for it. */
int rp_by_group(struct rp_by *by, int64_t id, int64_t mql_ms, uint32_t *ret_group,
                struct rp_err *err);
size_t rp_by_count(const struct rp_by *by);
struct rp_str rp_by_name(const struct rp_by *by, uint32_t group); /* "(none)": not known */

#endif
