/* SPDX-License-Identifier: MIT */
/* Whether a request for a link of a mail comes from a machine, by the request alone. */
#ifndef RP_INGEST_TRACK_ROBOT_H
#define RP_INGEST_TRACK_ROBOT_H

#include "net/http.h"

/* By method, user agent and the headers that say that something is fetched ahead. Proxies that
 * fetch pictures when a person opens a mail (Gmail, Yahoo) are no robots. */
bool rp_track_is_robot(const struct rp_http_request *request);

#endif
