/* SPDX-License-Identifier: MIT */
/* A core over a store in memory (or a file), with rules from text and a clock that stands still. */
#ifndef RP_TESTS_CORE_TEST_H
#define RP_TESTS_CORE_TEST_H

#include "base/buf.h"
#include "core/core.h"
#include "core/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bench {
    struct rp_core *core;
    struct rp_reader *reader;
    int64_t now_ms;
    struct rp_batch *last;
};

/* 2026-03-02T09:00:00Z */
#define T0 INT64_C(1772442000000)

void bench_open(struct bench *bench, const char *db_path, const char *rules);
struct rp_files;
void bench_open_files(struct bench *bench, const char *db_path, const struct rp_files *files);
void bench_close(struct bench *bench);
/* One request; flags as in the envelope. Fails the test unless the run succeeds. */
void bench_send(struct bench *bench, bool is_public, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Several requests in one run. */
void bench_send_group(struct bench *bench, const char *const *requests, size_t count);
/* The JSON of a lead ("" when there is none); the caller frees. */
char *bench_lead(struct bench *bench, const char *lead);
/* lead's JSON contains this text. */
void bench_expect(struct bench *bench, const char *lead, const char *json);
int64_t bench_total(struct bench *bench, const char *lead, int64_t at_ms); /* thousandths */
size_t bench_outbox(struct bench *bench);                                  /* rows of the outbox */
/* What people decide, as core/amend.h takes it; its status. */
int bench_amend(struct bench *bench, const char *verb, const char *body);

extern const char RULES[];

#endif
