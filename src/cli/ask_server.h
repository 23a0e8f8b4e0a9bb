/* SPDX-License-Identifier: MIT */
/* Asks the server that runs on a database, by a row in it: no address and no key are needed, the
 * right to write the file is enough. */
#ifndef RP_CLI_ASK_SERVER_H
#define RP_CLI_ASK_SERVER_H

#include "base/arena.h"
#include "store/requests.h"

/* Is a server (or an import) at work on the database? A database that does not exist has none. */
bool rp_server_runs(const char *db_path);
/* Waits for the answer; *ret_answer has status and JSON. ENOTFOUND: nobody answered within 30 s. */
int rp_server_ask(struct rp_arena *arena, const char *db_path, const struct rp_request_row *request,
                  struct rp_request_row *ret_answer, struct rp_err *err);
/* A member of a JSON object: a text decoded, anything else as written; "" when absent. */
struct rp_str rp_answer_member(struct rp_arena *arena, struct rp_str object, const char *key);
/* The nth element of a JSON array as written; "" behind the last. */
struct rp_str rp_answer_element(struct rp_arena *arena, struct rp_str array, size_t nth);

#endif
