/* SPDX-License-Identifier: MIT */
/* What every event of a frequent kind pays for: rules that nothing of the event can rule out, and
 * functions in Lua without a condition in front. Reads the index; a few such rules are no matter.
 */
#include "engine/index.h"
#include "engine/lint.h"

enum { UNINDEXED_MAX = 50 };

/* Kinds that visitors send all the time; a track is somebody doing something. */
static bool is_frequent(const struct rp_kind *kind)
{
    return kind->any || kind->type == RP_PAGE || kind->type == RP_SCREEN;
}

static const char *called(const struct rp_kind *kind)
{
    return kind->any ? "event" : kind->type == RP_PAGE ? "page" : "screen";
}

static void lint_kind(struct rp_diagnosis *diagnosis, const struct rp_rules *rules, uint32_t kind)
{
    const struct rp_dispatch *dispatch = &rules->index->dispatch[kind];
    const struct rp_score *last;

    if (dispatch->rest_count <= UNINDEXED_MAX)
        return;
    last = &rules->scores[dispatch->rest[dispatch->rest_count - 1]];
    rp_diagnose(diagnosis, RP_CODE_NOT_INDEXED, last->place, 5,
                RP_STR("compare a field with a value or a beginning: path = glob \"/x*\""),
                "score \"%.*s\" is one of %u rules that look at every %s; nothing in their `when` "
                "tells at once which can fire",
                RP_STR_ARG(last->name), dispatch->rest_count, called(&rules->kinds[kind]));
}

static void lint_test(struct rp_diagnosis *diagnosis, const struct rp_rules *rules,
                      const struct rp_score *score)
{
    if (!score->enabled || score->test == RP_NONE || score->when != NULL)
        return;
    for (uint32_t i = 0; i < score->on_count; i++) {
        const struct rp_kind *kind = &rules->kinds[score->on[i]];

        if (!is_frequent(kind))
            continue;
        rp_diagnose(diagnosis, RP_CODE_LUA_ALWAYS, score->place, 5,
                    RP_STR("add a `when` that most of them fail"),
                    "score \"%.*s\" runs its test in Lua for every %s", RP_STR_ARG(score->name),
                    called(kind));
        return;
    }
}

void rp_lint_dispatch(struct rp_diagnosis *diagnosis, const struct rp_rules *rules)
{
    for (uint32_t i = 0; i < rules->kind_count; i++)
        if (is_frequent(&rules->kinds[i]))
            lint_kind(diagnosis, rules, i);
    for (uint32_t i = 0; i < rules->score_count; i++)
        lint_test(diagnosis, rules, &rules->scores[i]);
}
