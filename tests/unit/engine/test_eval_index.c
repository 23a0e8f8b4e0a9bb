/* SPDX-License-Identifier: MIT */
/* The index finds what asking every rule finds, in declaration order, and its cost does not grow
 * with rules that cannot match. */
#include "engine/eval.h"
#include "unit/engine/eval_rig.h"
#include "unit/engine/groups.h"

static const char *const ons[] = {"'page'", "'A'", "'B'", "'*'", "{ 'page', 'A' }", "{ 'B', '*' }"};

static void random_rule(struct rp_buf *out, struct rig_random *random, unsigned number)
{
    uint32_t a = rig_random(random, 40), b = rig_random(random, 40);

    rp_buf_printf(out, "score 'r%u' { why = 'R', points = 1, on = %s", number,
                  ons[rig_random(random, (uint32_t)RP_COUNT(ons))]);
    switch (rig_random(random, 11)) {
    case 0:
        break;
    case 1:
        rp_buf_printf(out, ", when = { path = '/p%u' }", a);
        break;
    case 2:
        rp_buf_printf(out, ", when = { path = one_of { '/p%u', '/P%u' }, kind = 'k%u' }", a, b,
                      b % 4);
        break;
    case 3:
        rp_buf_printf(out, ", when = { path = glob '/p%u*' }", a % 10);
        break;
    case 4:
        rp_buf_printf(out, ", when = { path = starts_with '/P%u' }", a % 4);
        break;
    case 5:
        rp_buf_printf(out, ", when = { n = %u }", a % 5);
        break;
    case 6:
        rp_buf_printf(out, ", when = any { { path = '/p%u' }, { kind = 'k%u' } }", a, b % 4);
        break;
    case 7:
        rp_buf_printf(out, ", when = { kind = any { 'k%u', glob 'k%u*' }, n = gte(2) }", a % 4,
                      b % 4);
        break;
    case 8:
        rp_buf_printf(out, ", when = { path = ne '/p%u', kind = exact 'K%u' }", a, b % 4);
        break;
    case 9:
        rp_buf_printf(out, ", when = { ['lead.title'] = 't%u' }", a % 4);
        break;
    default:
        rp_buf_printf(out, ", when = { path = glob '*%u' }", a % 10);
        break;
    }
    rp_buf_text(out, " }\n");
}

static struct rp_event random_event(struct rig *rig, struct rig_random *random, unsigned number)
{
    static const char *const types[] = {"page", "track", "track", "screen", "identify"};
    uint32_t type = rig_random(random, 5), a = rig_random(random, 40);
    struct rp_buf rest = {0};
    struct rp_event event;
    char id[16];

    snprintf(id, sizeof(id), "m%05u", number);
    if (type == 1 || type == 2)
        rp_buf_printf(&rest, ",\"event\":\"%s\"", type == 1 ? "A" : "B");
    if (type == 4)
        rp_buf_printf(&rest, ",\"traits\":{\"title\":\"T%u\"}", a % 4);
    else
        rp_buf_printf(
            &rest, ",\"properties\":{\"path\":%s\"/p%u\"%s,\"kind\":\"%c%u\",\"n\":\"%u\"}",
            a % 7 ? "" : "[\"/x\",", a, a % 7 ? "" : "]", a % 2 ? 'k' : 'K', a % 4, a % 6);
    event = rig_event(rig, types[type], id, number, number, rp_buf_view(&rest));
    rp_buf_fini(&rest);
    return event;
}

static bool is_on(const struct rp_scratch *s, const struct rp_score *score)
{
    for (uint32_t i = 0; i < score->on_count; i++) {
        for (uint32_t k = 0; k < s->kind_count; k++) {
            if (score->on[i] == s->kinds[k])
                return true;
        }
    }
    return false;
}

static bool holds(struct rp_scratch *s, const struct rp_score *score)
{
    return !score->when || rp_cond_eval(s, score->when) == RP_TRUE;
}

static void index_finds_what_a_scan_finds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct rig_random random = {seed};
        struct rp_buf lua = {0};
        struct rp_lead lead;
        struct rig rig;

        rp_buf_text(&lua, "dimension 'engagement' { decay = 'none' }\n");
        for (unsigned i = 0; i < 300; i++)
            random_rule(&lua, &random, i);
        rig_open(&rig, rp_buf_view(&lua));
        rp_lead_init(&lead);
        for (unsigned i = 0; i < 200; i++) {
            struct rp_event event = random_event(&rig, &random, i);
            struct rp_scratch *s = rig.fold.scratch;
            struct rp_decision decision = {0};
            uint32_t count, next = 0;

            rp_fold_event(&rig.fold, &lead, &event, &decision);
            count = rp_candidates(s);
            for (uint32_t r = 0; r < rig.rules->score_count; r++) {
                const struct rp_score *score = &rig.rules->scores[r];
                bool candidate = next < count && s->candidates[next] == r;

                next += candidate;
                if (is_on(s, score) && holds(s, score) && !candidate)
                    fail_msg("seed %llu: rule %u is not found for %.*s", (unsigned long long)seed,
                             r, RP_STR_ARG(event.body));
                if (candidate && !is_on(s, score))
                    fail_msg("seed %llu: rule %u is not on this event", (unsigned long long)seed,
                             r);
            }
            /* All were met on the way up: ascending, none twice. */
            assert_int_equal(next, count);
        }
        rp_lead_fini(&lead);
        rig_close(&rig);
        rp_buf_fini(&lua);
    }
}

/* Rules of which two match, however many others there are. */
static double cost_of(unsigned rules, uint32_t *ret_candidates)
{
    struct rp_buf lua = {0};
    struct rp_event events[64];
    struct rp_lead lead;
    struct rig rig;
    double best = 1e9;

    rp_buf_text(&lua, "dimension 'engagement' { half_life = '30d' }\n");
    for (unsigned i = 0; i < rules; i++)
        rp_buf_printf(
            &lua,
            "score 'r%u' { why = 'R', on = 'page', when = { path = %s'/p/%u%s', n = gte(1) },"
            " points = 1 }\n",
            i, i % 2 ? "glob " : "", i, i % 2 ? "/*" : "");
    rig_open(&rig, rp_buf_view(&lua));
    rp_lead_init(&lead);
    for (unsigned i = 0; i < RP_COUNT(events); i++) {
        char id[16];

        snprintf(id, sizeof(id), "m%05u", i);
        events[i] = rig_event(&rig, "page", id, i, i,
                              i % 2 ? RP_STR(",\"properties\":{\"path\":\"/p/3/x\",\"n\":2}")
                                    : RP_STR(",\"properties\":{\"path\":\"/p/4\",\"n\":2}"));
    }
    for (int round = 0; round < 20; round++) {
        int64_t start = rp_mono_us();

        for (unsigned i = 0; i < 64 * 20; i++) {
            struct rp_decision decision = {0};

            rp_fold_event(&rig.fold, &lead, &events[i % 64], &decision);
            assert_int_equal(decision.grant_count, 1);
        }
        if ((double)(rp_mono_us() - start) < best)
            best = (double)(rp_mono_us() - start);
    }
    *ret_candidates =
        rp_index_plan(rig.rules, rp_rules_kind(rig.rules, RP_STR("page"))).max_candidates;
    rp_lead_fini(&lead);
    rig_close(&rig);
    rp_buf_fini(&lua);
    return best * 1000 / (64 * 20);
}

static void cost_does_not_grow_with_rules(void **state)
{
    uint32_t candidates;
    double few = cost_of(20, &candidates), many;

    (void)state;
    assert_in_range(candidates, 1, 12);
    many = cost_of(2000, &candidates);
    assert_in_range(candidates, 1, 12);
    print_message("an event: %.0f ns with 20 rules, %.0f ns with 2,000\n", few, many);
#ifndef RP_SANITIZED
    assert_true(many < few * 3); /* the bench tells the ratio; here only the order of growth */
#endif
}

static void plan_tells_the_index(void **state)
{
    struct rp_index_plan plan;
    struct rig rig;

    (void)state;
    rig_open(&rig,
             RP_STR("dimension 'engagement' { decay = 'none' }\n"
                    "score 'a' { why = 'A', on = 'page', when = { path = '/a' }, points = 1 }\n"
                    "score 'b' { why = 'B', on = 'page', when = { path = '/b' }, points = 1 }\n"
                    "score 'c' { why = 'C', on = 'page', when = { path = '/b' }, points = 1 }\n"
                    "score 'd' { why = 'D', on = 'page', points = 1 }\n"
                    "score 'e' { why = 'E', on = 'page', points = 1, enabled = false }\n"));
    plan = rp_index_plan(rig.rules, rp_rules_kind(rig.rules, RP_STR("page")));
    assert_int_equal(plan.rules, 4);
    assert_int_equal(plan.indexed, 3);
    assert_int_equal(plan.max_candidates, 3);
    assert_int_equal(plan.field_count, 1);
    assert_true(rp_str_is(rig.rules->fields[plan.fields[0]].name, "path"));
    rig_close(&rig);
}

int rp_test_eval_index(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(index_finds_what_a_scan_finds),
        cmocka_unit_test(cost_does_not_grow_with_rules),
        cmocka_unit_test(plan_tells_the_index),
    };

    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
