/* SPDX-License-Identifier: MIT */
/* A layer between SQLite and the file of its WAL that writes a transaction in one piece. */
#ifndef RP_STORE_WAL_VFS_H
#define RP_STORE_WAL_VFS_H

/* Its name for sqlite3_open_v2, registered with the first call; any thread. Only for connections
 * with synchronous = FULL: what a commit wrote reaches the file when the WAL is synced. NULL:
 * SQLite has no file system of its own here. */
const char *rp_wal_vfs(void);

#endif
