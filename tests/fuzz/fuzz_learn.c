/* SPDX-License-Identifier: MIT */
/* Tables to learn from out of any CSV: whatever stands in the cells, a card that is learned is a
 * file that loads, and its rules give each row the points of the card. Names of columns are ours.
 */
#include "base/buf.h"
#include "base/check.h"
#include "base/csv.h"
#include "base/text.h"
#include "core/learn.h"
#include "fuzz.h"

#include <string.h>

enum { COLUMNS = 4, TEXTS = 40, ROWS = 600 };

struct bytes {
    const uint8_t *at;
    size_t left;
};

static int64_t read_bytes(void *ctx, char *bytes, size_t size)
{
    struct bytes *b = ctx;
    const size_t n = size < b->left ? size : b->left;

    memcpy(bytes, b->at, n);
    b->at += n;
    b->left -= n;
    return (int64_t)n;
}

/* The cells of the first columns as the texts that the table is made of. */
static void take_texts(struct rp_arena *arena, struct bytes *input, struct rp_learn_texts *texts)
{
    struct rp_csv *csv = rp_csv_new(read_bytes, input);
    struct rp_str *fields;
    size_t count;

    while (rp_csv_next(arena, csv, &fields, &count, NULL) > 0)
        for (size_t c = 0; c < count && c < COLUMNS; c++)
            if (texts[c].count < TEXTS && rp_utf8_valid(fields[c]) &&
                (fields[c].len == 0 || !memchr(fields[c].ptr, '\0', fields[c].len)))
                (void)rp_learn_texts_add(arena, &texts[c], fields[c]);
    rp_csv_free(csv);
}

static void learn(struct rp_arena *arena, const struct rp_learn_table *table)
{
    const struct rp_str allowed[COLUMNS] = {RP_STR("a"), RP_STR("b"), RP_STR("c"), RP_STR("d")};
    const struct rp_learn_options options = {.allowed = allowed, .allowed_count = COLUMNS};
    struct rp_learn_source source = {
        .what = table->columns[0].level_count ? table->columns[0].levels[0] : RP_STR("x"),
        .outcome = RP_STR("y"),
        .dimension = RP_STR("learned")};
    struct rp_learned learned;
    struct rp_buf lua = {0};
    struct rp_err err = {0};

    if (rp_learn(arena, table, &options, &learned, &err) != 0)
        return;
    rp_learn_digest(table, source.digest);
    rp_learn_write(&learned, table, &source, &lua);
    const int status = rp_learn_check(&learned, table, source.dimension, rp_buf_view(&lua), &err);
    RP_ASSERT(status == 0 || status == RIPEN_EINPUT); /* EINPUT: no client could send such a row */
    rp_buf_fini(&lua);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const names[COLUMNS] = {"a", "b", "c", "d"};
    struct rp_learn_texts texts[COLUMNS] = {{0}};
    struct rp_learn_column columns[COLUMNS];
    struct rp_arena arena;
    struct bytes input = {bytes, size};
    uint32_t seed = 1;

    rp_arena_init(&arena);
    take_texts(&arena, &input, texts);
    uint8_t *y = rp_arena_zalloc(&arena, ROWS);
    uint64_t *id = RP_ARENA_ARRAY(&arena, uint64_t, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        seed = seed * 1664525 + 1013904223;
        id[i] = seed >> 8;
        y[i] = (seed >> 16) % 3 == 0;
    }
    for (uint32_t c = 0; c < COLUMNS; c++) {
        uint32_t *cells = RP_ARENA_ARRAY(&arena, uint32_t, ROWS);
        for (uint32_t i = 0; i < ROWS; i++) {
            seed = seed * 1664525 + 1013904223;
            const uint32_t lean = y[i] ? (seed >> 12) / 2 : seed >> 12; /* so that cells tell */
            cells[i] = texts[c].count
                           ? lean % (uint32_t)texts[c].count / (y[i] && seed >> 31 ? 2 : 1)
                           : RP_LEARN_NONE;
        }
        columns[c] = (struct rp_learn_column){.name = rp_str_from(names[c])};
        rp_learn_texts_column(&arena, &texts[c], cells, ROWS, &columns[c]);
        rp_learn_texts_fini(&texts[c]);
    }
    learn(&arena, &(struct rp_learn_table){
                      .columns = columns, .column_count = COLUMNS, .rows = ROWS, .y = y, .id = id});
    rp_arena_fini(&arena);
    return 0;
}
