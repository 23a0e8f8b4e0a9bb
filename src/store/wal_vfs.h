/* SPDX-License-Identifier: MIT */
/* A layer between SQLite and the file of its WAL that writes a transaction in one piece. */
#ifndef RP_STORE_WAL_VFS_H
#define RP_STORE_WAL_VFS_H

#include <stdbool.h>

/* Its name for sqlite3_open_v2, registered with the first call; any thread. Only for connections
 * with synchronous = FULL: what a commit wrote reaches the file when the WAL is synced. NULL:
 * SQLite has no file system of its own here. */
const char *rp_wal_vfs(void);

struct sqlite3;
struct rp_wal;

/* Between two transactions: whether commits leave their sync to rp_wal_sync. The WAL to pass to it,
 * valid until the connection is closed; NULL: there is none, commits sync by themselves. */
struct rp_wal *rp_wal_later(struct sqlite3 *db, bool later);
/* Any thread: what was committed before the call is on the disk when it returns SQLITE_OK. */
int rp_wal_sync(struct rp_wal *wal);

#endif
