/* SPDX-License-Identifier: MIT */
/* What is made from the schema: no field is left out of any form, every example is rules that load,
 * every constructor has its words, and an export's numbers are those that act. */
#include "base/num.h"
#include "engine/export.h"
#include "engine/help.h"
#include "engine/words.h"
#include "unit/engine/groups.h"
#include "unit/engine/load_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- Every field ----------------------------------------------------------------------------- */

static size_t count_shape(const struct rp_schema_shape *shape);

static size_t count_field(const struct rp_schema_field *field)
{
    return 1 + ((field->wants & RP_WANT_TABLE) && field->shape ? count_shape(field->shape) : 0);
}

static size_t count_shape(const struct rp_schema_shape *shape)
{
    size_t count = 0;

    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        count += count_field(field);
    return count + (shape->entry ? count_field(shape->entry) : 0) +
           (shape->item ? count_field(shape->item) : 0);
}

static size_t count_call(const struct rp_schema_call *call)
{
    size_t count = 0;

    for (uint32_t i = 0; i < RP_SCHEMA_PARAMS && call->params[i].name; i++)
        count += count_field(&call->params[i]);
    return count;
}

static size_t occurrences(struct rp_str text, const char *part)
{
    size_t count = 0;

    for (const char *at = text.ptr; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

static void test_every_field(void **state)
{
    size_t wanted = 0, names = 0;
    struct rp_buf json = {0}, page = {0};
    struct rp_str hint = RP_STR("");
    struct rp_arena arena;

    (void)state;
    for (const struct rp_schema_decl *d = rp_schema_decls; d->name; d++, names++)
        wanted += count_shape(&d->shape);
    for (const struct rp_schema_decl *d = rp_schema_config_decls; d->name; d++, names++)
        wanted += count_shape(&d->shape);
    for (const struct rp_schema_call *c = rp_schema_calls; c->name; c++, names++)
        wanted += count_call(c);
    for (const struct rp_schema_call *c = rp_schema_config_calls; c->name; c++, names++)
        wanted += count_call(c);
    rp_arena_init(&arena);
    assert_true(rp_help_json(&arena, &json, RP_STR(""), &hint));
    assert_int_equal(occurrences(rp_buf_view(&json), "\"kind\":"), wanted);
    rp_help_markdown(&page);
    assert_int_equal(occurrences(rp_buf_view(&page), "\n#### "), names);
    assert_int_equal(occurrences(rp_buf_view(&page), "` | "), wanted);
    rp_buf_fini(&json);
    rp_buf_fini(&page);
    rp_arena_fini(&arena);
}

static void test_near_names(void **state)
{
    struct rp_buf out = {0};
    struct rp_str hint = RP_STR("");
    struct rp_arena arena;

    (void)state;
    rp_arena_init(&arena);
    assert_false(rp_help_name(&arena, &out, RP_STR("scroe"), &hint));
    assert_true(rp_str_is(hint, "did you mean 'score'?"));
    hint = RP_STR("");
    assert_false(rp_help_name(&arena, &out, RP_STR("zzzzzzzz"), &hint));
    assert_int_equal(hint.len, 0);
    assert_int_equal(out.len, 0);
    assert_true(rp_help_name(&arena, &out, RP_STR("endpoint"), &hint));
    assert_non_null(strstr(out.ptr, "in ripen.lua")); /* both of this name */
    assert_non_null(strstr(out.ptr, "endpoint(name)"));
    rp_buf_fini(&out);
    rp_arena_fini(&arena);
}

/* Runs of white space become one space: where lines end is not the matter. */
static void unwrap(struct rp_buf *text)
{
    size_t to = 0;

    for (size_t i = 0; i < text->len; i++) {
        char c = text->ptr[i] == '\n' ? ' ' : text->ptr[i];

        if (c != ' ' || to == 0 || text->ptr[to - 1] != ' ')
            text->ptr[to++] = c;
    }
    text->ptr[to] = '\0';
    text->len = to;
}

static void test_every_code(void **state)
{
    struct rp_buf out = {0}, page = {0};

    (void)state;
    rp_help_codes_markdown(&page);
    for (int i = 0; i < RP_CODE_COUNT; i++) {
        const struct rp_code_info *info = rp_code_info((enum rp_code)i);
        char row[32];

        rp_buf_reset(&out);
        assert_true(rp_help_code(&out, rp_str_from(info->code)));
        unwrap(&out);
        assert_non_null(strstr(out.ptr, info->cause));
        assert_non_null(strstr(out.ptr, info->remedy));
        assert_true(strlen(info->title) > 3 && strlen(info->cause) > 3 && strlen(info->remedy) > 3);
        snprintf(row, sizeof row, "\n| %s | ", info->code);
        assert_int_equal(occurrences(rp_buf_view(&page), row), 1);
    }
    assert_false(rp_help_code(&out, RP_STR("E000")));
    rp_buf_fini(&out);
    rp_buf_fini(&page);
}

/* ---- Every example --------------------------------------------------------------------------- */

/* What examples name. A line whose head an example has too gives way to it. */
static const char *const around[] = {
    "dimension \"engagement\" { range = { 0, 200 }, half_life = \"21d\" }",
    "dimension \"fit\" { range = { 0, 100 }, kind = \"state\" }",
    "dimension \"habits\" { kind = \"state\" }",
    "total { fit = 1, engagement = 1 }",
    "grade { fit = { A = 60, B = 0 }, engagement = { [\"1\"] = 50, [\"2\"] = 0 } }",
    "group \"web\" { cap = 40, per = \"7d\" }",
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\", \"customer\"; side = { \"recycled\" } }",
    "stage \"mql\" { enter = known(), status = { \"open\", \"attempting\", \"bad_timing\" } }",
    "score \"viewed_pricing\" { why = \"w\", on = \"page\", points = 10, group = \"web\" }",
    "score \"asked_for_demo\" { why = \"w\", on = \"Demo Requested\", points = 30 }",
    "segment \"regular_on_price\" { known() }",
    "calendar \"sales\" { }",
    "team \"sdr\" { members = \"lea@acme.test\" }",
    "model \"champion\" { }",
    "model \"challenger\" { like = \"champion\" }",
};

static const struct {
    const char *path, *text;
} beside[] = {
    {"lists/competitors.txt", "rival.test\n"},
    {"lists/content.csv", "path,topic\n/blog/*,scoring\n"},
    {"lists/free_mail_domains.txt", "gmail.com\n"},
    {"lists/own_domains.txt", "acme.test\n"},
    {"templates/hello.txt", "Hello\n"},
};

static void load_example(struct loaded *loaded, const char *example,
                         struct rp_declarations *declarations)
{
    static const struct rp_load_endpoint endpoints[] = {
        {{"crm", 3}, false}, {{"sales_channel", 13}, false}, {{"sales", 5}, false}};
    struct rp_load_options options = {
        .endpoints = endpoints, .endpoint_count = 3, .declarations = declarations};
    size_t head = strcspn(example, "{");
    struct rp_buf text = {0};

    for (size_t i = 0; i < RP_COUNT(around); i++)
        if (strncmp(around[i], example, head) != 0)
            rp_buf_printf(&text, "%s\n", around[i]);
    load_begin(loaded);
    load_file(loaded, "00-around.lua", text.ptr);
    load_file(loaded, "10-example.lua", example);
    for (size_t i = 0; i < RP_COUNT(beside); i++)
        load_file(loaded, beside[i].path, beside[i].text);
    loaded->status = rp_load(&loaded->arena, &loaded->files, &options, &loaded->rules,
                             &loaded->findings, &loaded->err);
    rp_buf_fini(&text);
    if (loaded->status < 0)
        print_error("example: %s\n", example);
    load_must_succeed(loaded);
}

static void test_declarations(void **state)
{
    (void)state;
    for (const struct rp_schema_decl *decl = rp_schema_decls; decl->name; decl++) {
        struct rp_declarations declarations = {0};
        struct loaded loaded;

        load_example(&loaded, decl->example, &declarations);
        rp_declarations_fini(&declarations);
        load_end(&loaded);
    }
}

/* Where what a constructor makes may stand, and who says it in words. */
static void say_match(struct rp_buf *out, const struct rp_node *node)
{
    rp_words_match(out, RP_STR(""), node);
}

static const struct place {
    uint32_t makes;
    const char *before, *behind;
    const char *decl, *name; /* of the declaration that holds it */
    void (*say)(struct rp_buf *out, const struct rp_node *node);
} places[] = {
    {RP_MAKES_MATCH, "score \"t\" { why = \"w\", on = \"page\", points = 1, when = { field = ",
     " } }", "score", "t", say_match},
    {RP_MAKES_COND, "segment \"t\" { ", " }", "segment", "t", rp_words_condition},
    {RP_MAKES_COUNT,
     "fit \"t\" { why = \"w\", dimension = \"habits\", bands = { { points = 1 } }, count = ", " }",
     "fit", "t", rp_words_count},
    {RP_MAKES_TRIGGER, "action \"t\" { notify { to = endpoint \"crm\", text = \"x\" }, on = ", " }",
     "action", "t", rp_words_trigger},
    {RP_MAKES_PART, "action \"t\" { on = entered \"mql\", ", " }", "action", "t", rp_words_part},
    {RP_MAKES_STEP, "sequence \"t\" { start = entered \"mql\", steps = { ", " } }", "sequence", "t",
     NULL},
    {RP_MAKES_IN_STEP, "sequence \"t\" { start = entered \"mql\", steps = { step \"one\" { ",
     " }, step \"human\" { stop() }, step \"tips\" { stop() } } }", "sequence", "t", rp_words_part},
    {RP_MAKES_PLAY, "test \"t\" { play = { ", " } }", "test", "t", NULL},
    {RP_MAKES_MOMENT, "test \"t\" { play = { after(\"1h\") { ", " } } }", "test", "t", NULL},
    {RP_MAKES_ENDPOINT, "action \"t\" { on = entered \"mql\", notify { text = \"x\", to = ", " } }",
     "action", "t", NULL},
    {RP_MAKES_EXPECTED, "test \"t\" { play = { after(\"1h\") { expect { fired = ", " } } } }",
     "test", "t", NULL},
};

/* The call of that name within a tree; NULL when there is none. */
static const struct rp_node *find_call(const struct rp_node *node, const char *name)
{
    const struct rp_node *found = rp_node_is_call(node, name) ? node : NULL;

    for (uint32_t i = 0; !found && i < node->item_count; i++)
        found = find_call(&node->items[i], name);
    for (uint32_t i = 0; !found && i < node->field_count; i++)
        found = find_call(&node->fields[i].value, name);
    return found;
}

/* Examples show the usual place; elsewhere some constructors take other things. */
static const char *example_for(const struct rp_schema_call *call, uint32_t makes)
{
    static const struct {
        const char *call;
        uint32_t makes;
        const char *example;
    } others[] = {
        {"any", RP_MAKES_MATCH, "any { \"a\", glob \"b*\" }"},
        {"all", RP_MAKES_MATCH, "all { starts_with \"a\", ends_with \"b\" }"},
        {"none", RP_MAKES_MATCH, "none { \"a\", missing() }"},
        {"any", RP_MAKES_TRIGGER, "any { entered \"mql\", did \"page\" }"},
        {"did", RP_MAKES_TRIGGER, "did(\"page\", { where = { path = glob \"/pricing*\" } })"},
    };

    for (size_t i = 0; i < RP_COUNT(others); i++)
        if (makes == others[i].makes && strcmp(call->name, others[i].call) == 0)
            return others[i].example;
    return call->example;
}

static void try_constructor(const struct rp_schema_call *call, const struct place *place)
{
    const char *example = example_for(call, place->makes);
    struct rp_declarations declarations = {0};
    struct rp_buf text = {0}, words = {0}, raw = {0};
    const struct rp_declared *holder;
    const struct rp_node *node;
    struct loaded loaded;

    rp_buf_printf(&text, "%s%s%s", place->before, example, place->behind);
    load_example(&loaded, text.ptr, &declarations);
    holder = rp_declarations_find(&declarations, place->decl, rp_str_from(place->name));
    assert_non_null(holder);
    node = find_call(&holder->body, call->name);
    assert_non_null(node);
    if (place->say) {
        place->say(&words, node);
        rp_node_print(&raw, node);
        if (words.len == 0 || strstr(words.ptr, raw.ptr) || strchr(words.ptr, '='))
            if (strcmp(call->name, "set") != 0)
                fail_msg("%s has no words: %s", call->name, words.ptr);
    }
    rp_buf_fini(&text);
    rp_buf_fini(&words);
    rp_buf_fini(&raw);
    rp_declarations_fini(&declarations);
    load_end(&loaded);
}

static void test_constructors(void **state)
{
    (void)state;
    for (const struct rp_schema_call *call = rp_schema_calls; call->name; call++) {
        int tried = 0;

        for (size_t i = 0; i < RP_COUNT(places); i++) {
            bool only_expected = (call->makes & RP_MAKES_EXPECTED) != 0;

            if (!(call->makes & places[i].makes) ||
                (only_expected && places[i].makes != RP_MAKES_EXPECTED))
                continue;
            try_constructor(call, &places[i]);
            tried++;
        }
        assert_true(tried > 0);
    }
}

/* ---- Exports --------------------------------------------------------------------------------- */

/* The numbers put into the trees are those of the compiled rules. */
static void test_weights(void **state)
{
    struct rp_declarations declarations = {0};
    struct rp_load_options options = {.declarations = &declarations};
    struct rp_override *overrides;
    struct loaded loaded;
    uint32_t count;

    (void)state;
    load_begin(&loaded);
    load_file(
        &loaded, "10.lua",
        "dimension \"engagement\" { }\ndimension \"intent\" { }\n"
        "dimension \"fit\" { kind = \"state\" }\n"
        "group \"web\" { cap = 40, floor = -5, why = \"w\" }\n"
        "score \"a\" { why = \"w\", on = \"x\", points = 1, group = \"web\" }\n"
        "score \"b\" { why = \"w\", on = \"x\", points = { engagement = 1, intent = 2 } }\n"
        "score \"c\" { why = \"w\", on = \"x\", per = { field = \"p\", each = 10, points = 1 } "
        "}\n"
        "fit \"d\" { why = \"w\", when = { t = \"x\" }, points = 1 }\n"
        "fit \"e\" { why = \"w\", field = \"n\", bands = { { below = 5, points = 1 }, { points "
        "= 2 } } }\n"
        "segment \"s\" { at_least { intent = 7 } }\n"
        "stages { \"one\", \"two\", \"three\" }\n"
        "stage \"two\" { enter = any { at_least { fit = 1, engagement = 2 }, in_segment \"s\" }, "
        "leave = below { engagement = 1 } }\n");
    load_file(
        &loaded, "weights.lua",
        "return { a = 5, b = { intent = 6 }, c = 7, d = 8, e = { 9, 10 },\n"
        "  [\"group:web\"] = { cap = 11, floor = -12 },\n"
        "  [\"stage:two\"] = { enter = { engagement = 13, intent = 14 }, leave = { engagement = "
        "15 } } }\n");
    loaded.status = rp_load(&loaded.arena, &loaded.files, &options, &loaded.rules, &loaded.findings,
                            &loaded.err);
    load_must_succeed(&loaded);
    count = rp_declarations_weigh(&declarations, &overrides);
    assert_int_equal(count, 11);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(overrides[i].place.line >= 1 && overrides[i].place.line <= 3);
        if (rp_str_is(overrides[i].field, "enter.intent")) /* in a segment: told, not shown */
            assert_true(overrides[i].was != overrides[i].was);
        else
            assert_true(overrides[i].was < 3 || overrides[i].was > 39);
    }
    struct rp_declared *a = rp_declarations_find(&declarations, "score", RP_STR("a"));
    struct rp_declared *b = rp_declarations_find(&declarations, "score", RP_STR("b"));
    struct rp_declared *c = rp_declarations_find(&declarations, "score", RP_STR("c"));
    struct rp_declared *e = rp_declarations_find(&declarations, "fit", RP_STR("e"));
    struct rp_declared *web = rp_declarations_find(&declarations, "group", RP_STR("web"));
    const struct rp_rules *rules = loaded.rules;
    struct rp_buf words = {0};

    assert_true(rp_node_number(&a->body, "points", 0) == rules->scores[0].awards[0].points);
    assert_true(rp_node_number(rp_node_get(&b->body, "points"), "intent", 0) == 6);
    assert_true(rp_node_number(rp_node_get(&b->body, "points"), "engagement", 0) == 1);
    assert_true(rp_node_number(rp_node_get(&c->body, "per"), "points", 0) ==
                rules->scores[2].awards[0].points);
    assert_true(rp_node_number(&rp_node_get(&e->body, "bands")->items[1], "points", 0) ==
                rules->fits[1].bands[1].points);
    assert_true(rp_milli_round(rp_node_number(&web->body, "cap", 0)) == rules->groups[0].cap);
    assert_true(rp_milli_round(rp_node_number(&web->body, "floor", 0)) == rules->groups[0].floor);
    rp_words_condition(
        &words,
        rp_node_get(&rp_declarations_find(&declarations, "stage", RP_STR("two"))->body, "enter"));
    assert_non_null(strstr(words.ptr, "engagement is at least 13 and fit is at least 1"));
    rp_buf_fini(&words);
    rp_declarations_fini(&declarations);
    load_end(&loaded);
}

/* Keys that would be read as marks of the form are told apart from them. */
static void test_marks(void **state)
{
    struct rp_declarations declarations = {0};
    struct rp_load_options options = {.declarations = &declarations};
    struct rp_shown shown = {0};
    struct rp_buf out = {0};
    struct loaded loaded;

    (void)state;
    load_begin(&loaded);
    load_file(&loaded, "10.lua",
              "dimension \"engagement\" { }\n"
              "score \"a\" { why = \"w\", on = \"x\", points = 1, when = { [\"$call\"] = \"y\", "
              "[\"$current_url\"] = \"z\", [\"$$items\"] = 1 },\n"
              "  test = function(event) return event.properties.n == 1 end }\n");
    loaded.status = rp_load(&loaded.arena, &loaded.files, &options, &loaded.rules, &loaded.findings,
                            &loaded.err);
    load_must_succeed(&loaded);
    shown = (struct rp_shown){.rules = loaded.rules, .declarations = &declarations};
    rp_export_json(&out, &shown);
    assert_non_null(strstr(out.ptr, "\"$$call\":\"y\""));
    assert_non_null(strstr(out.ptr, "\"$current_url\":\"z\""));
    assert_non_null(strstr(out.ptr, "\"$$$items\":1"));
    assert_non_null(strstr(out.ptr, "\"test\":{\"$function\":{\"file\":\"10.lua\",\"line\":3}}"));
    assert_non_null(strstr(out.ptr, "\"decay\":\"none\""));
    rp_buf_fini(&out);
    rp_declarations_fini(&declarations);
    load_end(&loaded);
}

int rp_test_help(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field),  cmocka_unit_test(test_near_names),
        cmocka_unit_test(test_every_code),   cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_constructors), cmocka_unit_test(test_weights),
        cmocka_unit_test(test_marks),
    };

    return cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
