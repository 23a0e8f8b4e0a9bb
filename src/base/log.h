/* SPDX-License-Identifier: MIT */
/* One line a record, key=value, to stderr (or a sink). Ranks 0 to 3 never log; whoever decides
 * logs, once. Values are escaped, a quote within "…" as \"; never pass secrets, bodies or addresses
 * of people: lead ids are enough. */
#ifndef RP_BASE_LOG_H
#define RP_BASE_LOG_H

#include "base/check.h"

enum rp_log_level { RP_LOG_ERROR, RP_LOG_WARN, RP_LOG_INFO, RP_LOG_DEBUG };

typedef void rp_log_fn(void *ctx, enum rp_log_level level, const char *line);

void rp_log_set(enum rp_log_level max, rp_log_fn *sink, void *ctx); /* sink NULL: stderr */
void rp_log(enum rp_log_level level, const char *event, const char *fmt, ...) RP_PRINTF(3, 4);

#endif
