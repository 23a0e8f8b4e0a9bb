/* SPDX-License-Identifier: MIT */
/* What the files of web/ share: questions for the store that are answered on a worker, and what
 * their routes need. */
#ifndef RP_WEB_API_PRIV_H
#define RP_WEB_API_PRIV_H

#include "core/reader.h"
#include "core/tasks.h"
#include "web/api.h"

#define RP_API_READERS_MAX 4

struct rp_api_job;
typedef int rp_api_job_fn(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err);

struct rp_api {
    struct rp_api_options options;
    const struct rp_key_row *keys;
    size_t key_count;
    bool open;
    struct rp_reader *readers[RP_API_READERS_MAX]; /* idle ones */
    size_t reader_count, job_count;
    bool freed; /* the last job ends it */
};

/* A question for the store; lives in its request's arena. */
struct rp_api_job {
    struct rp_api *api;
    struct rp_http_request *request;
    rp_api_job_fn *run;
    struct rp_reader *reader;
    struct rp_leads_query query;
    struct rp_str lead;
    struct rp_task_filter tasks;
    const void *extra;        /* what else the question asks; its own file's */
    const char *content_type; /* NULL: JSON */
    int64_t at_ms;
    uint32_t generation, before;
    struct rp_buf out;
    struct rp_err err;
    int status;
};

/* Hands a copy of the question to a worker, which answers the request. */
void rp_api_hand_out(struct rp_api *api, struct rp_http_request *request,
                     const struct rp_api_job *what);
/* The query parameter `author`, else the key's label or prefix. */
struct rp_str rp_api_author(struct rp_api *api, struct rp_http_request *request);
/* A whole number of 1 to `max`; 0: it is not. */
size_t rp_api_count(struct rp_str text, size_t max);

typedef void rp_api_route_fn(struct rp_api *api, struct rp_http_request *request,
                             struct rp_str rest);
/* api_leads.c */
rp_api_route_fn rp_api_get_leads, rp_api_get_lead, rp_api_get_explain;
/* api_experiments.c */
rp_api_route_fn rp_api_get_experiments, rp_api_get_experiment;
/* api_reports.c */
rp_api_route_fn rp_api_get_report;
/* api_suppressions.c */
rp_api_route_fn rp_api_get_suppressions;
/* api_tasks.c */
rp_api_route_fn rp_api_get_tasks, rp_api_claim_task, rp_api_done_task, rp_api_note_task;

#endif
