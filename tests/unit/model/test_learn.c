/* SPDX-License-Identifier: MIT */
/* Bins, choice and points of a learned card over small tables whose truth is known, and its text.
 */
#include "base/buf.h"
#include "base/hash.h"
#include "model/learn.h"
#include "unit/model/groups.h"

#include <math.h>
#include <stdlib.h>

#define ROWS 4000

/* Size raises the odds, mood does in its levels, noise does nothing, hint is the outcome. */
struct world {
    struct rp_arena arena;
    double size[ROWS], noise[ROWS], calls[ROWS];
    uint32_t mood[ROWS], hint[ROWS];
    uint8_t y[ROWS];
    uint64_t id[ROWS];
    int64_t at[ROWS];
    struct rp_learn_column columns[5];
    struct rp_learn_table table;
};

static const struct rp_str moods[] = {{"bad", 3}, {"good", 4}, {"great", 5}, {"odd", 3}};
static const struct rp_str hints[] = {{"lost", 4}, {"won", 3}};

static double chance(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*seed >> 11) / 9007199254740992.0;
}

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));
    uint64_t seed = 4;

    assert_non_null(w);
    rp_arena_init(&w->arena);
    for (uint32_t i = 0; i < ROWS; i++) {
        w->size[i] = chance(&seed) < 0.1 ? (double)NAN : floor(chance(&seed) * 1000);
        w->noise[i] = floor(chance(&seed) * 50);
        w->calls[i] = floor(chance(&seed) * 4);
        w->mood[i] = chance(&seed) < 0.005 ? 3 : (uint32_t)(chance(&seed) * 3);
        double z = -1.5 + (w->size[i] >= 400 ? 1.5 : 0) + 0.6 * (w->mood[i] % 3);
        z += w->calls[i] > 0 && i >= ROWS / 2 ? 1.2 : 0; /* calls began to matter half-way */
        w->y[i] = chance(&seed) < 1 / (1 + exp(-z));
        w->hint[i] = chance(&seed) < 0.02 ? RP_LEARN_NONE : w->y[i];
        w->id[i] = rp_hash((struct rp_str){(const char *)&i, sizeof(i)});
        w->at[i] = (int64_t)i * 3600000;
    }
    const struct rp_learn_column columns[] = {
        {.name = RP_STR("size"), .kind = RP_LEARN_NUMBER, .value = w->size},
        {.name = RP_STR("noise"), .kind = RP_LEARN_NUMBER, .value = w->noise},
        {.name = RP_STR("Calls {made}"), .kind = RP_LEARN_COUNT, .days = 30, .value = w->calls},
        {.name = RP_STR("mood"),
         .kind = RP_LEARN_TEXT,
         .level = w->mood,
         .levels = moods,
         .level_count = 4},
        {.name = RP_STR("hint"),
         .kind = RP_LEARN_TEXT,
         .level = w->hint,
         .levels = hints,
         .level_count = 2},
    };
    memcpy(w->columns, columns, sizeof(columns));
    w->table = (struct rp_learn_table){.columns = w->columns,
                                       .column_count = 5,
                                       .rows = ROWS,
                                       .y = w->y,
                                       .id = w->id,
                                       .at_ms = w->at};
    return w;
}

static void world_free(struct world *w)
{
    rp_arena_fini(&w->arena);
    free(w);
}

static void bins_keep_what_differs_apart(void **state)
{
    struct world *w = world_new();
    struct rp_learn_attribute a;
    double leads = 0;

    (void)state;
    assert_true(rp_learn_bins(&w->arena, &w->table, 0, NULL, 0, &a));
    assert_true(a.bin_count >= 3 && a.bin_count <= RP_LEARN_COARSE + 2);
    assert_true(a.bins[a.bin_count - 1].missing); /* a tenth has no size: a bin of its own */
    bool edge = false;
    for (uint32_t b = 0; b < a.bin_count; b++) {
        leads += a.bins[b].leads;
        edge |= a.bins[b].below >= 380 && a.bins[b].below <= 420;
        assert_true(a.bins[b].leads >= 0.05 * ROWS);
    }
    assert_true(edge); /* the boundary is found, as near as quantiles stand */
    assert_true(leads == ROWS);
    /* every row falls into the bin that counted it */
    double seen[16] = {0};
    for (uint32_t i = 0; i < ROWS; i++)
        seen[rp_learn_bin_of(&a, &w->table, i)]++;
    for (uint32_t b = 0; b < a.bin_count; b++)
        assert_true(seen[b] == a.bins[b].leads);
    assert_true(rp_learn_bins(&w->arena, &w->table, 3, NULL, 0, &a));
    assert_int_equal(a.bins[a.level_bin[3]].other, true);              /* too rare to stand alone */
    assert_false(rp_learn_bins(&w->arena, &w->table, 4, NULL, 0, &a)); /* one outcome each … */
    assert_true(
        rp_learn_bins(&w->arena, &w->table, 4, NULL, RP_LEARN_LOOSE, &a)); /* … shows when loose */
    world_free(w);
}

static void zero_is_never_merged(void **state)
{
    struct world *w = world_new();
    struct rp_learn_attribute a;

    (void)state;
    for (uint32_t i = 0; i < ROWS; i++)
        w->y[i] = i % 5 == 0; /* nothing tells anything: all other bins become one */
    assert_true(rp_learn_bins(&w->arena, &w->table, 2, NULL, 0, &a));
    assert_int_equal(a.bin_count, 2);
    assert_true(a.bins[0].below == 1);
    world_free(w);
}

/* Calls help, but for a dent that chance may have made; 0 stands apart whatever it does. */
static void bins_go_one_way_when_asked(void **state)
{
    static const uint32_t of_ten[] = {5, 1, 1, 4, 4, 3, 3, 8, 8, 8};
    struct world *w = world_new();
    struct rp_learn_attribute a;

    (void)state;
    for (uint32_t i = 0; i < ROWS; i++) {
        w->calls[i] = i % 10;
        w->y[i] = i / 10 % 10 < of_ten[i % 10];
    }
    assert_true(rp_learn_bins(&w->arena, &w->table, 2, NULL, 0, &a));
    assert_int_equal(a.bin_count, 5);
    assert_true(a.bins[2].woe > a.bins[3].woe);
    assert_true(rp_learn_bins(&w->arena, &w->table, 2, NULL, RP_LEARN_MONOTONE, &a));
    assert_int_equal(a.bin_count, 4);
    assert_true(a.bins[0].below == 1 && a.bins[0].woe > a.bins[1].woe);
    assert_true(a.bins[2].below == 7 && a.bins[2].leads == 0.4 * ROWS);
    assert_true(a.bins[1].woe < a.bins[2].woe && a.bins[2].woe < a.bins[3].woe);
    world_free(w);
}

/* Against a look at every number of points. */
static void thresholds_are_proposed(void **state)
{
    struct world *w = world_new();
    const struct rp_learn_options options = {.capacity = 60, .value = 100, .cost = 45};
    struct rp_learned learned;
    struct rp_err err = {0};
    struct rp_gain capacity = {0}, value = {0};

    (void)state;
    assert_int_equal(rp_learn(&w->arena, &w->table, &options, &learned, &err), 0);
    assert_true(fabs(learned.weeks - (ROWS - 1) / 168.0) < 1e-9); /* one lead an hour */
    for (int points = learned.most; points >= learned.least; points--) {
        struct rp_gain row = {.min_score = points};
        bool is_someones = false;
        for (uint32_t i = 0; i < ROWS; i++) {
            const int has = rp_learn_points(&learned.card, &w->table, i);
            row.n += has >= points;
            row.pos += has >= points && w->y[i];
            is_someones |= has == points;
        }
        if (is_someones && row.n / learned.weeks <= 60)
            capacity = row;
        if (is_someones && 100 * row.pos - 45 * row.n > 100 * value.pos - 45 * value.n)
            value = row;
    }
    assert_true(capacity.n > 0 && capacity.n < ROWS && value.n > 0 && value.n < ROWS);
    assert_true(learned.for_capacity.min_score == capacity.min_score);
    assert_true(learned.for_capacity.n == capacity.n && learned.for_capacity.pos == capacity.pos);
    assert_true(learned.for_value.min_score == value.min_score);
    assert_true(learned.for_value.n == value.n && learned.for_value.pos == value.pos);
    assert_int_equal(rp_learn(&w->arena, &w->table,
                              &(struct rp_learn_options){.capacity = 0.01, .value = 1, .cost = 2},
                              &learned, &err),
                     0);
    assert_true(learned.for_capacity.n == 0 && learned.for_value.n == 0);
    world_free(w);
}

static void a_card_is_learned_and_the_same_again(void **state)
{
    struct world *w = world_new();
    struct rp_learn_options options = {0};
    struct rp_learned one, two;
    struct rp_err err = {0};
    struct rp_buf text = {0}, again = {0};
    struct rp_learn_source source = {.what = RP_STR("a test\n-- of {names}"),
                                     .outcome = RP_STR("won"),
                                     .dimension = RP_STR("learned")};

    (void)state;
    assert_int_equal(rp_learn(&w->arena, &w->table, &options, &one, &err), 0);
    assert_int_equal(rp_learn(&w->arena, &w->table, &options, &two, &err), 0);
    assert_int_equal(one.about[4].suspicion, RP_LEARN_TELLS_TOO_MUCH);
    assert_true(one.about[0].used && one.about[3].used && !one.about[1].used && !one.about[4].used);
    assert_true(one.auc > 0.66 && one.auc < 0.8 && one.train.auc >= one.auc - 0.02);
    assert_true(fabs(one.train.auc - one.auc_before_rounding) < 0.005);
    assert_true(one.card.lines <= RP_LEARN_LINES_MAX && one.card.calibrated);
    assert_true(fabs(one.card.platt.b - M_LN2 / RP_LEARN_PDO) <
                0.01); /* 10 points double the odds */
    assert_true(one.log_loss < one.log_loss_base);
    /* the calls' lift began half-way; what did not change is not said to have */
    assert_true(one.about[2].change_q < 0.01 && one.about[2].lor_after > one.about[2].lor_before);
    assert_true(one.about[3].change_q > 0.05);
    rp_learn_digest(&w->table, source.digest);
    rp_learn_write(&one, &w->table, &source, &text);
    rp_learn_write(&two, &w->table, &source, &again);
    assert_true(rp_str_eq(rp_buf_view(&text), rp_buf_view(&again)));
    rp_buf_char(&text, '\0');
    assert_non_null(strstr(text.ptr, "fit \"learned_calls_made_30d\" {"));
    assert_non_null(strstr(text.ptr, "count = count(\"Calls {made}\", { within = \"30d\" })"));
    assert_non_null(strstr(text.ptr, "why = \"Calls (made), 30 days\"")); /* no placeholder */
    assert_non_null(strstr(text.ptr, "a test -- of (names).\n"));         /* stays in its comment */
    assert_non_null(strstr(text.ptr, "hint tells too much"));
    rp_buf_fini(&text);
    rp_buf_fini(&again);
    world_free(w);
}

static void reference_bins_have_no_points(void **state)
{
    struct world *w = world_new();
    struct rp_learned learned;
    struct rp_err err = {0};

    (void)state;
    assert_int_equal(rp_learn(&w->arena, &w->table, &(struct rp_learn_options){0}, &learned, &err),
                     0);
    for (uint32_t i = 0; i < learned.card.count; i++) {
        const struct rp_learn_attribute *a = &learned.card.attributes[i];
        assert_int_equal(a->bins[a->reference].points, 0);
        assert_true(a->coefficient > 0);
        for (uint32_t b = 0; b < a->bin_count; b++)
            assert_int_equal(a->bins[b].points, (int)floor(a->bins[b].exact + 0.5));
    }
    world_free(w);
}

static void lines_are_bounded(void **state)
{
    struct world *w = world_new();
    struct rp_learn_options options = {.lines_max = 4};
    struct rp_learned learned;
    struct rp_err err = {0};

    (void)state;
    assert_int_equal(rp_learn(&w->arena, &w->table, &options, &learned, &err), 0);
    assert_true(learned.card.lines <= 4 && learned.card.count >= 1);
    world_free(w);
}

static void what_was_written_later_is_left_out(void **state)
{
    struct world *w = world_new();
    const struct rp_str allowed[] = {RP_STR("size")};
    struct rp_learn_options options = {0};
    struct rp_learned learned;
    struct rp_err err = {0};

    (void)state;
    w->columns[0].changed_after = 0.051;
    assert_int_equal(rp_learn(&w->arena, &w->table, &options, &learned, &err), 0);
    assert_int_equal(learned.about[0].suspicion, RP_LEARN_WRITTEN_LATER);
    assert_false(learned.about[0].used);
    options.allowed = allowed;
    options.allowed_count = 1;
    assert_int_equal(rp_learn(&w->arena, &w->table, &options, &learned, &err), 0);
    assert_true(learned.about[0].used);
    w->columns[0].changed_after = 0.05; /* at the bound */
    options.allowed_count = 0;
    assert_int_equal(rp_learn(&w->arena, &w->table, &options, &learned, &err), 0);
    assert_true(learned.about[0].used);
    world_free(w);
}

static void too_few_teach_nothing(void **state)
{
    struct world *w = world_new();
    struct rp_learned learned;
    struct rp_err err = {0};

    (void)state;
    for (uint32_t i = 0; i < ROWS; i++)
        w->y[i] = i < RP_LEARN_CLASS_MIN - 1;
    assert_int_equal(rp_learn(&w->arena, &w->table, &(struct rp_learn_options){0}, &learned, &err),
                     RIPEN_EINPUT);
    assert_non_null(strstr(err.text, "needs at least 100"));
    for (uint32_t i = 0; i < ROWS; i++)
        w->y[i] = i % (ROWS / RP_LEARN_CLASS_MIN) == 0;
    err = (struct rp_err){0};
    (void)rp_learn(&w->arena, &w->table, &(struct rp_learn_options){0}, &learned, &err);
    assert_null(strstr(err.text, "needs at least")); /* enough, though they tell nothing */
    assert_true(learned.converted == RP_LEARN_CLASS_MIN);
    world_free(w);
}

/* One attribute more than a card holds, each of which tells something. */
static void a_card_holds_twelve(void **state)
{
    enum { COLUMNS = RP_LEARN_CARD_MAX + 1 };
    struct world *w = world_new();
    struct rp_learn_column columns[COLUMNS];
    double *values = calloc((size_t)COLUMNS * ROWS, sizeof(*values));
    uint64_t seed = 7;
    struct rp_learned learned;
    struct rp_err err = {0};

    (void)state;
    assert_non_null(values);
    for (uint32_t i = 0; i < ROWS; i++) {
        double z = -0.45 * COLUMNS;

        for (uint32_t c = 0; c < COLUMNS; c++) {
            values[c * ROWS + i] = chance(&seed) < 0.5;
            z += 0.9 * values[c * ROWS + i];
        }
        w->y[i] = chance(&seed) < 1 / (1 + exp(-z));
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        columns[c] = (struct rp_learn_column){
            .name = RP_STR("c"), .kind = RP_LEARN_NUMBER, .value = values + c * ROWS};
    w->table.columns = columns;
    w->table.at_ms = NULL;
    w->table.column_count = RP_LEARN_CARD_MAX;
    assert_int_equal(rp_learn(&w->arena, &w->table, &(struct rp_learn_options){0}, &learned, &err),
                     0);
    assert_int_equal(learned.card.count, RP_LEARN_CARD_MAX);
    w->table.column_count = COLUMNS;
    assert_int_equal(rp_learn(&w->arena, &w->table, &(struct rp_learn_options){0}, &learned, &err),
                     0);
    assert_int_equal(learned.card.count, RP_LEARN_CARD_MAX);
    free(values);
    world_free(w);
}

static void levels_are_bounded(void **state)
{
    (void)state;
    for (uint32_t past = 0; past < 2; past++) {
        const uint32_t count = RP_LEARN_LEVELS_MAX + past;
        uint32_t cells[RP_LEARN_LEVELS_MAX + 1];
        struct rp_learn_column column = {0};
        struct rp_learn_texts texts = {0};
        struct rp_arena arena;

        rp_arena_init(&arena);
        for (uint32_t i = 0; i < count; i++)
            cells[i] = rp_learn_texts_add(&arena, &texts, rp_arena_printf(&arena, "t%u", i));
        rp_learn_texts_column(&arena, &texts, cells, count, &column);
        assert_int_equal(column.level_count, count);
        assert_int_equal(column.too_many, past == 1);
        rp_learn_texts_fini(&texts);
        rp_arena_fini(&arena);
    }
}

static void columns_come_out_of_texts(void **state)
{
    struct rp_arena arena;
    struct rp_learn_texts texts = {0};
    struct rp_learn_column column = {0};
    uint32_t cells[5];

    (void)state;
    rp_arena_init(&arena);
    cells[0] = rp_learn_texts_add(&arena, &texts, RP_STR("12"));
    cells[1] = rp_learn_texts_add(&arena, &texts, RP_STR(""));
    cells[2] = rp_learn_texts_add(&arena, &texts, RP_STR("-0.5"));
    cells[3] = RP_LEARN_NONE;
    cells[4] = rp_learn_texts_add(&arena, &texts, RP_STR("12"));
    assert_int_equal(cells[0], cells[4]);
    rp_learn_texts_column(&arena, &texts, cells, 5, &column);
    assert_int_equal(column.kind, RP_LEARN_NUMBER);
    assert_true(column.value[2] == -0.5 && isnan(column.value[1]) && isnan(column.value[3]));
    cells[1] = rp_learn_texts_add(&arena, &texts, RP_STR("Café"));
    cells[3] = rp_learn_texts_add(&arena, &texts, RP_STR("CAFE"));
    cells[4] = RP_LEARN_NONE;
    column = (struct rp_learn_column){0};
    rp_learn_texts_column(&arena, &texts, cells, 5, &column);
    assert_int_equal(column.kind, RP_LEARN_TEXT);
    assert_int_equal(column.level_count, 3);
    assert_int_equal(column.level[1], column.level[3]); /* matchers cannot tell them apart */
    assert_int_equal(column.level[4], RP_LEARN_NONE);
    rp_learn_texts_fini(&texts);
    rp_arena_fini(&arena);
}

int test_learn(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_keep_what_differs_apart),
        cmocka_unit_test(zero_is_never_merged),
        cmocka_unit_test(bins_go_one_way_when_asked),
        cmocka_unit_test(thresholds_are_proposed),
        cmocka_unit_test(a_card_is_learned_and_the_same_again),
        cmocka_unit_test(reference_bins_have_no_points),
        cmocka_unit_test(lines_are_bounded),
        cmocka_unit_test(what_was_written_later_is_left_out),
        cmocka_unit_test(too_few_teach_nothing),
        cmocka_unit_test(a_card_holds_twelve),
        cmocka_unit_test(levels_are_bounded),
        cmocka_unit_test(columns_come_out_of_texts),
    };

    return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
