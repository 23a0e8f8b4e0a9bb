/* SPDX-License-Identifier: MIT */
/* Puts rules out of action whose tests keep failing: a generation of the same sources without them,
 * by the ordinary way of reload.h, and says so. Loop thread. */
#ifndef RP_DAEMON_QUARANTINE_H
#define RP_DAEMON_QUARANTINE_H

#include "daemon/reload.h"
#include "daemon/writer.h"

struct rp_quarantine;

struct rp_quarantine *rp_quarantine_new(struct rp_writer *writer, struct rp_reload *reload);
/* To be called now and then while the writer runs. */
void rp_quarantine_look(struct rp_quarantine *quarantine);
/* After the writer was joined. NULL: no effect. */
void rp_quarantine_free(struct rp_quarantine *quarantine);

#endif
