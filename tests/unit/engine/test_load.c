/* SPDX-License-Identifier: MIT */
/* Loading: from Lua text to rules. */
#include "base/hash.h"
#include "base/limits.h"
#include "engine/tree.h"
#include "model/lead.h"
#include "unit/engine/groups.h"
#include "unit/engine/load_groups.h"
#include "unit/engine/load_support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Rules ----------------------------------------------------------------------------------- */

static void test_score(void **state)
{
    struct loaded l;
    const struct rp_score *score;

    (void)state;
    load_text(&l,
              "group \"web\" { cap = 40, floor = -20, per = \"7d\" }\n"
              "score \"pricing\" { why = \"Looked at prices\", on = \"page\",\n"
              "  when = { path = glob \"/Pricing*\", seconds = gte(30) }, points = 10.5,\n"
              "  group = \"web\", limit = { times = 3, per = \"7d\" }, cooldown = \"30m\",\n"
              "  was = \"old\", tags = { \"a\", \"b\" }, author = \"Ana\", mode = \"shadow\" }\n");
    load_must_succeed(&l);
    assert_int_equal(l.rules->score_count, 1);
    score = &l.rules->scores[0];
    assert_true(rp_str_is(score->name, "pricing"));
    assert_true(rp_str_is(score->why, "Looked at prices"));
    assert_true(rp_str_is(score->was, "old"));
    assert_int_equal(score->tag_count, 2);
    assert_true(score->shadow);
    assert_int_equal(score->place.line, 2);
    assert_int_equal(score->place.column, 1);
    assert_int_equal(score->on_count, 1);
    assert_int_equal(l.rules->kinds[score->on[0]].type, RP_PAGE);
    assert_int_equal(score->award_count, 1);
    assert_true(fabs(score->awards[0].points - 10.5) < 1e-12);
    assert_int_equal(score->group, 0);
    assert_int_equal(l.rules->groups[0].cap, 40000);
    assert_int_equal(l.rules->groups[0].floor, -20000);
    assert_int_equal(l.rules->groups[0].per_ms, 7 * RP_DAY);
    assert_int_equal(score->limit_times, 3);
    assert_int_equal(score->limit_per_ms, 7 * RP_DAY);
    assert_int_equal(score->cooldown_ms, 30 * RP_MINUTE);
    assert_int_equal(score->when->op, RP_COND_ALL);
    assert_int_equal(score->when->part_count, 2);
    assert_true(rp_str_is(score->when->parts[0].text, "path = glob \"/Pricing*\""));
    assert_true(rp_str_is(score->when->parts[0].match.values[0].folded, "/pricing*"));
    assert_int_equal(score->when->parts[0].place.line, 3);
    assert_int_equal(score->when->parts[0].place.column, 12);
    assert_int_equal(score->when->parts[1].match.op, RP_MATCH_GTE);
    load_end(&l);
}

static void test_points_of_several_dimensions(void **state)
{
    struct loaded l;

    (void)state;
    load_text(&l,
              "dimension \"intent\" { decay = { linear = \"60d\" } }\n"
              "score \"a\" { why = \"a\", on = \"x\", points = { engagement = 10, intent = 5 } }\n"
              "score \"b\" { why = \"b\", on = \"x\", points = 1, decay = \"none\" }\n"
              "score \"c\" { why = \"c\", on = \"x\", per = { field = \"price\", each = 100,\n"
              "  points = 2, max = 10 } }\n");
    load_must_succeed(&l);
    assert_int_equal(l.rules->scores[0].award_count, 2);
    assert_int_equal(l.rules->sum_count, 3); /* engagement, intent, engagement without decay */
    assert_int_not_equal(l.rules->scores[1].awards[0].sum, l.rules->scores[0].awards[0].sum);
    assert_int_equal(l.rules->sums[l.rules->scores[1].awards[0].sum].decay.kind, RP_DECAY_NONE);
    assert_true(fabs(l.rules->scores[2].per_each - 100) < 1e-12);
    assert_true(fabs(l.rules->scores[2].per_max - 10) < 1e-12);
    assert_int_equal(l.rules->scores[0].per_field, RP_NONE);
    load_end(&l);
}

static void test_fit(void **state)
{
    struct loaded l;
    const struct rp_fit *fit;

    (void)state;
    load_text(
        &l, "dimension \"habits\" { kind = \"state\" }\n"
            "fit \"size\" { why = \"s\", field = \"company.employees\", missing = 0,\n"
            "  bands = { { below = 50, points = 0 }, { points = 15 } } }\n"
            "fit \"job\" { why = \"j\", field = \"title\", take = \"best\", words = {\n"
            "  { any = { \"Directeur Général\" }, not_any = \"assistant\", points = 25 } } }\n"
            "fit \"from\" { why = \"f\", field = \"lead_touch.source\", other = 0, values = {\n"
            "  { one_of = { \"a\", \"b\" }, points = 12 }, { glob \"x*\", points = 1 } } }\n"
            "fit \"free\" { why = \"f\", when = { email_domain = \"gmail.com\" }, points = -15 }\n"
            "fit \"visits\" { why = \"v\", dimension = \"habits\", count = visits { within = "
            "\"30d\" }, bands = { { below = 5, points = 0 }, { points = 8 } } }\n");
    load_must_succeed(&l);
    assert_int_equal(l.rules->fit_count, 5);
    fit = &l.rules->fits[0];
    assert_int_equal(fit->op, RP_FIT_BANDS);
    assert_true(isinf(fit->bands[1].below));
    assert_true(fabs(fit->missing) < 1e-12 && isnan(fit->other));
    assert_true(l.rules->fields[fit->field].keeps_number);
    assert_true(rp_str_is(l.rules->fits[1].words[0].any[0], "directeur general"));
    assert_int_equal(l.rules->fits[1].words[0].not_any_count, 1);
    assert_true(l.rules->fits[1].best);
    assert_int_equal(l.rules->fields[l.rules->fits[2].field].home, RP_FIELD_TOUCH);
    assert_int_equal(l.rules->fits[2].values[0].match.op, RP_MATCH_ONE_OF);
    assert_int_equal(l.rules->fits[2].values[1].match.op, RP_MATCH_GLOB);
    assert_int_equal(l.rules->fits[3].op, RP_FIT_WHEN);
    assert_int_equal(l.rules->fields[l.rules->fits[3].when->field].home, RP_FIELD_TRAIT);
    assert_int_not_equal(l.rules->email_domain_field, RP_NONE);
    fit = &l.rules->fits[4];
    assert_int_equal(fit->measure, RP_MEASURE_COUNT);
    assert_int_equal(l.rules->counters[fit->counter].op, RP_COUNTER_VISITS);
    assert_int_equal(l.rules->counters[fit->counter].keep, 5);
    assert_int_equal(l.rules->counters[fit->counter].within_ms, 30 * RP_DAY);
    load_end(&l);
}

static void test_stages(void **state)
{
    struct loaded l;
    const struct rp_stage *mql;

    (void)state;
    load_text(
        &l,
        "stages { \"visitor\", \"lead\", \"mql\", \"sql\"; side = { \"recycled\" } }\n"
        "stage \"lead\" { enter = known() }\n"
        "stage \"mql\" { enter = any { at_least { fit = 30, total = 40.5 }, did(\"a\") },\n"
        "  leave = below { engagement = 20, held = \"14d\" }, leave_to = \"recycled\" }\n"
        "stage \"sql\" { from = \"mql\", enter = did { \"b\", \"c\" }, leave = inactive \"30d\","
        " stay = \"1d\" }\n");
    load_must_succeed(&l);
    assert_int_equal(l.rules->stage_count, 5);
    mql = &l.rules->stages[2];
    assert_int_equal(mql->from_count, 2);
    assert_int_equal(mql->from[0], 0);
    assert_int_equal(mql->leave_to, 4);
    assert_int_equal(mql->enter->op, RP_COND_ANY);
    assert_int_equal(mql->enter->parts[0].bound_count, 2);
    assert_int_equal(mql->enter->parts[0].bounds[1].dim, RP_NONE);
    assert_int_equal(mql->enter->parts[0].bounds[1].value, 40500);
    assert_int_equal(mql->leave->held_ms, 14 * RP_DAY);
    assert_true(rp_str_is(mql->leave->text, "below { engagement = 20, held = \"14d\" }"));
    assert_int_equal(l.rules->stages[3].leave_to, 2); /* the main stage before it */
    assert_int_equal(l.rules->stages[3].stay_ms, RP_DAY);
    assert_int_equal(l.rules->counters[l.rules->stages[3].enter->counter].kind_count, 2);
    assert_true(l.rules->stages[4].side);
    assert_false(l.rules->stages[4].declared);
    load_end(&l);
}

static void test_counters_are_shared(void **state)
{
    struct loaded l;
    const struct rp_counter *counter;

    (void)state;
    load_text(&l,
              "stages { \"a\", \"b\", \"c\" }\n"
              "stage \"b\" { enter = did(\"page\", { where = { path = glob \"/x*\" }, days = 3,"
              " within = \"30d\" }) }\n"
              "stage \"c\" { enter = any { did(\"page\", { where = { path = glob \"/x*\" }, times "
              "= 7, within = \"90d\" }), did(\"page\", { where = { path = \"/y\" } }) } }\n");
    load_must_succeed(&l);
    assert_int_equal(l.rules->counter_count, 2);
    assert_int_equal(l.rules->stages[1].enter->counter, l.rules->stages[2].enter->parts[0].counter);
    counter = &l.rules->counters[l.rules->stages[1].enter->counter];
    assert_int_equal(counter->keep, 7);
    assert_true(counter->by_day);
    assert_int_equal(counter->within_ms, 90 * RP_DAY);
    counter = &l.rules->counters[l.rules->stages[2].enter->parts[1].counter];
    assert_int_equal(counter->within_ms, 0); /* since entry: all time */
    assert_int_equal(counter->keep, 1);
    load_end(&l);
}

static void test_actions(void **state)
{
    struct loaded l;
    const struct rp_action *action;
    const struct rp_template *text;

    (void)state;
    load_text(&l,
              "grade { fit = { A = 0 }, engagement = { [\"1\"] = 0 } }\n"
              "stages { \"a\", \"b\" }\nstage \"b\" { enter = known() }\n"
              "action \"hand_over\" { on = any { entered \"b\", crossed(\"engagement\", 80) },\n"
              "  when = grade_in { \"a1\" },\n"
              "  webhook { to = endpoint \"crm\", body = { email = \"{lead.email}\", n = 1,\n"
              "    list = { \"x\", true } } },\n"
              "  task { due = \"4h\", note = \"Call {lead.first_name|this lead}: "
              "{reasons.top(3)}\" },\n"
              "  set { owner = \"lea\" }, assign { to = \"lea@acme.test\" } }\n");
    load_must_succeed(&l);
    assert_int_equal(l.rules->action_count, 1);
    action = &l.rules->actions[0];
    assert_int_equal(action->on.op, RP_TRIGGER_ANY);
    assert_int_equal(action->on.parts[0].op, RP_TRIGGER_ENTERED);
    assert_int_equal(action->on.parts[0].index, 1);
    assert_int_equal(action->on.parts[1].threshold, 80000);
    assert_true(rp_str_is(action->when->names[0], "A1"));
    assert_int_equal(action->part_count, 4);
    assert_true(rp_str_is(action->parts[0].to, "crm"));
    assert_int_equal(action->parts[0].body->part_count, 3);
    assert_int_equal(action->parts[0].body->parts[1].type, RP_ARRAY);
    assert_int_equal(action->parts[1].due_ms, 4 * RP_HOUR);
    assert_true(rp_str_is(action->parts[1].to, "owner"));
    text = &action->parts[1].text;
    assert_int_equal(text->count, 4);
    assert_true(rp_str_is(text->parts[0].literal, "Call "));
    assert_true(rp_str_is(text->parts[1].fallback, "this lead"));
    assert_int_equal(text->parts[3].reasons, 3);
    load_end(&l);
}

static void test_fields(void **state)
{
    struct loaded l;
    const struct rp_field *field;
    uint32_t at;

    (void)state;
    load_text(&l, "names { [\"company.employees\"] = { \"effectif\" } }\n"
                  "score \"a\" { why = \"a\", on = \"page\", points = 1, when = { path = \"/x\",\n"
                  "  [\"cart.total\"] = gt(5), [\"context.campaign.source\"] = \"ads\",\n"
                  "  [\"lead.jobTitle\"] = word \"vp\", [\"lead.account.plan\"] = \"pro\",\n"
                  "  [\"lead.effectif\"] = gte(10) } }\n");
    load_must_succeed(&l);
    at = rp_rules_field(l.rules, RP_STR("path"));
    assert_int_not_equal(at, RP_NONE);
    field = &l.rules->fields[at];
    assert_true(field->path == rp_path_of(RP_STR("properties.path")));
    assert_true(field->fallback == rp_path_of(RP_STR("context.page.path")));
    field = &l.rules->fields[rp_rules_field(l.rules, RP_STR("cart.total"))];
    assert_true(field->path == rp_path_of(RP_STR("properties.cart.total")));
    assert_true(field->keeps_number && field->fallback == 0);
    field = &l.rules->fields[rp_rules_field(l.rules, RP_STR("context.campaign.source"))];
    assert_true(field->path == rp_path_of(RP_STR("context.campaign.source")));
    at = rp_rules_field(l.rules, RP_STR("lead.title")); /* jobTitle is a spelling of it */
    assert_int_not_equal(at, RP_NONE);
    assert_int_equal(rp_rules_field(l.rules, RP_STR("lead.jobTitle")), RP_NONE);
    assert_true(l.rules->fields[at].aliases[0] == rp_path_of(RP_STR("traits.title")));
    assert_true(l.rules->fields[rp_rules_field(l.rules, RP_STR("account.plan"))].group_only);
    field = &l.rules->fields[rp_rules_field(l.rules, RP_STR("company.employees"))];
    assert_true(field->aliases[field->alias_count - 2] == rp_path_of(RP_STR("traits.effectif")));
    load_end(&l);
}

/* However many traits there are: their table moves when it is full. */
static void test_many_traits(void **state)
{
    (void)state;
    for (int count = 1; count <= 80; count++) {
        struct rp_buf text = {0};
        struct loaded loaded;
        bool found = false;
        char last[32];

        for (int i = 1; i <= count; i++)
            rp_buf_printf(
                &text,
                "fit \"f%d\" { why = \"w\", field = \"trait_%d\", missing = 0, other = 0, "
                "values = { { one_of = { \"x\" }, points = 1 } } }\n",
                i, i);
        load_text(&loaded, text.ptr);
        load_must_succeed(&loaded);
        snprintf(last, sizeof(last), "lead.trait_%d", count);
        for (size_t i = 0; i < loaded.rules->field_count; i++)
            found |= rp_str_is(loaded.rules->fields[i].name, last);
        assert_true(found);
        load_end(&loaded);
        rp_buf_fini(&text);
    }
}

static void test_events_and_excludes(void **state)
{
    struct loaded l;
    const struct rp_kind *kind;

    (void)state;
    load_begin(&l);
    load_file(
        &l, "a.lua",
        "dimension \"engagement\" { half_life = \"21d\" }\n"
        "event \"Demo Requested\" { also = { \"demande_demo\", { \"Form Submitted\", where = {\n"
        "  form = one_of { \"demo\", \"démo\" } } } } }\n"
        "exclude \"staff\" { when = any { trait { email_domain = in_list \"own\" }, context {\n"
        "  userAgent = contains \"bot\" } } }\n"
        "score \"d\" { why = \"d\", on = { \"Demo Requested\", \"*\" }, points = 5 }\n");
    load_file(&l, "lists/own.txt", "# ours\nAcme.test\n\n ÉCOLE.test \nacme.test\n");
    load_run(&l);
    load_must_succeed(&l);
    kind = &l.rules->kinds[rp_rules_kind(l.rules, RP_STR("Demo Requested"))];
    assert_int_equal(kind->also_count, 2);
    assert_null(kind->also[0].where);
    assert_true(rp_str_is(kind->also[1].event, "Form Submitted"));
    assert_true(rp_str_is(kind->also[1].where->match.values[1].folded, "demo"));
    assert_true(l.rules->kinds[rp_rules_kind(l.rules, RP_STR("*"))].any);
    assert_int_equal(l.rules->exclude_count, 1);
    assert_int_equal(l.rules->lists[0].count, 2);
    assert_true(rp_str_is(l.rules->lists[0].values[1], "ecole.test"));
    load_end(&l);
}

static void test_lookup_and_segment(void **state)
{
    struct loaded l;
    const struct rp_field *field;

    (void)state;
    load_begin(&l);
    load_file(&l, "a.lua",
              "lookup \"content\" { file = \"lists/content.csv\", match = { path = \"glob\" },\n"
              "  gives = { \"type\", \"topic\" } }\n"
              "dimension \"interest\" { by = \"content.topic\", half_life = \"30d\" }\n"
              "score \"t\" { why = \"t\", on = \"page\", points = 1, dimension = \"interest\",\n"
              "  when = { [\"content.topic\"] = exists() } }\n"
              "stages { \"a\", \"b\" }\nstage \"b\" { enter = in_segment \"s\" }\n"
              "segment \"s\" { did(\"page\", { days = 3, within = \"30d\" }), known() }\n");
    load_file(&l, "lists/content.csv", "path,type,topic\n/Blog/CRM*,article,crm\n/x,,\n");
    load_run(&l);
    load_must_succeed(&l);
    assert_int_equal(l.rules->lookup_count, 1);
    assert_int_equal(l.rules->lookups[0].row_count, 2);
    assert_true(rp_str_is(l.rules->lookups[0].keys[0], "/blog/crm*"));
    assert_true(rp_str_is(l.rules->lookups[0].cells[1], "crm"));
    assert_int_equal(l.rules->lookups[0].match_ops[0], RP_MATCH_GLOB);
    field = &l.rules->fields[l.rules->dims[0].by];
    assert_int_equal(field->home, RP_FIELD_LOOKUP);
    assert_int_equal(field->column, 1);
    assert_int_equal(l.rules->stages[1].enter->op, RP_COND_IN_SEGMENT);
    assert_int_equal(l.rules->stages[1].enter->parts[0].part_count, 2);
    load_end(&l);
}

static void test_weights(void **state)
{
    struct loaded l;

    (void)state;
    load_begin(&l);
    load_file(
        &l, "a.lua",
        "dimension \"engagement\" { half_life = \"21d\" }\ndimension \"fit\" { kind = \"state\" }\n"
        "group \"web\" { cap = 40 }\n"
        "score \"a\" { why = \"a\", on = \"page\", points = 5, group = \"web\" }\n"
        "fit \"f\" { why = \"f\", field = \"title\", words = { { any = \"vp\", points = 5 } } }\n"
        "stages { \"x\", \"mql\" }\n"
        "stage \"mql\" { enter = any { at_least { fit = 1, engagement = 50 }, known() },\n"
        "  leave = below { engagement = 20 } }\n");
    load_file(
        &l, "weights.lua",
        "return { a = 12, f = { 7 }, [\"group:web\"] = { cap = 35 },\n"
        "  [\"stage:mql\"] = { enter = { engagement = 55 }, leave = { engagement = 25 } } }\n");
    load_run(&l);
    load_must_succeed(&l);
    assert_true(fabs(l.rules->scores[0].awards[0].points - 12) < 1e-12);
    assert_true(fabs(l.rules->fits[0].words[0].points - 7) < 1e-12);
    assert_int_equal(l.rules->groups[0].cap, 35000);
    assert_int_equal(l.rules->stages[1].enter->parts[0].bounds[0].value, 55000);
    assert_int_equal(l.rules->stages[1].leave->bounds[0].value, 25000);
    assert_true(fabs(l.rules->models[0].awards[0][0].points - 12) < 1e-12);
    load_end(&l);
}

/* ---- Findings -------------------------------------------------------------------------------- */

static void test_all_findings_at_once(void **state)
{
    struct loaded l;
    const struct rp_finding *finding;

    (void)state;
    load_text(&l, "score \"a\" { why = \"a\", on = \"page\", points = 1,\n"
                  "  coldown = \"30m\", limit = { times = 0 } }\n"
                  "score \"b\"\n"
                  "fitt \"c\" { field = \"x\" }\n"
                  "score \"a\" { why = \"a\", on = \"page\", points = 1, group = \"wev\" }\n"
                  "group \"web\" { cap = 5, cap = 6 }\n");
    assert_int_equal(l.status, RIPEN_ERULE);
    assert_null(l.rules);
    finding = load_finding(&l, "E011");
    assert_non_null(finding);
    assert_int_equal(finding->line, 2);
    assert_int_equal(finding->column, 3);
    assert_int_equal(finding->width, 7);
    assert_true(rp_str_is(finding->hint, "did you mean 'cooldown'?"));
    finding = load_finding(&l, "E015");
    assert_non_null(finding);
    assert_int_equal(finding->column, 38);
    assert_non_null(load_finding(&l, "E009"));
    assert_int_equal(load_finding(&l, "E009")->line, 3);
    assert_non_null(load_finding(&l, "E005"));
    assert_true(rp_str_is(load_finding(&l, "E005")->hint, "did you mean 'fit'?"));
    assert_non_null(load_finding(&l, "E017"));
    assert_non_null(load_finding(&l, "E018"));
    load_end(&l);
}

static void test_findings_are_bounded(void **state)
{
    struct loaded l;
    struct rp_buf text = {0};

    (void)state;
    for (int i = 0; i < RP_FINDINGS_MAX + 1; i++)
        rp_buf_printf(&text, "score \"s%d\" { why = \"x\", on = \"page\", points = \"x\" }\n", i);
    load_text(&l, text.ptr);
    assert_int_equal(l.findings.errors, RP_FINDINGS_MAX + 1);
    assert_int_equal(l.findings.count, RP_FINDINGS_MAX);
    assert_int_equal(l.findings.more, 1);
    load_end(&l);
    rp_buf_reset(&text);
    for (int i = 0; i < RP_FINDINGS_MAX; i++)
        rp_buf_printf(&text, "score \"s%d\" { why = \"x\", on = \"page\", points = \"x\" }\n", i);
    load_text(&l, text.ptr);
    assert_int_equal(l.findings.count, RP_FINDINGS_MAX);
    assert_int_equal(l.findings.more, 0);
    load_end(&l);
    rp_buf_fini(&text);
}

static void test_printed_finding(void **state)
{
    struct loaded l;
    struct rp_buf out = {0};

    (void)state;
    load_text(&l, "score \"é\" { why = \"é\", on = \"page\", points = 1, coldown = \"30m\" }\n");
    rp_findings_print(&out, &l.findings, false);
    assert_string_equal(
        out.ptr,
        "10-rules.lua:1:49: error E011: unknown field 'coldown' in score \"é\"\n"
        "    1 | score \"é\" { why = \"é\", on = \"page\", points = 1, coldown = \"30m\" }\n"
        "      |                                                 ^^^^^^^ did you mean "
        "'cooldown'?\n");
    rp_buf_reset(&out);
    rp_findings_json(&out, &l.findings);
    assert_non_null(strstr(out.ptr, "\"ok\":false"));
    assert_non_null(strstr(out.ptr, "\"column\":49"));
    rp_buf_fini(&out);
    load_end(&l);
}

/* Each pair: a broken line and the code that it must give. */
static void test_codes(void **state)
{
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"score \"a\" { why = \"a\" on = \"page\" }", "E001"},
        {"score \"a\" { why = \"a }", "E001"},
        {"local x = nil + 1", "E002"},
        {"x = 5", "E006"},
        {"print(1)", "E007"},
        {"score { on = \"page\" }", "E008"},
        {"score(\"a\") \"b\"", "E010"},
        {"score \"a\" { points = 1 }", "E012"},
        {"score \"a\" { on = 5, points = 1 }", "E013"},
        {"score \"a\" { on = \"x\", points = 1, cooldown = \"soon\" }", "E014"},
        {"score \"a\" { on = \"x\", points = 1, cooldown = 5 }", "E014"},
        {"fit \"a\" { field = \"x\", take = \"worst\", words = { { any = \"x\", points = 1 } } }",
         "E016"},
        {"total { fit = 1 }\ntotal { fit = 2 }", "E019"},
        {"-- nothing", "E020"},
        {"score \"a\" { on = \"x\", points = 1, dimension = \"engagment\" }", "E021"},
        {"score \"a\" { on = \"x\", points = 1, group = \"web\" }", "E022"},
        {"stage \"mql\" { enter = known() }", "E023"},
        {"exclude \"a\" { when = trait { x = in_list \"nope\" } }", "E025"},
        {"score \"a\" { on = \"x\" }", "E039"},
        {"score \"a\" { on = \"x\", points = 1, dimension = \"fit\" }", "E040"},
        {"fit \"a\" { field = \"x\", dimension = \"engagement\", words = { { any = \"x\", points = "
         "1 } } }",
         "E041"},
        {"fit \"a\" { field = \"x\" }", "E044"},
        {"fit \"a\" { field = \"x\", bands = { { points = 1 }, { below = 5, points = 2 } } }",
         "E045"},
        {"score \"a\" { on = \"x\", points = 1, when = { [\"lead.stage\"] = \"mql\" } }", "E046"},
        {"fit \"a\" { field = \"first_touch.sauce\", words = { { any = \"x\", points = 1 } } }",
         "E047"},
        {"action \"a\" { on = did \"x\", task { note = \"{led.email}\" } }", "E048"},
        {"action \"a\" { on = did \"x\", task { note = \"{lead.email\" } }", "E049"},
        {"score \"a\" { on = \"x\", points = 1, when = { path = known() } }", "E050"},
        {"score \"a\" { on = \"x\", points = 1, when = glob \"x\" }", "E051"},
        {"action \"a\" { on = \"x\", task { note = \"x\" } }", "E052"},
        {"action \"a\" { on = did \"x\", did \"y\" }", "E053"},
        {"fit \"a\" { count = known(), bands = { { points = 1 } } }", "E055"},
        {"exclude \"a\" { when = trait { x = before_date \"soon\" } }", "E056"},
        {"score \"a\" { on = \"x\", points = function() end }", "E057"},
        {"score \"a\" { on = { \"x\", nil, \"y\" }, points = 1 }", "E058"},
        {"score \"a\" { on = \"x\", points = 1, once = true, once_per = \"path\" }", "E062"},
        {"segment \"a\" { in_segment \"a\" }", "E063"},
        {"sequence \"a\" { start = did \"x\", steps = { step \"b\" { branch { { when = known(), go "
         "= "
         "\"c\" } } } } }",
         "E035"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct loaded l;

        load_text(&l, cases[i].text);
        if (load_finding(&l, cases[i].code) == NULL) {
            struct rp_buf out = {0};

            rp_findings_print(&out, &l.findings, false);
            print_error("%s expected of: %s\n%s", cases[i].code, cases[i].text,
                        out.ptr ? out.ptr : "nothing was found\n");
            rp_buf_fini(&out);
            fail();
        }
        assert_int_equal(l.status, RIPEN_ERULE);
        load_end(&l);
    }
}

static void test_one_broken_file_hides_no_names(void **state)
{
    struct loaded l;

    (void)state;
    load_begin(&l);
    load_file(&l, "a.lua", "group \"web\" { cap = 5 \n");
    load_file(&l, "b.lua",
              "dimension \"engagement\" { half_life = \"1d\" }\n"
              "score \"a\" { why = \"a\", on = \"x\", points = 1, group = \"web\" }\n");
    load_run(&l);
    assert_non_null(load_finding(&l, "E001"));
    assert_null(load_finding(&l, "E022")); /* the group may stand in the broken file */
    load_end(&l);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[300];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

static void test_directory(void **state)
{
    static const char *const names[] = {"b.lua",     "a.lua",       ".c.lua",      "#d.lua",
                                        "e.lua~",    "f.swp",       "g.tmp",       "README.md",
                                        "ripen.lua", "lists/x.txt", "lists/x.json"};
    char dir[] = "/tmp/ripen-files-XXXXXX", path[300];
    struct rp_arena arena;
    struct rp_files files = {0}, again = {0};
    struct rp_err err;
    struct rp_str packed;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/lists", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < RP_COUNT(names); i++)
        write_file(dir, names[i], names[i]);
    rp_arena_init(&arena);
    assert_int_equal(rp_files_read(&arena, dir, &files, &err), 0);
    assert_int_equal(files.count, 3);
    assert_true(rp_str_is(files.items[0].path, "a.lua"));
    assert_true(rp_str_is(files.items[1].path, "b.lua"));
    assert_true(rp_str_is(files.items[2].path, "lists/x.txt"));
    assert_true(rp_str_is(files.items[2].text, "lists/x.txt"));

    packed = rp_files_pack(&arena, &files);
    assert_int_equal(rp_files_unpack(&arena, packed, &again, &err), 0);
    assert_int_equal(again.count, 3);
    assert_true(rp_str_is(again.items[2].text, "lists/x.txt"));
    for (size_t len = 0; len < packed.len; len++) { /* no prefix crashes; most are refused */
        struct rp_str part = rp_arena_str(&arena, (struct rp_str){packed.ptr, len});

        (void)rp_files_unpack(&arena, part, &again, &err);
    }
    assert_int_equal(rp_files_unpack(&arena, RP_STR("x"), &again, &err), RIPEN_EINPUT);
    assert_int_equal(rp_files_read(&arena, "/nowhere/at/all", &files, &err), RIPEN_EIO);
    assert_non_null(strstr(err.text, "/nowhere/at/all"));
    rp_arena_fini(&arena);
    for (size_t i = 0; i < RP_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/lists", dir);
    rmdir(path);
    rmdir(dir);
}

static void test_file_size(void **state)
{
    char dir[] = "/tmp/ripen-files-XXXXXX", path[300];
    struct rp_buf text = {0};
    struct rp_arena arena;
    struct rp_files files;
    struct rp_err err;

    (void)state;
    assert_non_null(mkdtemp(dir));
    rp_buf_reserve(&text, RP_RULE_FILE_MAX + 2);
    memset(text.ptr, ' ', RP_RULE_FILE_MAX + 1);
    text.ptr[RP_RULE_FILE_MAX] = '\0';
    rp_arena_init(&arena);
    write_file(dir, "a.lua", text.ptr);
    assert_int_equal(rp_files_read(&arena, dir, &files, &err), 0);
    text.ptr[RP_RULE_FILE_MAX] = ' ';
    text.ptr[RP_RULE_FILE_MAX + 1] = '\0';
    write_file(dir, "a.lua", text.ptr);
    assert_int_equal(rp_files_read(&arena, dir, &files, &err), RIPEN_ELIMIT);
    rp_arena_fini(&arena);
    rp_buf_fini(&text);
    snprintf(path, sizeof path, "%s/a.lua", dir);
    unlink(path);
    rmdir(dir);
}

/* Each bound of a number in rules, at it and past it. */
static void test_bounds(void **state)
{
    static const struct {
        const char *text;
        const char *code; /* NULL: it is taken */
    } cases[] = {
        {"score \"a\" { why = \"a\", on = \"x\", points = 1000000 }", NULL},
        {"score \"a\" { why = \"a\", on = \"x\", points = 1000001 }", "E015"},
        {"score \"a\" { why = \"a\", on = \"x\", points = -1000001 }", "E015"},
        {"score \"a\" { why = \"a\", on = \"x\", points = 1, limit = { times = 256 } }", NULL},
        {"score \"a\" { why = \"a\", on = \"x\", points = 1, limit = { times = 257 } }", "E015"},
        {"score \"a\" { why = \"a\", on = \"x\", points = 1, limit = { times = 1.5 } }", "E015"},
        {"exclude \"a\" { when = did(\"x\", { times = 256, ever = true }) }", NULL},
        {"exclude \"a\" { when = did(\"x\", { times = 257, ever = true }) }", "E015"},
        {"exclude \"a\" { when = some(2, { known(), known() }) }", NULL},
        {"exclude \"a\" { when = some(3, { known(), known() }) }", "E015"},
        {"local s = (\"x\"):rep(1024 * 1024)\nexclude \"a\" { when = known() }", NULL},
        {"local s = (\"x\"):rep(1024 * 1024 + 1)\nexclude \"a\" { when = known() }", "E002"},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct loaded l;

        load_text(&l, cases[i].text);
        if (cases[i].code ? load_finding(&l, cases[i].code) == NULL : l.status != 0)
            fail_msg("%s: %s", cases[i].text, l.err.text);
        load_end(&l);
    }
}

static void test_number_of_files(void **state)
{
    struct rp_buf packed = {0};
    struct rp_arena arena;
    struct rp_files files;
    struct rp_err err;

    (void)state;
    rp_arena_init(&arena);
    rp_buf_text(&packed, "ripen files 1\n");
    for (int i = 0; i < RP_RULE_FILES_MAX; i++)
        rp_buf_text(&packed, "1 0\na");
    assert_int_equal(rp_files_unpack(&arena, rp_buf_view(&packed), &files, &err), 0);
    assert_int_equal(files.count, RP_RULE_FILES_MAX);
    rp_buf_text(&packed, "1 0\na");
    assert_int_equal(rp_files_unpack(&arena, rp_buf_view(&packed), &files, &err), RIPEN_ELIMIT);
    rp_buf_fini(&packed);
    rp_arena_fini(&arena);
}

static void test_hash_names_the_bytes(void **state)
{
    struct loaded a, b;

    (void)state;
    load_text(&a, "score \"a\" { why = \"a\", on = \"x\", points = 1 }\n");
    load_text(&b, "score \"a\" { why = \"a\", on = \"x\", points = 1 } \n");
    load_must_succeed(&a);
    load_must_succeed(&b);
    assert_int_equal(strlen(a.rules->hash), 64);
    assert_string_not_equal(a.rules->hash, b.rules->hash);
    load_end(&a);
    load_end(&b);
}

int rp_test_load(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score),
        cmocka_unit_test(test_points_of_several_dimensions),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_counters_are_shared),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_many_traits),
        cmocka_unit_test(test_events_and_excludes),
        cmocka_unit_test(test_lookup_and_segment),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_all_findings_at_once),
        cmocka_unit_test(test_findings_are_bounded),
        cmocka_unit_test(test_printed_finding),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_one_broken_file_hides_no_names),
        cmocka_unit_test(test_directory),
        cmocka_unit_test(test_file_size),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_number_of_files),
        cmocka_unit_test(test_hash_names_the_bytes),
    };

    return cmocka_run_group_tests_name("load", tests, NULL, NULL) + rp_test_load_match() +
           rp_test_load_vm() + rp_test_load_config() + rp_test_slip() + rp_test_diff() +
           rp_test_reads() + rp_test_findings() + rp_test_load_bounds();
}
