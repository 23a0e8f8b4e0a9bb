/* SPDX-License-Identifier: MIT */
/* Promotions: which file is edited, that all else of it stays, and that the new control always does
 * what the arm did. */
#include "engine/promote.h"
#include "engine/tree.h"
#include "unit/engine/groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RULES                                                                                      \
    "dimension \"fit\" { kind = \"state\" }\n"                                                     \
    "dimension \"engagement\" { decay = \"none\" }\n"                                              \
    "total { fit = 1, engagement = 1 }\n"                                                          \
    "group \"web\" { cap = 40 }\n"                                                                 \
    "score \"page\" { why = \"Looked\", on = \"page\", points = 10, group = \"web\" }\n"           \
    "score \"form\" { why = \"Asked\", on = \"Asked\", points = { engagement = 5 } }\n"            \
    "fit \"size\" { why = \"Size\", field = \"employees\", bands = { { below = 10, points = 0 }, " \
    "{ below = 100, points = 5 }, { points = 9 } } }\n"                                            \
    "stages { \"visitor\", \"mql\" }\n"                                                            \
    "stage \"mql\" { enter = at_least { fit = 1, engagement = 30 } }\n"                            \
    "model \"champion\" { CONTROL } -- acts\n"

#define WEIGHTS                                                                                    \
    "-- Our numbers.\n"                                                                            \
    "return {\n"                                                                                   \
    "  page = 12, -- we sell by the price list\n"                                                  \
    "  form = { engagement = -6 },\n"                                                              \
    "  size = { 0, 4, 8 },   -- small shops\n"                                                     \
    "  [\"group:web\"] = { cap = 30 },\n"                                                          \
    "  -- fewer and better\n"                                                                      \
    "  [\"stage:mql\"] = { enter = { fit = 2, engagement = 55 } },\n"                              \
    "}\n"

struct promoted {
    struct rp_arena arena;
    struct rp_source items[2];
    struct rp_promotion promotion;
    const char *path;
};

static struct rp_rules *load(struct promoted *p, struct rp_declarations *declarations)
{
    struct rp_files files = {p->items, p->items[1].text.len > 0 ? 2 : 1};
    struct rp_load_options options = {.declarations = declarations};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_err err = {0};

    if (rp_load(&p->arena, &files, &options, &rules, &findings, &err) != 0)
        fail_msg("%s:%d: %s", err.file, err.line, err.text);
    return rules;
}

/* Promotes "challenger", and loads what comes of it. */
static void promote(struct promoted *p, const char *rules, const char *weights)
{
    struct rp_declarations declarations = {0};
    struct rp_override *overrides;
    struct rp_files files = {p->items, weights[0] ? 2 : 1};
    struct rp_rules *before;
    struct rp_rules *after;
    struct rp_err err = {0};

    *p = (struct promoted){.items = {{RP_STR("rules.lua"), rp_str_from(rules)},
                                     {RP_STR("weights.lua"), rp_str_from(weights)}}};
    rp_arena_init(&p->arena);
    before = load(p, &declarations);
    (void)rp_declarations_weigh(&declarations, &overrides); /* as those who show rules do */
    if (rp_promote(&p->arena, &files, &declarations, RP_STR("champion"), RP_STR("challenger"),
                   &p->promotion, &err) != 0)
        fail_msg("%s", err.text);
    p->path = p->items[p->promotion.file].path.ptr;
    p->items[p->promotion.file].text = p->promotion.whole;
    after = load(p, NULL);
    assert_true(rp_models_alike(before, rp_rules_model(before, RP_STR("challenger")), after,
                                rp_rules_model(after, RP_STR("champion"))));
    rp_rules_free(after);
    rp_rules_free(before);
    rp_declarations_fini(&declarations);
}

static void done(struct promoted *p)
{
    rp_arena_fini(&p->arena);
}

/* The rules with this text as the control's fields, and these lines behind. */
static char *with(const char *control, const char *more)
{
    static char text[4096];
    const char *at = strstr(RULES, "CONTROL");

    snprintf(text, sizeof(text), "%.*s%s%s%s\n", (int)(at - RULES), RULES, control,
             at + strlen("CONTROL"), more);
    return text;
}

#define CHALLENGER(fields) "model \"challenger\" { like = \"champion\", " fields " }"

static void numbers_of_weights_are_written_there(void **state)
{
    struct promoted p;

    (void)state;
    promote(&p,
            with("", CHALLENGER("points = { page = 15.5, form = { engagement = 7 }, size = { 0, 4, "
                                "-2 } }, group = { web = { cap = 25 } }, stage = { mql = { enter "
                                "= { engagement = 50 } } }, why = \"a try\"")),
            WEIGHTS);
    assert_string_equal(p.path, "weights.lua");
    assert_string_equal(p.promotion.whole.ptr,
                        "-- Our numbers.\n"
                        "return {\n"
                        "  page = 15.5, -- we sell by the price list\n"
                        "  form = { engagement = 7 },\n"
                        "  size = { 0, 4, -2 },   -- small shops\n"
                        "  [\"group:web\"] = { cap = 25 },\n"
                        "  -- fewer and better\n"
                        "  [\"stage:mql\"] = { enter = { fit = 2, engagement = 50 } },\n"
                        "}\n");
    assert_true(rp_str_starts(p.promotion.was, RP_STR("  page = 12, -- we")));
    assert_true(rp_str_starts(p.promotion.text, RP_STR("  page = 15.5, -- we")));
    assert_int_equal(p.promotion.text.ptr[p.promotion.text.len - 1], ',');
    done(&p);
    promote(&p, with("", CHALLENGER("points = { page = 12, form = { engagement = 1 } }")), WEIGHTS);
    assert_string_equal(p.path, "weights.lua"); /* one line, from there to there */
    assert_true(rp_str_is(p.promotion.was, "  form = { engagement = -6 },"));
    assert_true(rp_str_is(p.promotion.text, "  form = { engagement = 1 },"));
    done(&p);
}

/* Numbers that are not in weights.lua, or are not all that the arm changes. */
static void what_else_there_is_goes_to_the_model(void **state)
{
    static const struct {
        const char *control, *more, *weights, *model;
    } cases[] = {
        {"", CHALLENGER("points = { page = 15 }"), "",
         "model \"champion\" { points = { page = 15 } } -- acts"},
        {"", CHALLENGER("points = { page = 15, form = 3 }"), "return { page = 12 }\n",
         "model \"champion\" { points = { form = 3, page = 15 } } -- acts"},
        {"", CHALLENGER("points = { page = 15 }, without = \"form\""), WEIGHTS,
         "model \"champion\" { points = { page = 15 }, without = \"form\" } -- acts"},
        {"points = { page = 3 }", CHALLENGER("points = { page = 15 }"), WEIGHTS,
         "model \"champion\" { points = { page = 15 } } -- acts"},
        {"points = { form = 3 }", "model \"challenger\" { points = { page = 15 } }", WEIGHTS,
         "model \"champion\" { points = { page = 15 } } -- acts"},
        {"", CHALLENGER("points = { page = 15 }"), "local n = 6 return { page = n * 2 }\n",
         "model \"champion\" { points = { page = 15 } } -- acts"},
        {"", CHALLENGER("points = { page = 15 }"), "return { page = 2 * 6 }\n",
         "model \"champion\" { points = { page = 15 } } -- acts"},
        {"", CHALLENGER("points = { page = 15 }") "\nmodel \"third\" { points = { form = 1 } }",
         WEIGHTS, "model \"champion\" { points = { page = 15 } } -- acts"},
        {"", CHALLENGER(""), WEIGHTS, "model \"champion\" { } -- acts"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct promoted p;

        promote(&p, with(cases[i].control, cases[i].more), cases[i].weights);
        assert_string_equal(p.path, "rules.lua");
        if (!strstr(p.promotion.whole.ptr, cases[i].model))
            fail_msg("%zu: %s", i, p.promotion.whole.ptr);
        done(&p);
    }
}

/* A third model may follow the control, or have the number itself. */
static void other_models_need_not_be_in_the_way(void **state)
{
    static const char *const others[] = {
        "model \"third\" { like = \"champion\", points = { form = 1 } }",
        "model \"third\" { points = { page = 1 } }",
        "model \"third\" { like = \"challenger\" }",
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(others); i++) {
        struct promoted p;
        char more[400];

        snprintf(more, sizeof(more), "%s\n%s", CHALLENGER("points = { page = 15 }"), others[i]);
        promote(&p, with("", more), WEIGHTS);
        assert_string_equal(p.path, "weights.lua");
        done(&p);
    }
}

static void models_are_told_apart(void **state)
{
    static const char *const fields[] = {
        "points = { page = 15 }",           "points = { size = { 0, 5, 8 } }",
        "group = { web = { cap = 39 } }",   "stage = { mql = { enter = { engagement = 31 } } }",
        "without = { \"form\", \"size\" }",
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(fields); i++) {
        struct promoted p = {0};
        struct rp_rules *rules;
        char more[400];

        snprintf(more, sizeof(more), "model \"challenger\" { like = \"champion\", %s }", fields[i]);
        p.items[0] = (struct rp_source){RP_STR("rules.lua"), rp_str_from(with("", more))};
        rp_arena_init(&p.arena);
        rules = load(&p, NULL);
        assert_true(rp_models_alike(rules, 0, rules, 0));
        assert_false(rp_models_alike(rules, 0, rules, 1));
        rp_rules_free(rules);
        done(&p);
    }
}

int rp_test_promote(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_weights_are_written_there),
        cmocka_unit_test(what_else_there_is_goes_to_the_model),
        cmocka_unit_test(other_models_need_not_be_in_the_way),
        cmocka_unit_test(models_are_told_apart),
    };

    return cmocka_run_group_tests_name("promote", tests, NULL, NULL);
}
