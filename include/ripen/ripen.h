/* SPDX-License-Identifier: MIT */
/* libripen: lead qualification by rules, as a library. It opens no socket, starts no thread, reads
 * no clock of its own and sends nothing: the host gives the time and takes actions out of the
 * outbox.
 *
 * One handle belongs to one thread at a time. Text is UTF-8. Times are milliseconds since 1970 UTC.
 * Out of memory aborts the process; every other failure is a negative status with a message. */
#ifndef RIPEN_RIPEN_H
#define RIPEN_RIPEN_H

#include <ripen/version.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RIPEN_API __attribute__((visibility("default")))
#else
#define RIPEN_API
#endif

/* One list; the enum, ripen_status_name() and ripen_status_text() come from it. */
#define RIPEN_STATUS_MAP(XX)                                                                       \
    XX(OK, 0, "done")                                                                              \
    XX(EINPUT, -1, "the input is not valid")                                                       \
    XX(ERULE, -2, "the rules are not valid")                                                       \
    XX(EBUDGET, -3, "a rule spent its instructions or memory")                                     \
    XX(EBUSY, -4, "the store is in use by another server")                                         \
    XX(ESTORE, -5, "the store could not be read or written")                                       \
    XX(EFULL, -6, "the disk or a queue is full; try again later")                                  \
    XX(ENOTFOUND, -7, "there is no such thing")                                                    \
    XX(EVERSION, -8, "the store was made by a newer Ripen")                                        \
    XX(ELIMIT, -9, "a bound was passed")                                                           \
    XX(EIO, -10, "a file or connection could not be read or written")                              \
    XX(EDENIED, -11, "not allowed")

#define RIPEN_STATUS_ENUM(name, number, text) RIPEN_##name = (number),
enum ripen_status { RIPEN_STATUS_MAP(RIPEN_STATUS_ENUM) };
#undef RIPEN_STATUS_ENUM

RIPEN_API const char *ripen_status_name(int status); /* "EINPUT"; "?" for an unknown one */
RIPEN_API const char *ripen_status_text(int status);
RIPEN_API const char *ripen_version(void); /* of the library at run time */

typedef struct ripen ripen; /* an open store and the rules in force */

struct ripen_options {
    size_t size;           /* sizeof(struct ripen_options): lets the struct grow */
    const char *db_path;   /* ":memory:" for a store that dies with the handle */
    const char *rules_dir; /* loaded on open; NULL: the generation that the store names as active */
    int64_t (*now_ms)(void *ctx); /* NULL: the system clock */
    void *ctx;                    /* handed back to now_ms */
};

/* What happened to the items of one call to ripen_ingest. */
struct ripen_verdicts {
    size_t accepted, duplicates, rejected;
    const char *json; /* the answer of the HTTP API for the same items; until the next call */
};

/* One action to deliver. Borrowed until the next lease. */
struct ripen_action {
    int64_t id;
    const char *key;  /* the idempotency key: the same for every attempt */
    const char *kind; /* "webhook", "notify", "task" … */
    const char *to;   /* the endpoint's name */
    const char *body; /* JSON, rendered when the action was decided */
    int attempts;     /* before this lease */
};

/* Opens and recovers the store, creating it when missing. On failure *ret_ripen is a handle that
 * only ripen_message and ripen_close accept, or NULL. */
RIPEN_API int ripen_open(const struct ripen_options *options, ripen **ret_ripen);
RIPEN_API void ripen_close(ripen *ripen); /* NULL: no effect */
/* What went wrong in the last call, one or more lines; until the next call on the handle. */
RIPEN_API const char *ripen_message(const ripen *ripen);

/* Takes one Segment-style event, or {"batch":[…]}; returns after the commit. EINPUT only when the
 * text is not JSON at all: single items get their verdict. */
RIPEN_API int ripen_ingest(ripen *ripen, const char *json, size_t size,
                           struct ripen_verdicts *ret_verdicts);

/* LEAD is an e-mail, a userId, an anonymousId or a lead id. The JSON text is that of `ripen lead`
 * and `ripen explain`; borrowed until the next call. at_ms 0: now. */
RIPEN_API int ripen_lead(ripen *ripen, const char *lead, const char **ret_json);
RIPEN_API int ripen_explain(ripen *ripen, const char *lead, int64_t at_ms, const char **ret_json);

/* The outbox is pulled. A lease that is neither done nor failed within lease_ms is given out
 * again. */
RIPEN_API int ripen_outbox_lease(ripen *ripen, int64_t lease_ms, size_t max,
                                 const struct ripen_action **ret_actions, size_t *ret_count);
RIPEN_API int ripen_outbox_done(ripen *ripen, int64_t id);
RIPEN_API int ripen_outbox_failed(ripen *ripen, int64_t id, int may_retry, const char *reason);
RIPEN_API int64_t ripen_outbox_due_ms(ripen *ripen); /* when to lease next; -1: nothing waits */

#ifdef __cplusplus
}
#endif

#endif
