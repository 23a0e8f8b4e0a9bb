/* SPDX-License-Identifier: MIT */
/* Compiles `test` declarations: what is given, what is played, what is expected. Knows the fields
 * of expect {…} and what the names in them refer to. Invariant: nothing here changes what the rules
 * do; a field, a list or a count that only a test names is not added to them. */
#include "base/json_write.h"
#include "engine/compile.h"
#include "engine/tests.h"

#define AT_DEFAULT "2026-01-05T09:00:00Z" /* a Monday; tests without `at` start then */

/* ---- Names ----------------------------------------------------------------------------------- */

static bool is_declared(const struct rp_compile *compile, const char *decl, struct rp_str name,
                        struct rp_guess *guess)
{
    for (uint32_t i = 0; i < compile->count; i++) {
        if (strcmp(compile->declared[i].decl->name, decl) != 0)
            continue;
        if (rp_str_eq(compile->declared[i].name, name))
            return true;
        rp_guess_offer(guess, compile->declared[i].name);
    }
    return false;
}

static void unknown_name(struct rp_compile *compile, enum rp_code code, const char *noun,
                         struct rp_str name, struct rp_place place, struct rp_str hint)
{
    if (compile->scope->quiet)
        return;
    if (hint.len == 0)
        hint = rp_str_from(rp_code_info(code)->remedy);
    rp_compile_report(compile, code, place, (int)name.len, hint, "%.*s: unknown %s '%.*s'",
                      RP_STR_ARG(compile->what), noun, RP_STR_ARG(name));
}

static uint32_t find_score(struct rp_compile *compile, struct rp_str name, struct rp_place place)
{
    struct rp_guess guess = rp_guess(name);
    uint32_t index = rp_map_get(&compile->scores, name);

    if (index != RP_MAP_NONE)
        return index;
    if (is_declared(compile, "score", name, &guess))
        return RP_NONE; /* broken: reported where it stands */
    if (is_declared(compile, "fit", name, &(struct rp_guess){0}))
        unknown_name(compile, RP_CODE_NO_RULE, "score rule", name, place,
                     RP_STR("a fit is counted anew and never fires: expect its dimension"));
    else
        unknown_name(compile, RP_CODE_NO_RULE, "rule", name, place,
                     rp_guess_hint(compile->arena, &guess));
    return RP_NONE;
}

static uint32_t find_action(struct rp_compile *compile, struct rp_str name, struct rp_place place)
{
    struct rp_guess guess = rp_guess(name);

    for (uint32_t i = 0; i < compile->rules->action_count; i++)
        if (rp_str_eq(compile->rules->actions[i].name, name))
            return i;
    if (!is_declared(compile, "action", name, &guess))
        unknown_name(compile, RP_CODE_NO_ACTION, "action", name, place,
                     rp_guess_hint(compile->arena, &guess));
    return RP_NONE;
}

static void find_sequence(struct rp_compile *compile, struct rp_str name, struct rp_place place)
{
    struct rp_guess guess = rp_guess(name);

    if (!is_declared(compile, "sequence", name, &guess))
        unknown_name(compile, RP_CODE_NO_SEQUENCE, "sequence", name, place,
                     rp_guess_hint(compile->arena, &guess));
}

/* ---- Values as JSON -------------------------------------------------------------------------- */

static void cannot_play(struct rp_compile *compile, const struct rp_node *node, struct rp_str hint,
                        const char *what)
{
    rp_compile_report(compile, RP_CODE_PLAY, node->place, rp_node_width(node), hint, "%.*s: %s",
                      RP_STR_ARG(compile->what), what);
}

static void write_value(struct rp_compile *compile, const struct rp_node *node, struct rp_jw *jw);

static void write_members(struct rp_compile *compile, const struct rp_node *table, struct rp_jw *jw)
{
    rp_jw_object(jw);
    for (uint32_t i = 0; table && i < table->field_count; i++) {
        rp_jw_key_str(jw, table->fields[i].key);
        write_value(compile, &table->fields[i].value, jw);
    }
    rp_jw_object_end(jw);
}

static void write_value(struct rp_compile *compile, const struct rp_node *node, struct rp_jw *jw)
{
    switch ((enum rp_node_type)node->type) {
    case RP_NODE_BOOL:
        rp_jw_bool(jw, node->flag);
        return;
    case RP_NODE_NUMBER:
        rp_jw_number(jw, node->number);
        return;
    case RP_NODE_TEXT:
        rp_jw_str(jw, node->text);
        return;
    case RP_NODE_TABLE:
        if (node->item_count == 0) {
            write_members(compile, node, jw);
            return;
        }
        if (node->field_count > 0)
            cannot_play(compile, node, RP_STR("write either a list or field = value"),
                        "a value is a list and has fields too");
        rp_jw_array(jw);
        for (uint32_t i = 0; i < node->item_count; i++)
            write_value(compile, &node->items[i], jw);
        rp_jw_array_end(jw);
        return;
    case RP_NODE_CALL:
        cannot_play(compile, node, RP_STR("matchers belong into expect {…}"),
                    "an event has values, not matchers");
        break;
    case RP_NODE_NIL:
    case RP_NODE_FUNCTION:
    case RP_NODE_UNKNOWN:
    case RP_NODE_OTHER:
        break;
    }
    rp_jw_null(jw);
}

static struct rp_str taken(struct rp_compile *compile, struct rp_buf *text)
{
    struct rp_str kept = rp_compile_keep(compile, rp_buf_view(text));

    rp_buf_fini(text);
    return kept;
}

/* The members between the braces: the runner adds times and an id. */
static struct rp_str taken_members(struct rp_compile *compile, struct rp_buf *text)
{
    struct rp_str kept;

    RP_ASSERT(text->len >= 2);
    kept = rp_compile_keep(compile, (struct rp_str){text->ptr + 1, text->len - 2});
    rp_buf_fini(text);
    return kept;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static const struct {
    const char *call, *type, *values; /* under which key the call's table goes */
} event_calls[] = {
    {"page", "page", "properties"},   {"screen", "screen", "properties"},
    {"track", "track", "properties"}, {"identify", "identify", "traits"},
    {"account", "group", "traits"},   {"alias", "alias", NULL},
};

static const struct rp_node *argument(const struct rp_node *call, uint32_t number)
{
    bool has = number < call->item_count && call->items[number].type != RP_NODE_NIL;

    return has ? &call->items[number] : NULL;
}

/* Whose event it is: without `userId` and `anonymousId` everything comes from one browser. */
static void write_ids(struct rp_compile *compile, const struct rp_node *options, struct rp_jw *jw)
{
    const struct rp_node *user = rp_node_get(options, "userId");
    const struct rp_node *context = rp_node_get(options, "context");
    struct rp_str anonymous = rp_node_text(options, "anonymousId");

    if (user && user->type == RP_NODE_TEXT)
        rp_jw_put_str(jw, "userId", user->text);
    rp_jw_put_str(jw, "anonymousId", anonymous.len ? anonymous : RP_STR("test-browser"));
    if (context) {
        rp_jw_key(jw, "context");
        write_value(compile, context, jw);
    }
}

/* page "/pricing", track "Webinar Attended": for people. */
static struct rp_str label_of(struct rp_compile *compile, const struct rp_node *call,
                              const struct rp_node *values)
{
    struct rp_buf out = {0};
    struct rp_str path = rp_node_text(values, "path");

    rp_buf_text(&out, call->call->name);
    if (rp_node_is_call(call, "track") && call->items[0].type == RP_NODE_TEXT)
        rp_buf_printf(&out, " \"%.*s\"", RP_STR_ARG(call->items[0].text));
    else if (path.len > 0)
        rp_buf_printf(&out, " %.*s", RP_STR_ARG(path));
    return taken(compile, &out);
}

static void compile_alias(struct rp_compile *compile, const struct rp_node *call,
                          const struct rp_node *values, struct rp_jw *jw)
{
    if (values == NULL || values->type != RP_NODE_TEXT) {
        cannot_play(compile, call, RP_STR("write alias(\"user-1\")"),
                    "alias takes the lead's new userId");
        return;
    }
    rp_jw_put_str(jw, "userId", values->text);
    rp_jw_put_text(jw, "previousId", "test-browser");
}

static void compile_event(struct rp_compile *compile, const struct rp_node *call,
                          struct rp_test_moment *moment)
{
    bool track = rp_node_is_call(call, "track");
    const struct rp_node *values = argument(call, track ? 1 : 0);
    const struct rp_node *options = argument(call, track ? 2 : 1);
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);
    size_t at = 0;

    while (at < RP_COUNT(event_calls) && !rp_node_is_call(call, event_calls[at].call))
        at++;
    RP_ASSERT(at < RP_COUNT(event_calls));
    moment->place = call->place;
    moment->label = label_of(compile, call, values);
    moment->message_id = rp_compile_keep(compile, rp_node_text(options, "messageId"));
    moment->ago_ms = rp_node_span(options, "ago", 0);
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", event_calls[at].type);
    if (track)
        rp_jw_put_str(&jw, "event", call->items[0].text);
    if (rp_node_is_call(call, "account"))
        rp_jw_put_text(&jw, "groupId", "test-account");
    if (event_calls[at].values == NULL) {
        compile_alias(compile, call, values, &jw);
    } else {
        write_ids(compile, options, &jw);
        rp_jw_key(&jw, event_calls[at].values);
        if (values && (values->type != RP_NODE_TABLE || values->item_count > 0))
            cannot_play(compile, call, rp_str_from(call->call->example),
                        "an event takes a table of fields");
        write_members(compile, values && values->type == RP_NODE_TABLE ? values : NULL, &jw);
    }
    rp_jw_object_end(&jw);
    moment->event = taken_members(compile, &out);
}

/* ---- Expectations ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum rp_expect_op op;
    bool table;  /* of names */
    bool counts; /* each with a number */
} expect_fields[] = {
    {"stage", RP_EXPECT_STAGE, false, false},
    {"status", RP_EXPECT_STATUS, false, false},
    {"owner", RP_EXPECT_OWNER, false, false},
    {"grade", RP_EXPECT_GRADE, false, false},
    {"because", RP_EXPECT_BECAUSE, false, false},
    {"total", RP_EXPECT_DIMENSION, false, false},
    {"fired", RP_EXPECT_FIRED, true, true},
    {"not_fired", RP_EXPECT_NOT_FIRED, true, false},
    {"sent", RP_EXPECT_SENT, true, true},
    {"not_sent", RP_EXPECT_NOT_SENT, true, false},
    {"started", RP_EXPECT_STARTED, true, true},
    {"traits", RP_EXPECT_TRAITS, true, true},
    {"", RP_EXPECT_BY, true, true}, /* under the dimension's name */
};

/* A matcher learns its field what to keep of it; a test must not, so the slot is put back. */
static void compile_match(struct rp_compile *compile, const struct rp_node *node,
                          struct rp_matcher *ret_match)
{
    uint32_t slot = compile->rules->timezone_field;
    struct rp_field saved = compile->rules->fields[slot];

    rp_compile_match(compile, node, slot, ret_match);
    compile->rules->fields[slot] = saved;
}

static bool is_plain(const struct rp_node *node)
{
    return node->type == RP_NODE_TEXT || node->type == RP_NODE_NUMBER ||
           node->type == RP_NODE_BOOL || node->type == RP_NODE_CALL;
}

static void refer(struct rp_compile *compile, enum rp_expect_op op, struct rp_expect_entry *entry)
{
    entry->index = RP_NONE;
    if (op == RP_EXPECT_FIRED || op == RP_EXPECT_NOT_FIRED)
        entry->index = find_score(compile, entry->name, entry->place);
    else if (op == RP_EXPECT_SENT || op == RP_EXPECT_NOT_SENT)
        entry->index = find_action(compile, entry->name, entry->place);
    else if (op == RP_EXPECT_STARTED)
        find_sequence(compile, entry->name, entry->place);
}

/* A name alone, or name = number or matcher. */
static void compile_entry(struct rp_compile *compile, size_t field, struct rp_expect *expect,
                          struct rp_str name, struct rp_place place, const struct rp_node *value)
{
    struct rp_expect_entry *entry = &expect->entries[expect->entry_count++];

    entry->name = rp_compile_keep(compile, name);
    entry->place = place;
    entry->once_at_least = value == NULL;
    entry->text = value ? rp_compile_print(compile, value) : RP_STR("");
    refer(compile, expect->op, entry);
    if (value == NULL && (expect->op == RP_EXPECT_TRAITS || expect->op == RP_EXPECT_BY))
        rp_compile_report(compile, RP_CODE_TYPE, place, (int)name.len,
                          rp_arena_printf(compile->arena, "write %.*s = { %.*s = … }",
                                          RP_STR_ARG(expect->name), RP_STR_ARG(name)),
                          "%.*s: %.*s needs values", RP_STR_ARG(compile->what),
                          RP_STR_ARG(expect->name));
    if (value && !expect_fields[field].counts)
        rp_compile_report(compile, RP_CODE_TYPE, value->place, rp_node_width(value),
                          rp_arena_printf(compile->arena, "write %s = { \"%.*s\" }",
                                          expect_fields[field].name, RP_STR_ARG(name)),
                          "%.*s: %s is a list of names", RP_STR_ARG(compile->what),
                          expect_fields[field].name);
    else if (value && is_plain(value))
        compile_match(compile, value, &entry->match);
    else if (value)
        rp_compile_report(compile, RP_CODE_TYPE, value->place, rp_node_width(value), RP_STR(""),
                          "%.*s: '%.*s' must be a value or a matcher, not %s",
                          RP_STR_ARG(compile->what), RP_STR_ARG(name), rp_node_type_name(value));
}

static void compile_names(struct rp_compile *compile, size_t field, const struct rp_node *node,
                          struct rp_expect *expect)
{
    uint32_t count;
    const struct rp_node *items;

    expect->table = true;
    if (rp_node_is_call(node, "exactly")) {
        expect->exactly = true;
        node = &node->items[0];
    }
    items = rp_node_list(node, &count);
    expect->entries = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_expect_entry,
                                     count + node->field_count + 1);
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].type == RP_NODE_TEXT)
            compile_entry(compile, field, expect, items[i].text, items[i].place, NULL);
        else
            rp_compile_report(compile, RP_CODE_TYPE, items[i].place, rp_node_width(&items[i]),
                              rp_arena_printf(compile->arena, "write %s = { \"name\" }",
                                              expect_fields[field].name),
                              "%.*s: %s takes names, not %s", RP_STR_ARG(compile->what),
                              expect_fields[field].name, rp_node_type_name(&items[i]));
    }
    for (uint32_t i = 0; node->type == RP_NODE_TABLE && i < node->field_count; i++)
        compile_entry(compile, field, expect, node->fields[i].key, node->fields[i].place,
                      &node->fields[i].value);
}

/* A stage by name must exist; in a matcher it may be any text. */
static void check_stage(struct rp_compile *compile, const struct rp_node *node)
{
    if (node->type == RP_NODE_TEXT && !rp_scope_has(compile->scope, RP_REF_STAGE, node->text))
        rp_scope_unknown(compile->scope, RP_REF_STAGE, node->text, node->place,
                         rp_node_width(node));
}

static void unknown_field(struct rp_compile *compile, const struct rp_node_field *entry)
{
    struct rp_guess guess = rp_guess(entry->key);

    for (size_t i = 0; expect_fields[i].name[0]; i++)
        rp_guess_offer(&guess, rp_str_from(expect_fields[i].name));
    if (is_declared(compile, "dimension", entry->key, &guess))
        return; /* broken: reported where it stands */
    unknown_name(compile, RP_CODE_NO_DIMENSION, "field or dimension", entry->key, entry->place,
                 rp_guess_hint(compile->arena, &guess));
}

static bool compile_expectation(struct rp_compile *compile, const struct rp_node_field *entry,
                                struct rp_expect *expect)
{
    const struct rp_node *node = &entry->value;
    size_t field = 0;

    *expect = (struct rp_expect){.op = RP_EXPECT_DIMENSION,
                                 .name = rp_compile_keep(compile, entry->key),
                                 .dim = RP_NONE,
                                 .place = entry->place,
                                 .text = rp_compile_print(compile, node)};
    while (field < RP_COUNT(expect_fields) && !rp_str_is(entry->key, expect_fields[field].name))
        field++;
    if (field < RP_COUNT(expect_fields)) {
        expect->op = expect_fields[field].op;
    } else {
        expect->dim = rp_map_get(&compile->dims, entry->key);
        if (expect->dim == RP_MAP_NONE) {
            unknown_field(compile, entry);
            return false;
        }
        if (compile->rules->dims[expect->dim].by != RP_NONE && node->type == RP_NODE_TABLE) {
            field = RP_COUNT(expect_fields) - 1;
            expect->op = RP_EXPECT_BY;
        }
    }
    if (field < RP_COUNT(expect_fields) && expect_fields[field].table) {
        compile_names(compile, field, node, expect);
        return true;
    }
    if (!is_plain(node)) {
        rp_compile_report(compile, RP_CODE_TYPE, node->place, rp_node_width(node),
                          RP_STR("write a value, or a matcher such as between(40, 45)"),
                          "%.*s: '%.*s' must be a value or a matcher, not %s",
                          RP_STR_ARG(compile->what), RP_STR_ARG(entry->key),
                          rp_node_type_name(node));
        return false;
    }
    if (expect->op == RP_EXPECT_STAGE)
        check_stage(compile, node);
    compile_match(compile, node, &expect->match);
    return true;
}

/* As the author wrote them: fields come sorted by name. */
static void sort_by_place(struct rp_expect *expects, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct rp_expect one = expects[i];
        uint32_t at = i;

        for (; at > 0; at--) {
            const struct rp_place *before = &expects[at - 1].place;

            if (before->line < one.place.line ||
                (before->line == one.place.line && before->column <= one.place.column))
                break;
            expects[at] = expects[at - 1];
        }
        expects[at] = one;
    }
}

static void compile_expect(struct rp_compile *compile, const struct rp_node *call,
                           struct rp_test_moment *moment)
{
    const struct rp_node *table = argument(call, 0);
    uint32_t count = table ? table->field_count : 0;

    moment->place = call->place;
    moment->expects = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_expect, count + 1);
    for (uint32_t i = 0; i < count; i++)
        if (compile_expectation(compile, &table->fields[i], &moment->expects[moment->expect_count]))
            moment->expect_count++;
    sort_by_place(moment->expects, moment->expect_count);
    if (count == 0)
        cannot_play(compile, call, RP_STR("write for example expect { stage = \"mql\" }"),
                    "an empty expect {} checks nothing");
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void compile_given(struct rp_compile *compile, const struct rp_node *given,
                          struct rp_test *test)
{
    const struct rp_node *lead = rp_node_get(given, "lead");
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    if (given == NULL)
        return;
    test->given = true;
    test->stage = rp_compile_keep(compile, rp_node_text(given, "stage"));
    if (lead && lead->type != RP_NODE_TABLE)
        cannot_play(compile, lead, RP_STR("write lead = { email = \"ana@globex.test\" }"),
                    "the given lead is a table of traits");
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "type", "identify");
    write_ids(compile, given, &jw);
    rp_jw_key(&jw, "traits");
    write_members(compile, lead && lead->type == RP_NODE_TABLE ? lead : NULL, &jw);
    rp_jw_object_end(&jw);
    test->event = taken_members(compile, &out);
}

static uint32_t count_moments(const struct rp_node *play)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < play->item_count; i++)
        count += play->items[i].items[1].item_count;
    return count;
}

static void compile_play(struct rp_compile *compile, const struct rp_node *play,
                         struct rp_test *test)
{
    int64_t before = 0, after;
    uint32_t expectations = 0;

    test->moments =
        RP_ARENA_ARRAY(&compile->rules->arena, struct rp_test_moment, count_moments(play) + 1);
    for (uint32_t i = 0; i < play->item_count; i++) {
        const struct rp_node *call = &play->items[i], *list = &call->items[1];

        if (!rp_duration_parse(call->items[0].text, &after))
            continue;
        if (after < before)
            cannot_play(compile, call, RP_STR("put the moments in the order of time"),
                        "this moment lies before the one above it");
        before = after;
        for (uint32_t m = 0; m < list->item_count; m++) {
            struct rp_test_moment *moment = &test->moments[test->moment_count++];

            moment->after_ms = after;
            if (rp_node_is_call(&list->items[m], "expect")) {
                compile_expect(compile, &list->items[m], moment);
                expectations++;
            } else {
                compile_event(compile, &list->items[m], moment);
            }
        }
    }
    if (expectations == 0)
        cannot_play(compile, play, RP_STR("add after(\"1h\") { expect { stage = \"mql\" } }"),
                    "a test that expects nothing cannot fail");
}

static void compile_test(struct rp_compile *compile, const struct rp_declared *declared,
                         struct rp_test *test)
{
    struct rp_str at = rp_node_text(&declared->body, "at");
    struct rp_str model = rp_node_text(&declared->body, "model");

    *test = (struct rp_test){.name = rp_compile_keep(compile, declared->name),
                             .place = declared->place};
    (void)rp_time_parse(at.len > 0 ? at : RP_STR(AT_DEFAULT), &test->at_ms);
    if (model.len > 0)
        test->model = rp_rules_model(compile->rules, model);
    if (test->model == RP_NONE)
        test->model = 0; /* broken: reported where it stands */
    compile_given(compile, rp_node_get(&declared->body, "given"), test);
    compile_play(compile, rp_node_get(&declared->body, "play"), test);
}

static void collect_steps(struct rp_compile *compile, struct rp_test_set *set)
{
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while ((declared = rp_compile_next(compile, "sequence", &at)) != NULL)
        count += rp_node_get(&declared->body, "steps")->item_count;
    set->steps = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_test_step, count + 1);
    at = 0;
    while ((declared = rp_compile_next(compile, "sequence", &at)) != NULL) {
        const struct rp_node *steps = rp_node_get(&declared->body, "steps");

        for (uint32_t i = 0; i < steps->item_count; i++)
            set->steps[set->step_count++] = (struct rp_test_step){
                rp_compile_keep(compile, declared->name),
                rp_compile_keep(compile, steps->items[i].items[0].text), steps->items[i].place};
    }
}

/* A rule in tests/ would act in check and test alone: never on the server. */
static void check_files(struct rp_compile *compile)
{
    for (uint32_t i = 0; i < compile->count; i++) {
        struct rp_declared *one = &compile->declared[i];
        struct rp_str path = compile->files->items[one->place.file].path;

        if (strcmp(one->decl->name, "test") != 0 && rp_str_starts(path, RP_STR("tests/")))
            rp_diagnose(compile->diagnosis, RP_CODE_TEST_FILE, one->place,
                        (int)strlen(one->decl->name),
                        rp_str_from(rp_code_info(RP_CODE_TEST_FILE)->remedy),
                        "%s in a file of tests: the server never reads it", one->decl->name);
    }
}

void rp_compile_tests(struct rp_compile *compile)
{
    struct rp_arena *arena = &compile->rules->arena;
    struct rp_test_set *set = RP_ARENA_NEW(arena, struct rp_test_set);
    struct rp_declared *declared;
    uint32_t at = 0;

    check_files(compile);
    set->tests = RP_ARENA_ARRAY(arena, struct rp_test, compile->count + 1);
    while ((declared = rp_compile_next(compile, "test", &at)) != NULL)
        compile_test(compile, declared, &set->tests[set->test_count++]);
    collect_steps(compile, set);
    compile->rules->test_set = set;
}
