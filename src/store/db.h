/* SPDX-License-Identifier: MIT */
/* One SQLite file (WAL), one writer. A store belongs to one thread, but for rp_store_sync; readers
 * open their own, read-only. Functions of store/ that write assert that a transaction is open; core
 * opens and ends them. */
#ifndef RP_STORE_DB_H
#define RP_STORE_DB_H

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct rp_store;

enum rp_store_mode {
    RP_STORE_SERVE,  /* read and write, creating and migrating; takes the lock of the file: EBUSY
                        when  another server or import holds it */
    RP_STORE_WRITE,  /* read and write beside a running server: keys, outbox retries. Creates and
                        migrates only while nobody holds the lock */
    RP_STORE_READ,   /* read-only; ENOTFOUND when the file does not exist */
    RP_STORE_MEMORY, /* dies with the handle; its secret is all zero, so that runs are repeatable */
};

/* Tells SQLite what holds for the whole process. rp_store_open does it; who registers something
 * with SQLite before calls it first, since it has no effect once SQLite was used. Any thread. */
void rp_store_configure(void);

/* EVERSION: made by a newer Ripen (READ: also by an older one); ESTORE: not a database, damaged, no
 * permission. A new file is for its owner alone. */
int rp_store_open(const char *path, enum rp_store_mode mode, struct rp_store **ret_store,
                  struct rp_err *err);
void rp_store_close(struct rp_store *store); /* NULL: no effect */

/* 16 bytes that key the hashes of this store. */
const uint8_t *rp_store_secret(const struct rp_store *store);

/* Write transactions. EFULL when the disk is full: roll back (commit does it when it fails) and
 * everything since begin is undone, the store stays usable. EBUSY: another process writes for more
 * than five seconds. ESTORE otherwise. A commit is durable when it returns 0 (synchronous=FULL);
 * after a write of the transaction failed it never does. */
RP_MUST_USE int rp_store_begin(struct rp_store *store, struct rp_err *err);
RP_MUST_USE int rp_store_commit(struct rp_store *store, struct rp_err *err);
/* As rp_store_commit, but for the disk: others see what was committed, a power cut may still take
 * it. Durable, like all that was committed before, once rp_store_sync or a later rp_store_commit
 * returned 0. */
RP_MUST_USE int rp_store_commit_ahead(struct rp_store *store, struct rp_err *err);
/* Any thread, also while the store's own commits the next. ESTORE: the disk failed; nothing more
 * can be written. */
RP_MUST_USE int rp_store_sync(struct rp_store *store, struct rp_err *err);
void rp_store_rollback(struct rp_store *store); /* harmless without a transaction */
bool rp_store_in_transaction(const struct rp_store *store);

/* How much of the file this handle keeps in memory, KiB; a reader begins with 4,096, which is
 * enough for who passes over the file once. Chains of many leads come back to the same pages. */
RP_MUST_USE int rp_store_cache(struct rp_store *store, int kib, struct rp_err *err);

/* A snapshot for several reads (RP_STORE_READ). */
RP_MUST_USE int rp_store_snapshot(struct rp_store *store, struct rp_err *err);
void rp_store_snapshot_end(struct rp_store *store);

/* Checkpoints the WAL when it holds at least `pages`; to be called between transactions. */
void rp_store_checkpoint(struct rp_store *store, int pages);
/* Changes whenever another connection committed. */
int64_t rp_store_data_version(struct rp_store *store);

/* Small values by name ("watermark", "active_generation"); missing: `fallback`. */
int64_t rp_store_meta(struct rp_store *store, const char *key, int64_t fallback);
RP_MUST_USE int rp_store_meta_set(struct rp_store *store, const char *key, int64_t value,
                                  struct rp_err *err);

/* Interned names (events, rules, stages, actions): stable small numbers, 0 for "". Cached. */
RP_MUST_USE int rp_store_name_id(struct rp_store *store, struct rp_str text, int64_t *ret_id,
                                 struct rp_err *err); /* adds; needs a transaction */
int64_t rp_store_name_find(struct rp_store *store, struct rp_str text); /* 0: unknown */
struct rp_str rp_store_name(struct rp_store *store, int64_t id);        /* until close; "" for 0 */

#endif
