/* SPDX-License-Identifier: MIT */
/* Those who objected, by a list or by what an export says of them, come onto the suppression list,
 * which outweighs every consent that the same or a later import brings. What mail cannot go to is
 * passed over: nothing goes there anyway. */
#include "base/csv.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/import.h"
#include "model/email.h"
#include "store/audit.h"
#include "store/suppressions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rp_addresses_add(struct rp_addresses *addresses, struct rp_str address)
{
    if (addresses->count == addresses->cap) {
        addresses->list = rp_grow(addresses->list, &addresses->cap, addresses->count + 1,
                                  sizeof(*addresses->list));
    }
    addresses->list[addresses->count++] = address;
}

static int by_text(const void *a, const void *b)
{
    return rp_str_cmp(*(const struct rp_str *)a, *(const struct rp_str *)b);
}

static struct rp_str folded(struct rp_arena *arena, struct rp_str text)
{
    return rp_text_fold(arena, rp_arena_str(arena, rp_str_trim(text)));
}

static int read_records(struct rp_addresses *addresses, struct rp_arena *arena, struct rp_csv *csv,
                        size_t *ret_passed, struct rp_err *err)
{
    struct rp_arena record;
    struct rp_str *cells;
    size_t count, rows = 0;
    int status;

    rp_arena_init(&record);
    while ((status = rp_csv_next(&record, csv, &cells, &count, err)) > 0) {
        if (count > 0 && memchr(cells[0].ptr ? cells[0].ptr : "", '@', cells[0].len)) {
            rp_addresses_add(addresses, folded(arena, cells[0]));
        } else if (rows > 0) { /* the first may be a head */
            (*ret_passed)++;
        }
        rows++;
        rp_arena_reset(&record);
    }
    rp_arena_fini(&record);
    return status;
}

int rp_addresses_read(struct rp_addresses *addresses, struct rp_arena *arena, const char *path,
                      size_t *ret_passed, struct rp_err *err)
{
    struct rp_import_file *file = NULL;
    struct rp_err why = {0};
    struct rp_csv *csv;
    int status = rp_import_open(path, &file, err);

    *ret_passed = 0;
    if (status != 0) {
        return status;
    }
    csv = rp_csv_new(rp_import_read, file);
    status = read_records(addresses, arena, csv, ret_passed, &why);
    if (status == 0) {
        status = rp_import_status(file, &why);
    }
    if (status != 0) {
        (void)rp_err_set(err, status, "%s: %s", path, why.text);
    }
    if (status == 0 && addresses->count == 0 && *ret_passed > 0) {
        status = rp_err_set(err, RIPEN_EINPUT,
                            "no line of %s begins with an e-mail address; write one a line, or "
                            "make it the first column",
                            path);
    }
    rp_csv_free(csv);
    rp_import_close(file);
    if (addresses->count > 1) {
        qsort(addresses->list, addresses->count, sizeof(*addresses->list), by_text);
    }
    return status;
}

bool rp_addresses_have(const struct rp_addresses *addresses, struct rp_arena *arena,
                       struct rp_str address)
{
    struct rp_str wanted = folded(arena, address);

    return addresses->count > 0 &&
           bsearch(&wanted, addresses->list, addresses->count, sizeof(wanted), by_text);
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
