/* SPDX-License-Identifier: MIT */
/* What a database says about rules: names that never came and what comes instead, rules that no
 * event fires, rules that were taken away where a new one asks the same. Reads compiled rules and
 * counts (census.h). */
#include "base/text.h"
#include "engine/census.h"
#include "engine/index.h"

#include <stdlib.h>

#define NAME(thing) RP_STR_ARG((thing).name)

struct told {
    struct rp_diagnosis *diagnosis;
    const struct rp_rules *rules;
    const struct rp_census *census;
    struct rp_census_spot *spots; /* [field] */
};

/* ---- What comes instead ---------------------------------------------------------------------- */

/* Letters and digits alone, folded: "Demo_Requested" and "demo requested" are one. */
static struct rp_str letters_of(struct rp_arena *arena, struct rp_str name)
{
    struct rp_str folded = rp_text_fold(arena, name);
    char *kept = RP_ARENA_ARRAY(arena, char, folded.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < folded.len; i++)
        if (strchr(" _-.", folded.ptr[i]) == NULL)
            kept[len++] = folded.ptr[i];
    return (struct rp_str){kept, len};
}

enum { NEAR_LEN_MIN = 5 };

/* 0: the same letters; 1 or 2: so many apart; 3: another name. */
static int distance(struct rp_arena *arena, struct rp_str a, struct rp_str b)
{
    a = letters_of(arena, a);
    b = letters_of(arena, b);
    if (rp_str_eq(a, b))
        return 0;
    return a.len < NEAR_LEN_MIN || b.len < NEAR_LEN_MIN ? 3 : rp_text_distance(a, b, 2);
}

/* "the database has 'demo requested', 204 times"; "" when nothing is near. */
static struct rp_str near_hint(const struct told *told, struct rp_str name,
                               const struct rp_census_name *names, uint32_t count, const char *unit)
{
    const struct rp_census_name *best = NULL;
    struct rp_arena scratch;
    int least = 3;

    for (uint32_t i = 0; i < count; i++) {
        int apart;

        rp_arena_init(&scratch);
        apart = distance(&scratch, name, names[i].name);
        rp_arena_fini(&scratch);
        if (apart > least || (apart == least && (best == NULL || names[i].count <= best->count)))
            continue;
        if (apart == 3)
            continue;
        least = apart;
        best = &names[i];
    }
    if (best == NULL)
        return RP_STR("");
    return rp_arena_printf(told->diagnosis->arena, "the database has '%.*s' (%llu %s%s)",
                           NAME(*best), (unsigned long long)best->count, unit,
                           best->count == 1 ? "" : "s");
}

/* ---- Events ---------------------------------------------------------------------------------- */

static void tell_kind(const struct told *told, const struct rp_kind *kind)
{
    struct rp_str hint;

    if (kind->any || kind->type != RP_TRACK || kind->place.line == 0 ||
        rp_census_kind(told->census, kind) > 0)
        return;
    hint =
        near_hint(told, kind->name, told->census->event_names, told->census->event_count, "time");
    rp_diagnose(told->diagnosis, RP_CODE_NO_SUCH_EVENT, kind->place, (int)kind->name.len + 2,
                hint.len > 0 ? hint
                             : RP_STR("correct its spelling, or wait until such events come"),
                "the event \"%.*s\" never came", NAME(*kind));
}

/* ---- Traits ---------------------------------------------------------------------------------- */

static void note(struct rp_census_spot *spot, struct rp_place place, int width)
{
    if (!spot->read || (spot->place.line == 0 && place.line > 0))
        *spot = (struct rp_census_spot){.read = true, .place = place, .width = width};
}

static void note_cond(const struct rp_rules *rules, struct rp_census_spot *spots,
                      const struct rp_cond *cond)
{
    if (cond == NULL)
        return;
    if (cond->op == RP_COND_FIELD)
        note(&spots[cond->field], cond->place, (int)rules->fields[cond->field].key.len);
    for (uint32_t i = 0; cond->op == RP_COND_FILLED && i < cond->name_count; i++)
        note(&spots[cond->fields[i]], cond->place, 6);
    for (uint32_t i = 0; i < cond->part_count; i++)
        note_cond(rules, spots, &cond->parts[i]);
}

/* Texts show fields too; those without a place are not told of: they have a default, or are told
 * of without a database. */
static void note_template(struct rp_census_spot *spots, const struct rp_template *text)
{
    for (uint32_t i = 0; i < text->count; i++)
        if (text->parts[i].field != RP_NONE)
            note(&spots[text->parts[i].field], (struct rp_place){0}, 1);
}

static void note_tree(struct rp_census_spot *spots, const struct rp_tree *tree)
{
    if (tree == NULL)
        return;
    note_template(spots, &tree->text);
    for (uint32_t i = 0; i < tree->part_count; i++)
        note_tree(spots, &tree->parts[i]);
}

static void note_email(const struct rp_rules *rules, struct rp_census_spot *spots,
                       const struct rp_email_part *email)
{
    if (email == NULL)
        return;
    note_template(spots, &email->subject);
    note_template(spots, &email->from);
    note_template(spots, &email->reply_to);
    note_cond(rules, spots, email->unless);
    if (email->template != RP_NONE) {
        note_template(spots, &rules->mails[email->template].subject);
        note_template(spots, &rules->mails[email->template].text);
        note_template(spots, &rules->mails[email->template].html);
    }
}

static void note_part(const struct rp_rules *rules, struct rp_census_spot *spots,
                      const struct rp_action_part *part)
{
    note_template(spots, &part->text);
    note_tree(spots, part->body);
    note_email(rules, spots, part->email);
}

static void note_action(const struct rp_rules *rules, struct rp_census_spot *spots,
                        const struct rp_action *action)
{
    note_cond(rules, spots, action->when);
    for (uint32_t i = 0; i < action->part_count; i++)
        note_part(rules, spots, &action->parts[i]);
}

static void note_item(const struct rp_rules *rules, struct rp_census_spot *spots,
                      const struct rp_step_item *item)
{
    if (item->part)
        note_part(rules, spots, item->part);
    note_cond(rules, spots, item->until);
    for (uint32_t i = 0; i < item->way_count; i++)
        note_cond(rules, spots, item->ways[i].when);
}

static void note_sequence(const struct rp_rules *rules, struct rp_census_spot *spots,
                          const struct rp_sequence *sequence)
{
    for (uint32_t i = 0; i < sequence->start_count; i++)
        note_cond(rules, spots, sequence->starts[i].cond);
    for (uint32_t i = 0; i < sequence->exit_count; i++)
        note_cond(rules, spots, sequence->exits[i].cond);
    for (uint32_t i = 0; i < sequence->step_count; i++)
        for (uint32_t j = 0; j < sequence->steps[i].item_count; j++)
            note_item(rules, spots, &sequence->steps[i].items[j]);
}

static void note_fit(const struct rp_rules *rules, struct rp_census_spot *spots,
                     const struct rp_fit *fit)
{
    note_cond(rules, spots, fit->when);
    if (fit->op != RP_FIT_WHEN && fit->field != RP_NONE &&
        (fit->measure == RP_MEASURE_FIELD || fit->measure == RP_MEASURE_YEARS_SINCE))
        note(&spots[fit->field], fit->place, 3);
}

struct rp_census_spot *rp_census_spots(struct rp_arena *arena, const struct rp_rules *rules)
{
    struct rp_census_spot *spots =
        RP_ARENA_ARRAY(arena, struct rp_census_spot, rules->field_count + 1);

    for (uint32_t i = 0; i < rules->score_count; i++)
        note_cond(rules, spots, rules->scores[i].when);
    for (uint32_t i = 0; i < rules->fit_count; i++)
        note_fit(rules, spots, &rules->fits[i]);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        note_cond(rules, spots, rules->stages[i].enter);
        note_cond(rules, spots, rules->stages[i].leave);
    }
    for (uint32_t i = 0; i < rules->exclude_count; i++)
        note_cond(rules, spots, rules->excludes[i].when);
    for (uint32_t i = 0; i < rules->action_count; i++)
        note_action(rules, spots, &rules->actions[i]);
    for (uint32_t i = 0; i < rules->sequence_count; i++)
        note_sequence(rules, spots, &rules->sequences[i]);
    for (uint32_t i = 0; i < rules->segment_count; i++)
        note_cond(rules, spots, rules->segments[i].when);
    return spots;
}

static void tell_field(const struct told *told, uint32_t number)
{
    const struct rp_field *field = &told->rules->fields[number];
    struct rp_str hint;

    if (field->home != RP_FIELD_TRAIT || told->spots[number].place.line == 0 ||
        told->census->with_field[number] > 0 || number == told->rules->email_domain_field)
        return;
    hint = near_hint(told, field->key, told->census->traits, told->census->trait_count, "lead");
    rp_diagnose(told->diagnosis, RP_CODE_NO_SUCH_TRAIT, told->spots[number].place,
                told->spots[number].width,
                hint.len > 0 ? hint : RP_STR("correct its spelling, or wait until leads have it"),
                "no lead has '%.*s'", RP_STR_ARG(field->key));
}

/* ---- Rules that nothing fires ---------------------------------------------------------------- */

static void tell_score(const struct told *told, uint32_t number)
{
    const struct rp_score *score = &told->rules->scores[number];
    uint64_t events = 0;

    if (!score->enabled || told->census->fired[number] > 0)
        return;
    for (uint32_t i = 0; i < score->on_count; i++)
        events += rp_census_kind(told->census, &told->rules->kinds[score->on[i]]);
    if (events == 0)
        return; /* that the event never came is told of itself */
    rp_diagnose(told->diagnosis, RP_CODE_NEVER_FIRED, score->place, 5,
                RP_STR("compare its `when` with what the events hold: ripen why-not LEAD RULE"),
                "none of %llu events fires score \"%.*s\"", (unsigned long long)events,
                NAME(*score));
}

/* ---- Rules that look at all events of a frequent kind ------------------------------------------
 */

enum { UNINDEXED_MAX = 50, FREQUENT_PART = 10 }; /* a tenth of all events */

/* Pages and "*" are told of without a database. */
static void tell_unindexed(const struct told *told, uint32_t kind)
{
    const struct rp_dispatch *dispatch = &told->rules->index->dispatch[kind];
    uint64_t events = rp_census_kind(told->census, &told->rules->kinds[kind]);
    const struct rp_score *last;

    if (told->rules->kinds[kind].type != RP_TRACK || told->rules->kinds[kind].any ||
        dispatch->rest_count <= UNINDEXED_MAX || events * FREQUENT_PART < told->census->events)
        return;
    last = &told->rules->scores[dispatch->rest[dispatch->rest_count - 1]];
    rp_diagnose(told->diagnosis, RP_CODE_NOT_INDEXED, last->place, 5,
                RP_STR("compare a field with a value or a beginning: form = \"demo\""),
                "score \"%.*s\" is one of %u rules that look at every \"%.*s\", which came %llu "
                "times; nothing in their `when` tells at once which can fire",
                NAME(*last), dispatch->rest_count, NAME(told->rules->kinds[kind]),
                (unsigned long long)events);
}

/* ---- Rules that look renamed ----------------------------------------------------------------- */

/* A score or fit by what it asks. */
struct rule {
    struct rp_str name, was, why, asks;
    struct rp_place place;
    const char *kind;
};

static int compare_names(const void *left, const void *right)
{
    const struct rule *a = left, *b = right;

    return rp_str_cmp(a->name, b->name);
}

static struct rp_str asks_of_score(struct rp_arena *arena, const struct rp_rules *rules,
                                   const struct rp_score *score)
{
    struct rp_buf text = {0};
    struct rp_str asks;

    for (uint32_t i = 0; i < score->on_count; i++) {
        rp_buf_str(&text, rules->kinds[score->on[i]].name);
        rp_buf_char(&text, '\n');
    }
    if (score->when)
        rp_buf_str(&text, score->when->text);
    asks = rp_arena_str(arena, rp_buf_view(&text));
    rp_buf_fini(&text);
    return asks;
}

static struct rp_str asks_of_fit(const struct rp_rules *rules, const struct rp_fit *fit)
{
    if (fit->when)
        return fit->when->text;
    return fit->measure == RP_MEASURE_FIELD && fit->field != RP_NONE ? rules->fields[fit->field].key
                                                                     : RP_STR("");
}

/* All rules of a set, sorted by name. */
static struct rule *rules_of(struct rp_arena *arena, const struct rp_rules *rules,
                             uint32_t *ret_count)
{
    struct rule *list = RP_ARENA_ARRAY(arena, struct rule, rules->score_count + rules->fit_count);
    uint32_t count = 0;

    for (uint32_t i = 0; i < rules->score_count; i++) {
        const struct rp_score *score = &rules->scores[i];

        list[count++] =
            (struct rule){score->name,  score->was, score->why, asks_of_score(arena, rules, score),
                          score->place, "score"};
    }
    for (uint32_t i = 0; i < rules->fit_count; i++) {
        const struct rp_fit *fit = &rules->fits[i];

        list[count++] = (struct rule){fit->name,  fit->was, fit->why, asks_of_fit(rules, fit),
                                      fit->place, "fit"};
    }
    if (count > 1)
        qsort(list, count, sizeof *list, compare_names);
    *ret_count = count;
    return list;
}

static bool has_name(const struct rule *list, uint32_t count, struct rp_str name)
{
    struct rule key = {.name = name};

    return count > 0 && bsearch(&key, list, count, sizeof key, compare_names) != NULL;
}

/* Two of: the same sentence, the same question, nearly the same name. */
static bool resembles(const struct rule *old, const struct rule *now)
{
    size_t longer = old->name.len > now->name.len ? old->name.len : now->name.len;
    int most = (int)(longer / 3);
    int points = 0;

    if (strcmp(old->kind, now->kind) != 0)
        return false;
    points += old->why.len > 0 && rp_str_eq(old->why, now->why);
    points += old->asks.len > 0 && rp_str_eq(old->asks, now->asks);
    points += rp_text_distance(old->name, now->name, most) <= most;
    return points >= 2;
}

enum { GONE_MAX = 200 }; /* beyond it, this is another rule set */

static void tell_renamed(const struct told *told)
{
    struct rp_arena arena;
    uint32_t old_count, now_count, gone = 0;
    struct rule *old, *now;

    rp_arena_init(&arena);
    old = rules_of(&arena, told->census->before, &old_count);
    now = rules_of(&arena, told->rules, &now_count);
    for (uint32_t i = 0; i < old_count && gone < GONE_MAX; i++) {
        bool taken = has_name(now, now_count, old[i].name);

        for (uint32_t j = 0; !taken && j < now_count; j++)
            taken = rp_str_eq(now[j].was, old[i].name);
        if (taken)
            continue;
        gone++;
        for (uint32_t j = 0; j < now_count; j++) {
            if (now[j].was.len > 0 || has_name(old, old_count, now[j].name) ||
                !resembles(&old[i], &now[j]))
                continue;
            rp_diagnose(told->diagnosis, RP_CODE_RENAMED, now[j].place, (int)strlen(now[j].kind),
                        rp_arena_printf(told->diagnosis->arena, "add was = \"%.*s\"", NAME(old[i])),
                        "%s \"%.*s\" looks like \"%.*s\", which is gone: without `was`, its "
                        "reports and limits begin anew",
                        now[j].kind, NAME(now[j]), NAME(old[i]));
            break;
        }
    }
    rp_arena_fini(&arena);
}

void rp_lint_census(struct rp_diagnosis *diagnosis, const struct rp_rules *rules,
                    const struct rp_census *census)
{
    struct told told = {.diagnosis = diagnosis, .rules = rules, .census = census};

    if (census->before)
        tell_renamed(&told);
    if (census->events == 0)
        return;
    told.spots = rp_census_spots(diagnosis->arena, rules);
    for (uint32_t i = 0; i < rules->kind_count; i++) {
        tell_kind(&told, &rules->kinds[i]);
        tell_unindexed(&told, i);
    }
    for (uint32_t i = 0; i < rules->field_count; i++)
        tell_field(&told, i);
    for (uint32_t i = 0; i < rules->score_count; i++)
        tell_score(&told, i);
}
