/* SPDX-License-Identifier: MIT */
/* Times, durations, zones and clocks. */
#include "base/when.h"
#include "unit/base/groups.h"

#include <pthread.h>

#define NINE INT64_C(1772442000000) /* 2026-03-02T09:00:00Z */

static void times_parse(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"2026-03-02T09:00:00.000Z", NINE},
        {"2026-03-02T09:00:00Z", NINE},
        {"2026-03-02t09:00:00z", NINE},
        {"2026-03-02 09:00:00", NINE},
        {"2026-03-02T09:00", NINE},
        {"2026-03-02T09:00Z", NINE},
        {"2026-03-02T10:00:00+01:00", NINE},
        {"2026-03-02T10:00:00+0100", NINE},
        {"2026-03-02T10:00:00+01", NINE},
        {"2026-03-02T03:30:00-05:30", NINE},
        {"2026-03-02 09:00:00 +0000", NINE},
        {"2026-03-02 09:00:00 UTC", NINE},
        {" 2026-03-02T09:00:00Z ", NINE},
        {"2026-03-02T09:00:00.5Z", NINE + 500},
        {"2026-03-02T09:00:00,25Z", NINE + 250},
        {"2026-03-02T09:00:00.123456789Z", NINE + 123},
        {"2026-03-02T09:00:00.9999Z", NINE + 999},
        {"2026-03-02", NINE - 9 * RP_HOUR},
        {"1970-01-01", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2024-02-29", INT64_C(1709164800000)},
        {"2000-02-29", INT64_C(951782400000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"0000-01-01", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"0", 0},
        {"1772442000", NINE},
        {"1772442000000", NINE},
        {"-1", -1000},
        {"99999999999", INT64_C(99999999999000)},
        {"100000000000", INT64_C(100000000000)},
        {"253402300799999", INT64_C(253402300799999)},
    };
    static const char *const bad[] = {
        "",
        " ",
        "yesterday",
        "2026",
        "2026-3-2x",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-01-32",
        "2026-02-29",
        "1900-02-29",
        "2026-04-31",
        "2026-03-02T",
        "2026-03-02T24:00:00Z",
        "2026-03-02T09:60:00Z",
        "2026-03-02T09:00:61Z",
        "2026-03-02T09:00:00.Z",
        "2026-03-02T09",
        "2026-03-02T09:00:00+24:00",
        "2026-03-02T09:00:00+01:60",
        "2026-03-02T09:00:00Zx",
        "2026-03-02T09:00:00 GMT+1",
        "20260302T090000Z",
        "1772442000.5",
        "1e12",
        "253402300800000",
        "9999999999999999",
        "-99999999999999",
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-03-02X09:00:00Z",
        "-",
        "Mon Mar 02 2026",
        "2026/03/02",
    };
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(good); i++) {
        if (!rp_time_parse(rp_str_from(good[i].text), &ms))
            fail_msg("\"%s\" is a time", good[i].text);
        if (ms != good[i].ms)
            fail_msg("\"%s\" read as %lld", good[i].text, (long long)ms);
    }
    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        /* "2026" alone is a number of seconds: the one surprise of numbers as times. */
        bool parsed = rp_time_parse(rp_str_from(bad[i]), &ms);
        if (strcmp(bad[i], "2026") == 0)
            assert_true(parsed && ms == 2026000);
        else if (parsed)
            fail_msg("\"%s\" is no time, read as %lld", bad[i], (long long)ms);
    }
}

static void no_text_is_no_time(void **state)
{
    struct rp_str none = {NULL, 0};
    int64_t ms;

    (void)state;
    assert_false(rp_time_parse(none, &ms));
    assert_false(rp_duration_parse(none, &ms));
    assert_false(rp_zone_known(none));
    assert_int_equal(rp_zone_day(none, NINE), 20514);
}

static void a_cut_time_is_never_read_over_its_end(void **state)
{
    static const char text[] = "2026-03-02T09:00:00.123+01:00";
    int64_t ms;

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *exact = test_malloc(len ? len : 1);
        memcpy(exact, text, len);
        rp_time_parse((struct rp_str){exact, len}, &ms);
        test_free(exact);
    }
}

static void times_print_and_parse_back(void **state)
{
    struct rp_buf buf = {0};

    (void)state;
    rp_time_print(&buf, NINE);
    assert_str(rp_buf_view(&buf), "2026-03-02T09:00:00.000Z");
    rp_buf_reset(&buf);
    rp_time_print(&buf, -1);
    assert_str(rp_buf_view(&buf), "1969-12-31T23:59:59.999Z");
    rp_buf_reset(&buf);
    rp_time_print(&buf, INT64_MAX);
    assert_str(rp_buf_view(&buf), "9999-12-31T23:59:59.999Z");
    rp_buf_reset(&buf);
    rp_time_print(&buf, RP_NEVER);
    assert_str(rp_buf_view(&buf), "0000-01-01T00:00:00.000Z");
    /* A step that is prime to days: every month, both sides of 1970, all leap years. */
    int64_t back;
    for (int64_t ms = INT64_C(-62167219200000); ms < INT64_C(253402300799999);
         ms += INT64_C(2399999999)) {
        rp_buf_reset(&buf);
        rp_time_print(&buf, ms);
        assert_true(rp_time_parse(rp_buf_view(&buf), &back));
        assert_int_equal(back, ms);
    }
    rp_buf_fini(&buf);
}

static void durations_parse(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"30m", 30 * RP_MINUTE},
        {"21d", 21 * RP_DAY},
        {"2w", 14 * RP_DAY},
        {"0s", 0},
        {"25 months", 750 * RP_DAY},
        {"1 month", 30 * RP_DAY},
        {"12months", 360 * RP_DAY},
        {"250ms", 250},
        {"48h", 2 * RP_DAY},
        {"10 s", 10 * RP_SECOND},
        {"0d", 0},
        {"2932896d", INT64_C(253402214400000)},
    };
    static const char *const bad[] = {"",
                                      "d",
                                      "21",
                                      "21 ",
                                      "-1d",
                                      "1.5h",
                                      "21D",
                                      "1h30m",
                                      " 1d",
                                      "1d ",
                                      "1  d",
                                      "1y",
                                      "99999999999999999999d",
                                      "2932897d",
                                      "253402300800000ms",
                                      "1\0d"};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(good); i++) {
        if (!rp_duration_parse(rp_str_from(good[i].text), &ms) || ms != good[i].ms)
            fail_msg("\"%s\" read as %lld", good[i].text, (long long)ms);
    }
    for (size_t i = 0; i < RP_COUNT(bad); i++) {
        if (rp_duration_parse(rp_str_from(bad[i]), &ms))
            fail_msg("\"%s\" is no duration", bad[i]);
    }
}

static void durations_are_guessed(void **state)
{
    static const char *const cases[][2] = {
        {"30 days", "30d"},
        {"30days", "30d"},
        {" 1 Day ", "1d"},
        {"2  HOURS", "2h"},
        {"15 mins", "15m"},
        {"90 sec", "90s"},
        {"3 weeks", "3w"},
        {"7D", "7d"},
        {"5  ms", "5ms"},
        {"6 Months", "6 months"},
        {"10  months", "10 months"},
    };
    static const char *const none[] = {"",         "days",      "7 fortnights", "3 dayss",
                                       "1.5 days", "-3 days",   "30 days ago",  "30 dayd",
                                       "7 mo",     "1 minutely"};
    struct rp_buf buf = {0};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        rp_buf_reset(&buf);
        assert_true(rp_duration_guess(&buf, rp_str_from(cases[i][0])));
        assert_str(rp_buf_view(&buf), cases[i][1]);
        assert_true(rp_duration_parse(rp_buf_view(&buf), &ms));
    }
    rp_buf_reset(&buf);
    for (size_t i = 0; i < RP_COUNT(none); i++)
        if (rp_duration_guess(&buf, rp_str_from(none[i])))
            fail_msg("\"%s\" became \"%s\"", none[i], buf.ptr);
    assert_int_equal(buf.len, 0);
    rp_buf_fini(&buf);
}

static void durations_print(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {21 * RP_DAY, "21d"},    {0, "0s"},        {36 * RP_HOUR, "36h"},
        {90 * RP_MINUTE, "90m"}, {1500, "1500ms"}, {90 * RP_SECOND, "90s"},
        {RP_MINUTE, "1m"},
    };
    struct rp_buf buf = {0};
    int64_t back;

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        rp_buf_reset(&buf);
        rp_duration_print(&buf, cases[i].ms);
        assert_str(rp_buf_view(&buf), cases[i].text);
        assert_true(rp_duration_parse(rp_buf_view(&buf), &back));
        assert_int_equal(back, cases[i].ms);
    }
    rp_buf_fini(&buf);
}

static int64_t at(const char *text)
{
    int64_t ms;

    assert_true(rp_time_parse(rp_str_from(text), &ms));
    return ms;
}

static void days_follow_the_zone(void **state)
{
    const int32_t day = 20514; /* 2026-03-02 */

    (void)state;
    assert_int_equal(rp_zone_day(RP_STR(""), at("2026-03-02T00:00:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR(""), at("2026-03-01T23:59:59.999Z")), day - 1);
    assert_int_equal(rp_zone_day(RP_STR("UTC"), at("2026-03-02T23:59:59.999Z")), day);
    assert_int_equal(rp_zone_day(RP_STR("Europe/Paris"), at("2026-03-01T23:00:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR("Europe/Paris"), at("2026-03-01T22:59:59Z")), day - 1);
    /* Summer time. */
    assert_int_equal(rp_zone_day(RP_STR("Europe/Paris"), at("2026-07-01T22:00:00Z")), day + 122);
    assert_int_equal(rp_zone_day(RP_STR("America/New_York"), at("2026-03-02T04:59:59Z")), day - 1);
    assert_int_equal(rp_zone_day(RP_STR("America/New_York"), at("2026-03-02T05:00:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR("Asia/Kolkata"), at("2026-03-01T18:30:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR("GMT+0000"), at("2026-03-02T00:00:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR("GMT+0200"), at("2026-03-01T22:00:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR("+05:30"), at("2026-03-01T18:30:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR("UTC-3"), at("2026-03-02T02:59:59Z")), day - 1);
    assert_int_equal(rp_zone_day(RP_STR("Mars/Base"), at("2026-03-02T00:00:00Z")), day);
    assert_int_equal(rp_zone_day(RP_STR(""), -1), -1);
    assert_int_equal(rp_zone_day(RP_STR("Europe/Paris"), RP_NEVER),
                     rp_zone_day(RP_STR(""), RP_NEVER));
}

static void zones_are_known_or_not(void **state)
{
    static const char *const known[] = {
        "Europe/Paris", "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia",
        "+02:00",       "GMT", "GMT+0000",  "Europe/Paris"};
    static const char *const unknown[] = {"",
                                          "Mars/Base",
                                          "../../etc/passwd",
                                          "/etc/localtime",
                                          "europe/paris; x",
                                          "Europe/../../x",
                                          "GMT+99",
                                          "+1:00x",
                                          "Europe/Paris\n",
                                          "Europe//Paris",
                                          "Europe/Paris/",
                                          "UTC+"};
    char longest[200];

    (void)state;
    for (size_t i = 0; i < RP_COUNT(known); i++) {
        if (!rp_zone_known(rp_str_from(known[i])))
            fail_msg("%s is a zone", known[i]);
    }
    for (size_t i = 0; i < RP_COUNT(unknown); i++) {
        if (rp_zone_known(rp_str_from(unknown[i])))
            fail_msg("%s is no zone", unknown[i]);
    }
    memset(longest, 'A', sizeof(longest));
    assert_false(rp_zone_known((struct rp_str){longest, 64}));
    assert_false(rp_zone_known((struct rp_str){longest, sizeof(longest)}));
}

static void *ask_zones(void *arg)
{
    static const char *const names[] = {"Europe/Paris", "Asia/Tokyo", "America/Chicago",
                                        "Nowhere/X"};
    long *sum = arg;

    for (int i = 0; i < 2000; i++)
        *sum += rp_zone_day(rp_str_from(names[i % 4]), NINE + i * RP_HOUR);
    return NULL;
}

static void zones_serve_several_threads(void **state)
{
    pthread_t threads[4];
    long sums[4] = {0};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_zones, &sums[i]), 0);
    for (size_t i = 0; i < RP_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < RP_COUNT(threads); i++)
        assert_int_equal(sums[i], sums[0]);
}

static void clocks_run(void **state)
{
    struct rp_clock clock = rp_clock_system();

    (void)state;
    assert_true(rp_clock_now(&clock) > at("2024-01-01"));
    int64_t before = rp_mono_us();
    assert_true(rp_mono_us() >= before);
}

/* Day, month and time of a clock on the wall to the instant: also where it is put forward and back.
 */
static void wall_clocks_become_instants(void **state)
{
    static const struct {
        const char *zone, *day;
        int hour, minute;
        const char *instant;
    } cases[] = {
        {"", "2026-03-02", 9, 0, "2026-03-02T09:00:00Z"},
        {"No/Where", "2026-03-02", 9, 0, "2026-03-02T09:00:00Z"},
        {"+02:00", "2026-03-02", 9, 0, "2026-03-02T07:00:00Z"},
        {"Europe/Paris", "2026-03-02", 9, 0, "2026-03-02T08:00:00Z"},
        {"Europe/Paris", "2026-07-02", 9, 30, "2026-07-02T07:30:00Z"},
        {"Europe/Paris", "2026-07-02", 24, 0, "2026-07-02T22:00:00Z"},
        /* clocks go from 02:00 to 03:00: what is skipped is the moment of the change */
        {"Europe/Paris", "2026-03-29", 1, 59, "2026-03-29T00:59:00Z"},
        {"Europe/Paris", "2026-03-29", 2, 0, "2026-03-29T01:00:00Z"},
        {"Europe/Paris", "2026-03-29", 2, 30, "2026-03-29T01:00:00Z"},
        {"Europe/Paris", "2026-03-29", 3, 0, "2026-03-29T01:00:00Z"},
        {"Europe/Paris", "2026-03-29", 9, 0, "2026-03-29T07:00:00Z"},
        /* clocks go from 03:00 back to 02:00: of two the first */
        {"Europe/Paris", "2026-10-25", 1, 59, "2026-10-24T23:59:00Z"},
        {"Europe/Paris", "2026-10-25", 2, 30, "2026-10-25T00:30:00Z"},
        {"Europe/Paris", "2026-10-25", 3, 0, "2026-10-25T02:00:00Z"},
        {"America/New_York", "2026-11-01", 1, 30, "2026-11-01T05:30:00Z"},
        {"Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:30:00Z"}, /* half an hour */
        /* a day that a zone left out */
        {"Pacific/Apia", "2011-12-30", 12, 0, "2011-12-30T10:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        int32_t day = rp_zone_day(RP_STR(""), at(cases[i].day));
        int64_t got = rp_zone_moment(rp_str_from(cases[i].zone), day,
                                     cases[i].hour * 3600 + cases[i].minute * 60);

        if (got != at(cases[i].instant))
            fail_msg("%s %s %02d:%02d is %lld s off", cases[i].zone, cases[i].day, cases[i].hour,
                     cases[i].minute, (long long)(got - at(cases[i].instant)) / 1000);
    }
}

int test_when(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_parse),
        cmocka_unit_test(no_text_is_no_time),
        cmocka_unit_test(a_cut_time_is_never_read_over_its_end),
        cmocka_unit_test(times_print_and_parse_back),
        cmocka_unit_test(durations_parse),
        cmocka_unit_test(durations_are_guessed),
        cmocka_unit_test(durations_print),
        cmocka_unit_test(days_follow_the_zone),
        cmocka_unit_test(wall_clocks_become_instants),
        cmocka_unit_test(zones_are_known_or_not),
        cmocka_unit_test(zones_serve_several_threads),
        cmocka_unit_test(clocks_run),
    };

    return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
