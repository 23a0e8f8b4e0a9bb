/* SPDX-License-Identifier: MIT */
/* Law 1, checked: every state on file equals, byte for byte, the fold of its lead's events. Leads
 * whose newest events lie behind the watermark, or whose state belongs to other rules, are to be
 * written or rebuilt anyway: they are counted, not compared. */
#include "core/reader_priv.h"
#include "store/states.h"

#include <string.h>

enum { PAGE = 1000 };

/* The fold's cells of both are equal; what decisions and identity keep is no fold. */
static bool same_fold(const struct rp_lead *a, const struct rp_lead *b)
{
    uint32_t at_a = 0;
    uint32_t at_b = 0;
    uint32_t key_a;
    uint32_t key_b;
    uint32_t len_a;
    uint32_t len_b;
    const void *bytes_a;
    const void *bytes_b;
    const uint32_t first = rp_cell_key(RP_CELL_FOLD, 0, 0);

    for (;;) {
        bool more_a;
        bool more_b;

        do {
            more_a = rp_lead_cell_next(a, &at_a, &key_a, &bytes_a, &len_a);
        } while (more_a && key_a < first);
        do {
            more_b = rp_lead_cell_next(b, &at_b, &key_b, &bytes_b, &len_b);
        } while (more_b && key_b < first);
        if (!more_a || !more_b) {
            return more_a == more_b;
        }
        if (key_a != key_b || len_a != len_b || memcmp(bytes_a, bytes_b, len_a) != 0) {
            return false;
        }
    }
}

static int verify_lead(struct rp_reader *reader, int64_t id, struct rp_verified *verified,
                       struct rp_buf *out, struct rp_err *err)
{
    struct rp_str stage;
    struct rp_lead lead;
    struct rp_view view;
    int64_t newest;
    int status;

    rp_lead_init(&lead);
    status = rp_state_load(reader->store, id, &lead, &stage, err);
    if (status != 0 || lead.generation != reader->rules->number) {
        verified->skipped++;
        rp_lead_fini(&lead);
        return status == RIPEN_ENOTFOUND ? 0 : status;
    }
    status = rp_view_open(reader, id, INT64_MAX, &view, err);
    if (status == 0) {
        newest = 0;
        for (size_t i = 0; i < view.history.count; i++) {
            newest = view.history.events[i].id > newest ? view.history.events[i].id : newest;
        }
        if (newest > lead.through) {
            verified->skipped++;
        } else if (same_fold(&lead, &view.lead)) {
            verified->same++;
        } else {
            verified->different++;
            rp_buf_printf(out, "%s: its state is not the fold of its %zu events\n", lead.public_id,
                          view.history.count);
        }
        rp_view_close(&view);
    }
    rp_lead_fini(&lead);
    rp_arena_reset(&reader->arena);
    return status;
}

int rp_reader_verify(struct rp_reader *reader, struct rp_verified *ret_verified, struct rp_buf *out,
                     struct rp_err *err)
{
    int64_t ids[PAGE];
    int64_t after = 0;
    int got = 0;
    int status = rp_reader_begin(reader, err);

    *ret_verified = (struct rp_verified){0};
    while (status == 0 && (got = rp_state_ids(reader->store, after, ids, PAGE, err)) > 0) {
        for (int i = 0; i < got && status == 0; i++) {
            status = verify_lead(reader, ids[i], ret_verified, out, err);
        }
        after = ids[got - 1];
    }
    return rp_reader_end(reader, status == 0 && got < 0 ? got : status);
}
