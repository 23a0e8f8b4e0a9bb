/* SPDX-License-Identifier: MIT */
/* A dry import: what the rows would do, without a database that is written to. */
#ifndef RP_CLI_IMPORT_DRY_H
#define RP_CLI_IMPORT_DRY_H

#include "cli/import.h"

/* Reads all rows and prints what each would do: create a lead, update one, nothing (it is known
 * already), or be rejected, with line numbers; text shows at most `shown` rows and counts the rest.
 * db_path need not exist. *ret_rejected: how many. */
int rp_import_dry(struct rp_import_rows *rows, const char *db_path, int64_t now_ms, bool json,
                  size_t shown, struct rp_buf *out, size_t *ret_rejected, struct rp_err *err);

#endif
