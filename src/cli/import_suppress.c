/* SPDX-License-Identifier: MIT */
/* Those who objected, by a list or by what an export says of them, come onto the suppression list,
 * which outweighs every consent that the same or a later import brings. What mail cannot go to is
 * passed over: nothing goes there anyway. */
#include "base/mem.h"
#include "cli/import.h"
#include "model/email.h"
#include "store/audit.h"
#include "store/suppressions.h"

#include <stdio.h>

void rp_addresses_add(struct rp_addresses *addresses, struct rp_str address)
{
    if (addresses->count == addresses->cap) {
        addresses->list = rp_grow(addresses->list, &addresses->cap, addresses->count + 1,
                                  sizeof(*addresses->list));
    }
    addresses->list[addresses->count++] = address;
}

static int add_all(struct rp_store *store, const struct rp_addresses *addresses,
                   struct rp_suppression_row *row, size_t *ret_added, struct rp_err *err)
{
    struct rp_mailbox mailbox;
    int status = 0;

    for (size_t i = 0; i < addresses->count && status == 0; i++) {
        if (rp_mailbox_parse(addresses->list[i], &mailbox)) {
            row->address = addresses->list[i];
            status = rp_suppression_add(store, row, err);
            (*ret_added)++;
        }
    }
    return status;
}

int rp_import_suppress(struct rp_core *core, const struct rp_addresses *addresses,
                       const char *source, struct rp_err *err)
{
    struct rp_store *store = rp_core_store(core);
    struct rp_suppression_row row = {.reason = RP_SUPPRESSED_IMPORT,
                                     .source = rp_str_from(source),
                                     .at_ms = rp_clock_system().now_ms(NULL)};
    struct rp_audit_row audit = {.at_ms = row.at_ms,
                                 .actor = RP_STR("import"),
                                 .verb = RP_STR("suppress.add"),
                                 .subject = row.source};
    char detail[48];
    size_t added = 0;
    int status;

    if (addresses->count == 0) {
        return 0;
    }
    status = rp_store_begin(store, err);
    if (status != 0) {
        return status;
    }
    status = add_all(store, addresses, &row, &added, err);
    (void)snprintf(detail, sizeof(detail), "%zu addresses", added);
    audit.detail = rp_str_from(detail);
    if (status == 0) {
        status = rp_audit_add(store, &audit, err);
    }
    if (status == 0) {
        status = rp_store_commit(store, err);
    }
    if (status != 0) {
        rp_store_rollback(store);
    } else {
        fprintf(stderr, "%zu address%s of %s get%s no e-mail (ripen suppress list)\n", added,
                added == 1 ? "" : "es", source, added == 1 ? "s" : "");
    }
    return status;
}
