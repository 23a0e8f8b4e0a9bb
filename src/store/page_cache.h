/* SPDX-License-Identifier: MIT */
/* A layer over SQLite's cache of pages that keeps the end of a transaction short. */
#ifndef RP_STORE_PAGE_CACHE_H
#define RP_STORE_PAGE_CACHE_H

#include <sqlite3.h>

/* The methods for SQLITE_CONFIG_PCACHE2 over those that SQLITE_CONFIG_GETPCACHE2 gave, which are
 * copied: once a process, before SQLite is used. The answer lives as long as the process. */
const struct sqlite3_pcache_methods2 *rp_page_cache(const struct sqlite3_pcache_methods2 *original);

#endif
