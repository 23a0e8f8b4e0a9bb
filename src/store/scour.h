/* SPDX-License-Identifier: MIT */
/* What deleted rows leave behind in the unused parts of pages that are in use. */
#ifndef RP_STORE_SCOUR_H
#define RP_STORE_SCOUR_H

#include "store/db.h"

#include <stddef.h>

/* Moves the WAL into the file and empties it, then overwrites the unused parts of the file's pages
 * with zeros, those of dedup apart, and of events as long as nothing moved them. Outside of a
 * transaction. EBUSY when somebody reads old pages or writes meanwhile; ESTORE when a page is not
 * what SQLite 3 documents. Takes a second for a gigabyte of leads. ret_pages: how many parts were
 * overwritten. */
RP_MUST_USE int rp_store_scour(struct rp_store *store, size_t *ret_pages, struct rp_err *err);

#endif
