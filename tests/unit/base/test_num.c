/* SPDX-License-Identifier: MIT */
/* Rounding, 2^x, and numbers as text in both directions. */
#include "base/num.h"
#include "unit/base/groups.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void rounding_is_half_away_from_zero(void **state)
{
    static const struct {
        double points;
        int64_t thousandths;
    } cases[] = {
        {0, 0},
        {1, 1000},
        {-1, -1000},
        {0.0005, 1},
        {-0.0005, -1},
        {0.00049, 0},
        {-0.00049, 0},
        {2.5, 2500},
        {50.125, 50125},
        {0.0015, 2},
        {0.0025, 3},
        {-0.0025, -3},
        {1e300, 9000000000000000},
        {-1e300, -9000000000000000},
        {9e12, 9000000000000000},
        {9e12 - 0.5, 8999999999999500},
        {HUGE_VAL, 9000000000000000},
        {-HUGE_VAL, -9000000000000000},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++)
        assert_int_equal(rp_milli_round(cases[i].points), cases[i].thousandths);
    assert_int_equal(rp_milli_round((double)NAN), 0);
}

/* The distance in representable doubles. */
static int64_t ulps(double a, double b)
{
    int64_t x, y;

    memcpy(&x, &a, sizeof(x));
    memcpy(&y, &b, sizeof(y));
    return x > y ? x - y : y - x;
}

static void exp2_is_exact_enough(void **state)
{
    (void)state;
    double x = -1021.9;
    uint64_t seed = 42;
    int64_t worst = 0;

    for (int i = 0; i < 400000; i++) {
        int64_t off = ulps(rp_exp2(x), exp2(x));
        worst = off > worst ? off : worst;
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        /* Half of them where decay happens: between 2^-30 and 1. */
        double unit = (double)(seed >> 11) * 0x1p-53;
        x = i % 2 ? -30.0 * unit : -1022.0 + 2045.9 * unit;
    }
    assert_in_range(worst, 0, 2);
    for (int n = -1074; n <= 1023; n++)
        assert_true(rp_exp2(n) == ldexp(1.0, n));
}

static void exp2_has_sane_ends(void **state)
{
    (void)state;
    assert_true(rp_exp2(0.0) == 1.0);
    assert_true(rp_exp2(-0.0) == 1.0);
    assert_true(rp_exp2(-1.0) == 0.5);
    assert_true(rp_exp2(1024.0) == HUGE_VAL);
    assert_true(rp_exp2(1023.99) < HUGE_VAL);
    assert_true(rp_exp2(HUGE_VAL) == HUGE_VAL);
    assert_true(rp_exp2(-HUGE_VAL) == 0.0);
    assert_true(rp_exp2(-1e9) == 0.0);
    assert_true(rp_exp2(-1075.5) == 0.0);
    assert_true(isnan(rp_exp2((double)NAN)));
    /* Monotone where pieces join. */
    for (double x = -3.0; x < 3.0; x += 0x1p-12)
        assert_true(rp_exp2(x) <= rp_exp2(x + 0x1p-12));
}

static void thousandths_print_short(void **state)
{
    static const struct {
        int64_t thousandths;
        const char *text;
    } cases[] = {
        {0, "0"},
        {45000, "45"},
        {50125, "50.125"},
        {-500, "-0.5"},
        {10, "0.01"},
        {1, "0.001"},
        {-1, "-0.001"},
        {100000, "100"},
        {1200, "1.2"},
        {-45000, "-45"},
        {INT64_MAX, "9223372036854775.807"},
        {INT64_MIN, "-9223372036854775.808"},
    };
    struct rp_buf buf = {0};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        rp_buf_reset(&buf);
        rp_milli_print(&buf, cases[i].thousandths);
        assert_str(rp_buf_view(&buf), cases[i].text);
    }
    rp_buf_fini(&buf);
}

static void integers_print(void **state)
{
    static const int64_t cases[] = {0, 7, -7, 10, -100, 1234567890123, INT64_MAX, INT64_MIN};
    struct rp_buf buf = {0};
    char text[32];

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        rp_buf_reset(&buf);
        rp_int_print(&buf, cases[i]);
        snprintf(text, sizeof(text), "%lld", (long long)cases[i]);
        assert_str(rp_buf_view(&buf), text);
    }
    rp_buf_fini(&buf);
}

static void numbers_print_short(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {-1, "-1"},
        {0.1, "0.1"},
        {49.9, "49.9"},
        {1e21, "1e+21"},
        {123456789, "123456789"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {9007199254740992.0, "9007199254740992"},
        {5e-324, "4.94065645841247e-324"},
        {DBL_MAX, "1.7976931348623157e+308"},
    };
    struct rp_buf buf = {0};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        rp_buf_reset(&buf);
        rp_number_print(&buf, cases[i].value);
        assert_str(rp_buf_view(&buf), cases[i].text);
    }
    rp_buf_fini(&buf);
}

static void numbers_read_back_the_same(void **state)
{
    struct rp_buf buf = {0};
    uint64_t bits = 88172645463325252;
    double value, back;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        if (i % 2)
            value = (double)(int64_t)(bits >> 40) / 1000;
        rp_buf_reset(&buf);
        rp_number_print(&buf, value);
        assert_true(rp_number_parse(rp_buf_view(&buf), &back));
        assert_true(back == value);
    }
    rp_buf_fini(&buf);
}

static void the_locale_changes_nothing(void **state)
{
    struct rp_buf buf = {0};
    double value;

    (void)state;
    const char *found = NULL;
    const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "de_DE"};
    for (size_t i = 0; i < RP_COUNT(names) && !found; i++)
        found = setlocale(LC_ALL, names[i]);
    if (!found)
        skip(); /* this machine has no locale with a decimal comma */
    rp_number_print(&buf, 0.5);
    bool parsed = rp_number_parse(RP_STR("1234567890.12345678901"), &value);
    setlocale(LC_ALL, "C");
    assert_str(rp_buf_view(&buf), "0.5");
    assert_true(parsed && value > 1234567890.1 && value < 1234567890.2);
    rp_buf_fini(&buf);
}

static void whole_numbers_parse(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {" 12 ", 12},
        {"1.5", 1.5},
        {"-2.50", -2.5},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"2e-2", 0.02},
        {"\t7", 7},
        {"1e400", DBL_MAX},
        {"-1e400", -DBL_MAX},
        {"1e-400", 0},
        {"0.1", 0.1},
        {"123456789012345678", 123456789012345678.0},
        {"9007199254740993", 9007199254740992.0},
        {"999999999999999.9", 999999999999999.9},
        {"0.000000000000001", 1e-15},
        {"0.30000000000000004", 0.30000000000000004},
    };
    static const char *const bad[] = {"",    " ",    "-",   "+1",  "01",  "1.",  ".5",  "1e",
                                      "1e+", "0x10", "1 2", "nan", "inf", "1,5", "--1", "1.2.3"};
    double value;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(good); i++) {
        assert_true(rp_number_parse(rp_str_from(good[i].text), &value));
        if (value != good[i].value)
            fail_msg("%s read as %.17g", good[i].text, value);
    }
    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        if (rp_number_parse(rp_str_from(bad[i]), &value))
            fail_msg("\"%s\" is no number", bad[i]);
    }
}

static void many_digits_parse(void **state)
{
    char text[5000];
    double value;

    (void)state;
    memset(text, '9', sizeof(text));
    assert_true(rp_number_parse((struct rp_str){text, sizeof(text)}, &value));
    assert_true(value == DBL_MAX);
    text[1] = '.';
    assert_true(rp_number_parse((struct rp_str){text, sizeof(text)}, &value));
    assert_true(value == 10.0);
}

static void scan_finds_the_end(void **state)
{
    (void)state;
    assert_int_equal(rp_number_scan(RP_STR("12,3")), 2);
    assert_int_equal(rp_number_scan(RP_STR("-1.5e3]")), 6);
    assert_int_equal(rp_number_scan(RP_STR("012")), 1);
    assert_int_equal(rp_number_scan(RP_STR("x")), 0);
    assert_int_equal(rp_number_scan(RP_STR("")), 0);
    assert_int_equal(rp_number_scan(RP_STR("1.x")), 0);
}

static void numbers_in_text(void **state)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"1 200", 1200},
        {"50-200", 50},
        {"1,200.50", 1200.5},
        {"12,5", 12.5},
        {"€ 1.200,50", 1200.5},
        {"> 500 people", 500},
        {"1.200,50", 1200.5},
        {"1,200", 1200},
        {"1.200", 1.2},
        {"1.200.000", 1200000},
        {"1,200,000.5", 1200000.5},
        {"1'200", 1200},
        {"1’200", 1200},
        {"1\u00a0200", 1200},
        {"1\u202f200,75 €", 1200.75},
        {"10_000", 10000},
        {"0,125", 0.125},
        {"1,2345", 1.2345},
        {"about 50.", 50},
        {"covid-19", 19},
        {"A-5", 5},
        {"-5", -5},
        {" -5 °C", -5},
        {"\u22125", -5},
        {"(-3)", -3},
        {"$1.5M", 1.5},
        {"2020 500", 2020},
        {"50 - 200", 50},
        {"1200", 1200},
        {"200+", 200},
        {"1,200,50", 1200},
        {"1 200 people, 30 sites", 1200},
        {"1e3", 1000},
        {"007", 7},
        {"1 20", 1},
        {"12 345 678", 12345678},
        {"1.234.567,89", 1234567.89},
        {"0 500", 0},
        {"1000,000", 1000},
        {"4,5,6", 4.5},
    };
    static const char *const bad[] = {"", "none", "—", "e", ".", ",", "- "};
    double value;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(good); i++) {
        if (!rp_number_in_text(rp_str_from(good[i].text), &value))
            fail_msg("no number in \"%s\"", good[i].text);
        if (value != good[i].value)
            fail_msg("\"%s\" read as %.17g", good[i].text, value);
    }
    for (size_t i = 0; i < RP_COUNT(bad); i++)
        assert_false(rp_number_in_text(rp_str_from(bad[i]), &value));
}

static void no_text_is_no_number(void **state)
{
    struct rp_str none = {NULL, 0};
    double value;

    (void)state;
    assert_false(rp_number_in_text(none, &value));
    assert_false(rp_number_parse(none, &value));
    assert_int_equal(rp_number_scan(none), 0);
}

static void too_many_digits_in_text_are_no_number(void **state)
{
    char text[400];
    double value;

    (void)state;
    memset(text, '1', sizeof(text));
    memcpy(text, "no ", 3);
    assert_false(rp_number_in_text((struct rp_str){text, sizeof(text)}, &value));
    assert_true(rp_number_in_text((struct rp_str){text, 300}, &value));
    text[300] = ',';
    assert_false(rp_number_in_text((struct rp_str){text, sizeof(text)}, &value));
}

int test_num(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounding_is_half_away_from_zero),
        cmocka_unit_test(exp2_is_exact_enough),
        cmocka_unit_test(exp2_has_sane_ends),
        cmocka_unit_test(integers_print),
        cmocka_unit_test(thousandths_print_short),
        cmocka_unit_test(numbers_print_short),
        cmocka_unit_test(numbers_read_back_the_same),
        cmocka_unit_test(the_locale_changes_nothing),
        cmocka_unit_test(whole_numbers_parse),
        cmocka_unit_test(many_digits_parse),
        cmocka_unit_test(scan_finds_the_end),
        cmocka_unit_test(numbers_in_text),
        cmocka_unit_test(no_text_is_no_number),
        cmocka_unit_test(too_many_digits_in_text_are_no_number),
    };

    return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}
