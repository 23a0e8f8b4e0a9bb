/* SPDX-License-Identifier: MIT */
/* What the runner of the authors' tests asks of the evaluation: whether a value is as expected,
 * which score rules an event asked, which band of a fit holds. Reads the fold and changes nothing
 * in a lead. */
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"
#include "engine/tests.h"

static bool holds(struct rp_fold *fold, const struct rp_matcher *match, struct rp_atom *atom)
{
    struct rp_scratch *s = fold->scratch;
    struct rp_value value = {atom, 1};

    s->arena = fold->arena;
    s->fold = fold;
    return rp_match(s, match, atom ? &value : NULL) == RP_TRUE;
}

bool rp_test_text_holds(struct rp_fold *fold, const struct rp_matcher *match, struct rp_str text)
{
    struct rp_atom atom = {.type = RP_STRING, .text = text};

    return holds(fold, match, text.ptr ? &atom : NULL);
}

bool rp_test_milli_holds(struct rp_fold *fold, const struct rp_matcher *match, int64_t milli)
{
    struct rp_atom atom = {.type = RP_NUMBER, .number = (double)milli / RP_MILLI};

    return holds(fold, match, &atom);
}

/* The kinds of the event folded last are still bound. */
void rp_test_asked(struct rp_fold *fold, const struct rp_decision *decision, uint8_t *marks)
{
    const struct rp_scratch *s = fold->scratch;
    const struct rp_rules *rules = fold->rules;

    memset(marks, 0, rules->score_count);
    if (decision->excluded)
        return;
    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        for (uint32_t o = 0; o < score->on_count && !marks[i]; o++)
            for (uint32_t k = 0; k < s->kind_count; k++)
                if (s->kinds[k] == score->on[o])
                    marks[i] = RP_ASKED;
    }
    for (size_t i = 0; i < decision->grant_count; i++) {
        const struct rp_grant *grant = &decision->grants[i];
        bool shadow = grant->asked != 0 && rp_str_is(grant->cut, "shadow");

        if (grant->model == fold->model && (grant->granted != 0 || shadow))
            marks[grant->rule] |= RP_GAVE;
    }
}

static void bind(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms)
{
    struct rp_scratch *s = fold->scratch;

    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
}

void rp_test_bands(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms,
                   uint32_t *ret_bands)
{
    bind(fold, lead, now_ms);
    for (uint32_t i = 0; i < fold->rules->fit_count; i++)
        ret_bands[i] = rp_fit_band(fold->scratch, i);
}

struct rp_str rp_test_top(struct rp_fold *fold, const struct rp_lead *lead, uint32_t dim,
                          int64_t now_ms)
{
    bind(fold, lead, now_ms);
    return rp_score_top(fold->scratch, dim);
}

int64_t rp_test_by(struct rp_fold *fold, const struct rp_lead *lead, uint32_t dim,
                   struct rp_str key, int64_t now_ms)
{
    struct rp_str folded = rp_text_fold(fold->arena, key);
    struct rp_by_score *scores;
    uint32_t count;

    bind(fold, lead, now_ms);
    count = rp_score_by(fold->scratch, dim, &scores);
    for (uint32_t i = 0; i < count; i++)
        if (rp_str_eq(scores[i].folded, folded))
            return scores[i].value;
    return 0;
}

bool rp_test_trait(struct rp_fold *fold, const struct rp_lead *lead, struct rp_str key,
                   int64_t now_ms, struct rp_str *ret_text)
{
    uint32_t field = rp_lead_key_field(fold->rules, key);

    return field != RP_NONE && rp_lead_field(fold, lead, field, now_ms, ret_text);
}
