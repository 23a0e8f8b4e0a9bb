/* SPDX-License-Identifier: MIT */
/* CSV of any bytes: read in one piece and in pieces of a few bytes it is the same records, or the
 * same error. The first byte is the size of the pieces. */
#include "base/buf.h"
#include "base/check.h"
#include "base/csv.h"
#include "fuzz.h"

struct source {
    const uint8_t *bytes;
    size_t left, step;
};

static int64_t read_source(void *ctx, char *bytes, size_t size)
{
    struct source *source = ctx;
    size_t len = source->left < source->step ? source->left : source->step;

    len = len < size ? len : size;
    if (len > 0)
        memcpy(bytes, source->bytes, len);
    source->bytes += len;
    source->left -= len;
    return (int64_t)len;
}

static void read_all(struct source source, struct rp_buf *out)
{
    struct rp_arena arena;
    struct rp_err err = {0};
    struct rp_csv *csv = rp_csv_new(read_source, &source);
    struct rp_str *fields;
    size_t count;
    int rc;

    rp_arena_init(&arena);
    while ((rc = rp_csv_next(&arena, csv, &fields, &count, &err)) == 1) {
        RP_ASSERT(count > 0 && rp_csv_line(csv) > 0);
        rp_buf_printf(out, "\n%d %zu", rp_csv_line(csv), count);
        for (size_t i = 0; i < count; i++) {
            rp_buf_printf(out, " %zu ", fields[i].len);
            rp_buf_str(out, fields[i]);
        }
        rp_arena_reset(&arena);
    }
    RP_ASSERT(rc == 0 || (rc == err.status && err.text[0] != '\0'));
    rp_buf_printf(out, "\n%d %d %s", rc, err.line, err.text);
    rp_csv_free(csv);
    rp_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct rp_buf whole = {0}, pieces = {0};

    if (size == 0)
        return 0;
    size_t step = (size_t)bytes[0] % 16 + 1;
    read_all((struct source){bytes + 1, size - 1, SIZE_MAX}, &whole);
    read_all((struct source){bytes + 1, size - 1, step}, &pieces);
    RP_ASSERT(rp_str_eq(rp_buf_view(&whole), rp_buf_view(&pieces)));
    rp_buf_fini(&whole);
    rp_buf_fini(&pieces);
    return 0;
}
