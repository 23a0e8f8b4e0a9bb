/* SPDX-License-Identifier: MIT */
/* One request on a connection of its own, and what must come of it. */
#ifndef TESTS_INGEST_ASK_H
#define TESTS_INGEST_ASK_H

#include "support/fake_serve.h"
#include "support/raw_http.h"
#include "unit/ingest/ingest_tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The caller frees the answer. */
static inline struct raw_answer ask(const struct fake_serve *serve, const char *method,
                                    const char *path, const char *headers, const char *body)
{
    char head[4096];
    struct raw_http raw;

    assert_true(raw_open(&raw, "127.0.0.1", serve->port));
    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\n%s%sContent-Length: %zu\r\n\r\n", method, path,
             strstr(headers, "Host:") ? "" : "Host: localhost\r\n", headers, strlen(body));
    raw_text(&raw, head);
    raw_text(&raw, body);
    struct raw_answer answer = raw_answer_of(&raw, false, RAW_WAIT_MS);
    raw_close(&raw);
    return answer;
}

static inline void check(struct raw_answer answer, int status, const char *part, const char *what)
{
    if (answer.status != status || (part && !strstr(answer.body, part)))
        fail_msg("%s: %d %s; wanted %d with %s", what, answer.status,
                 answer.body ? answer.body : "", status, part ? part : "anything");
    raw_answer_free(&answer);
}

/* The last event that the writer got holds all of these texts, up to a NULL. */
static inline void check_last(const struct fake_serve *serve, const char *const *parts)
{
    for (; *parts; parts++) {
        if (!strstr(serve->last, *parts))
            fail_msg("%s is not in %s", *parts, serve->last);
    }
}

#endif
