/* SPDX-License-Identifier: MIT */
/* Fields that rules read: columns that no look-up gives, scores that no dimension holds, traits
 * that are almost a known one, texts where numbers are counted. Each field is judged once, where it
 * is read first. */
#include "base/text.h"
#include "engine/lint.h"
#include "engine/scan.h"

#define NAME(thing) RP_STR_ARG((thing).name)

struct fields {
    struct rp_compile *compile;
    struct rp_place *places; /* [field] where it is read first; line 0: nowhere that is known */
};

static bool is_before(struct rp_place a, struct rp_place b)
{
    return a.file != b.file   ? a.file < b.file
           : a.line != b.line ? a.line < b.line
                              : a.column < b.column;
}

static void note(struct fields *fields, uint32_t field, struct rp_place place)
{
    if (field == RP_NONE || place.line == 0)
        return;
    if (fields->places[field].line == 0 || is_before(place, fields->places[field]))
        fields->places[field] = place;
}

static void note_cond(struct fields *fields, const struct rp_cond *cond)
{
    if (cond == NULL)
        return;
    if (cond->op == RP_COND_FIELD)
        note(fields, cond->field, cond->place);
    for (uint32_t i = 0; cond->op == RP_COND_FILLED && i < cond->name_count; i++)
        note(fields, cond->fields[i], cond->place);
    for (uint32_t i = 0; i < cond->part_count; i++)
        note_cond(fields, &cond->parts[i]);
}

/* The place of a text in a declaration, or of the declaration. */
static struct rp_place place_of(const struct rp_declared *declared, const char *key,
                                const char *inner)
{
    const struct rp_node *node = rp_node_get(&declared->body, key);

    if (node && inner)
        node = rp_node_get(node, inner);
    return node ? node->place : declared->place;
}

static void note_direct(struct fields *fields)
{
    struct rp_compile *compile = fields->compile;
    struct rp_declared *declared;
    uint32_t found, at = 0;

    while ((declared = rp_compile_next(compile, "score", &at)) != NULL) {
        found = rp_map_get(&compile->scores, declared->name);
        if (found == RP_MAP_NONE)
            continue;
        note(fields, compile->rules->scores[found].once_per, place_of(declared, "once_per", NULL));
        note(fields, compile->rules->scores[found].per_field, place_of(declared, "per", "field"));
    }
    at = 0;
    while ((declared = rp_compile_next(compile, "fit", &at)) != NULL) {
        found = rp_map_get(&compile->fits, declared->name);
        if (found != RP_MAP_NONE)
            note(fields, compile->rules->fits[found].field, place_of(declared, "field", NULL));
    }
    at = 0;
    while ((declared = rp_compile_next(compile, "dimension", &at)) != NULL) {
        found = rp_map_get(&compile->dims, declared->name);
        if (found != RP_MAP_NONE)
            note(fields, compile->rules->dims[found].by, place_of(declared, "by", NULL));
    }
}

static void note_all(struct fields *fields)
{
    const struct rp_rules *rules = fields->compile->rules;

    for (uint32_t i = 0; i < rules->score_count; i++)
        note_cond(fields, rules->scores[i].when);
    for (uint32_t i = 0; i < rules->fit_count; i++)
        note_cond(fields, rules->fits[i].when);
    for (uint32_t i = 0; i < rules->counter_count; i++)
        note_cond(fields, rules->counters[i].where);
    for (uint32_t i = 0; i < rules->kind_count; i++)
        for (uint32_t j = 0; j < rules->kinds[i].also_count; j++)
            note_cond(fields, rules->kinds[i].also[j].where);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        note_cond(fields, rules->stages[i].enter);
        note_cond(fields, rules->stages[i].leave);
    }
    for (uint32_t i = 0; i < rules->action_count; i++)
        note_cond(fields, rules->actions[i].when);
    for (uint32_t i = 0; i < rules->exclude_count; i++)
        note_cond(fields, rules->excludes[i].when);
    note_direct(fields);
}

/* Characters of the name or the quoted text that stands there. */
static int width_at(const struct fields *fields, struct rp_place place)
{
    struct rp_scan scan =
        rp_scan_start(rp_source_line(fields->compile->files->items[place.file].text, place.line));
    struct rp_token token;

    do
        token = rp_scan_next(&scan);
    while (token.type != RP_TOKEN_END && token.column < place.column);
    if (token.column != place.column)
        return 1;
    return (int)token.text.len + (token.type == RP_TOKEN_STRING ? 2 : 0);
}

/* ---- Look-ups -------------------------------------------------------------------------------- */

static void judge_event_field(struct fields *fields, const struct rp_field *field,
                              struct rp_place place)
{
    struct rp_compile *compile = fields->compile;

    for (uint32_t i = 0; i < compile->rules->lookup_count; i++) {
        const struct rp_lookup *lookup = &compile->rules->lookups[i];
        struct rp_guess guess;

        if (field->key.len < lookup->name.len + 2 || field->key.ptr[lookup->name.len] != '.' ||
            !rp_str_starts(field->key, lookup->name))
            continue;
        guess = rp_guess((struct rp_str){field->key.ptr + lookup->name.len + 1,
                                         field->key.len - lookup->name.len - 1});
        for (uint32_t j = 0; j < lookup->column_count; j++)
            rp_guess_offer(&guess, lookup->columns[j]);
        rp_compile_report(compile, RP_CODE_COLUMN, place, width_at(fields, place),
                          guess.best.len > 0
                              ? rp_guess_hint(compile->arena, &guess)
                              : RP_STR("add the column to `gives` when the table has it"),
                          "lookup \"%.*s\" gives no '%.*s', so that '%.*s' is read from the event",
                          NAME(*lookup), RP_STR_ARG(guess.wanted), NAME(*field));
    }
}

/* ---- Traits ---------------------------------------------------------------------------------- */

/* Spelled the same but for case and joints: jobtitle, Job-Title. */
static bool is_same_letters(struct rp_str a, struct rp_str b)
{
    size_t i = 0, j = 0;

    for (;;) {
        while (i < a.len && strchr("_-. ", a.ptr[i]))
            i++;
        while (j < b.len && strchr("_-. ", b.ptr[j]))
            j++;
        if (i == a.len || j == b.len)
            return i == a.len && j == b.len;
        if ((a.ptr[i] | 0x20) != (b.ptr[j] | 0x20))
            return false;
        i++;
        j++;
    }
}

static struct rp_str last_part(struct rp_str name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '.')
            return (struct rp_str){name.ptr + i, name.len - i};
    return name;
}

/* Of the part that differs: "county" is no slip of "country", "titel" is one of "title". */
enum { NEAR_LEN_MIN = 7, NEAR_SAME_LEN_MIN = 5 };

static bool is_near(struct rp_str wanted, struct rp_str known)
{
    struct rp_str part = last_part(wanted);
    size_t head = wanted.len - part.len;

    if (is_same_letters(wanted, known))
        return true;
    if (head >= known.len || memcmp(wanted.ptr, known.ptr, head) != 0)
        return false;
    known = (struct rp_str){known.ptr + head, known.len - head};
    return part.len >= (part.len == known.len ? (size_t)NEAR_SAME_LEN_MIN : NEAR_LEN_MIN) &&
           rp_text_distance(part, known, 1) <= 1;
}

static void judge_trait(struct fields *fields, const struct rp_field *field, struct rp_place place)
{
    struct rp_compile *compile = fields->compile;
    uint32_t own = rp_map_get(&compile->spellings, field->key);

    if (field->group_only || own == RP_MAP_NONE || own < compile->known_traits)
        return;
    for (uint32_t i = 0; i < compile->known_traits; i++) {
        const struct rp_trait_names *known = &compile->traits[i];
        struct rp_str near = is_near(field->key, known->name) ? known->name : RP_STR("");

        for (uint32_t j = 0; near.len == 0 && j < known->other_count; j++)
            if (known->others[j].len > 0 && known->others[j].ptr[0] != '@' &&
                is_near(field->key, known->others[j]))
                near = known->others[j];
        if (near.len == 0)
            continue;
        rp_compile_report(compile, RP_CODE_FIELD_NEAR, place, width_at(fields, place),
                          rp_arena_printf(compile->arena, "did you mean '%.*s'?", RP_STR_ARG(near)),
                          "the trait '%.*s' is almost '%.*s', but not the same",
                          RP_STR_ARG(field->key), RP_STR_ARG(near));
        return;
    }
}

/* lead.score.x and lead.x.top are not traits: they name dimensions. */
static bool judge_score(struct fields *fields, const struct rp_field *field, struct rp_place place)
{
    struct rp_compile *compile = fields->compile;
    struct rp_str prefix = RP_STR("score.");

    if (!rp_str_starts(field->key, prefix))
        return false;
    rp_scope_unknown(compile->scope, RP_REF_DIMENSION,
                     (struct rp_str){field->key.ptr + prefix.len, field->key.len - prefix.len},
                     place, width_at(fields, place));
    return true;
}

/* ---- Texts counted as numbers ---------------------------------------------------------------- */

static bool is_text(const struct rp_field *field)
{
    static const char *const traits[] = {"email",
                                         "email_domain",
                                         "first_name",
                                         "last_name",
                                         "title",
                                         "company.name",
                                         "company.industry",
                                         "country",
                                         "timezone",
                                         "language",
                                         "city",
                                         NULL};
    static const char *const pages[] = {"path", "url", "title", "referrer", "search", NULL};
    const char *const *names = field->home == RP_FIELD_TRAIT ? traits : pages;

    if (field->home != RP_FIELD_TRAIT && field->home != RP_FIELD_EVENT)
        return field->home == RP_FIELD_TOUCH;
    for (; *names; names++)
        if (rp_str_is(field->key, *names))
            return true;
    return false;
}

static void judge_number(const struct fields *fields, const char *what, struct rp_str name,
                         uint32_t field, struct rp_place place)
{
    struct rp_compile *compile = fields->compile;

    if (field == RP_NONE || !is_text(&compile->rules->fields[field]))
        return;
    rp_compile_report(compile, RP_CODE_TEXT_NUMBER, place, width_at(fields, place),
                      RP_STR("count another field, or compare it with texts"),
                      "%s \"%.*s\": '%.*s' is a text, counted as a number", what, RP_STR_ARG(name),
                      NAME(compile->rules->fields[field]));
}

static void judge_numbers(struct fields *fields)
{
    struct rp_compile *compile = fields->compile;
    struct rp_declared *declared;
    uint32_t at = 0;

    while ((declared = rp_compile_next(compile, "score", &at)) != NULL) {
        uint32_t score = rp_map_get(&compile->scores, declared->name);

        if (score != RP_MAP_NONE)
            judge_number(fields, "score", declared->name, compile->rules->scores[score].per_field,
                         place_of(declared, "per", "field"));
    }
    at = 0;
    while ((declared = rp_compile_next(compile, "fit", &at)) != NULL) {
        uint32_t number = rp_map_get(&compile->fits, declared->name);
        const struct rp_fit *fit;

        if (number == RP_MAP_NONE)
            continue;
        fit = &compile->rules->fits[number];
        if (fit->op == RP_FIT_BANDS && fit->measure == RP_MEASURE_FIELD)
            judge_number(fields, "fit", declared->name, fit->field,
                         place_of(declared, "field", NULL));
    }
}

/* ---- All ------------------------------------------------------------------------------------- */

void rp_lint_fields(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;
    struct fields fields = {.compile = compile};

    fields.places = RP_ARENA_ARRAY(compile->arena, struct rp_place, rules->field_count);
    note_all(&fields);
    for (uint32_t i = 0; i < rules->field_count; i++) {
        const struct rp_field *field = &rules->fields[i];

        if (fields.places[i].line == 0)
            continue;
        if (field->home == RP_FIELD_EVENT)
            judge_event_field(&fields, field, fields.places[i]);
        else if (field->home == RP_FIELD_TRAIT && !judge_score(&fields, field, fields.places[i]))
            judge_trait(&fields, field, fields.places[i]);
    }
    judge_numbers(&fields);
}
