/* SPDX-License-Identifier: MIT */
/* Field slots: what a name in a rule reads. Knows the spellings that SDKs and forms use for traits,
 * the touches, the states of a lead, and where an event keeps what. Invariant: one slot for each
 * fact, whatever its spelling; the map's keys are "event.…", "context.…", "lead.…". */
#include "base/hash.h"
#include "base/mem.h"
#include "engine/compile.h"

/* One trait, one canonical name, first; further spellings behind it. Full paths start with '@'. */
static const char *const trait_spellings[][16] = {
    {"email", "@properties.email"},
    {"email_domain"},
    {"user_id", "userId"},
    {"first_name", "firstName", "firstname", "given_name"},
    {"last_name", "lastName", "lastname", "surname", "family_name"},
    {"name", "full_name", "fullName"},
    {"title", "job_title", "jobTitle", "jobtitle", "position"},
    {"phone", "phone_number", "phoneNumber", "mobile"},
    {"company.name", "company", "company_name", "companyName", "organization"},
    {"company.employees", "employees", "employee_count", "employeeCount", "company.employee_count",
     "company.employeeCount", "company.size", "company_size"},
    {"company.industry", "industry", "company_industry"},
    {"company.id", "company_id", "companyId"},
    {"country", "address.country"},
    {"city", "address.city"},
    {"birthday", "birthdate", "birth_date", "date_of_birth"},
    {"owner", "owner_email", "ownerEmail"},
    {"timezone", "time_zone", "@context.timezone"},
    {"language", "lang", "locale", "@context.locale"},
};

static const char *const state_names[] = {"stage", "stage_since", "status", "grade",
                                          "id",    "owner",       NULL};

static bool in_names(const char *const *names, struct rp_str name)
{
    for (; *names; names++)
        if (rp_str_is(name, *names))
            return true;
    return false;
}

static bool has_prefix(struct rp_str name, const char *prefix, struct rp_str *ret_rest)
{
    size_t len = strlen(prefix);

    if (!rp_str_starts(name, rp_str_from(prefix)))
        return false;
    *ret_rest = (struct rp_str){name.ptr + len, name.len - len};
    return true;
}

/* ---- Spellings ------------------------------------------------------------------------------- */

static uint32_t trait_of(struct rp_compile *compile, struct rp_str name)
{
    uint32_t known = rp_map_get(&compile->spellings, name);

    if (known != RP_MAP_NONE)
        return known;
    if (compile->trait_count == compile->trait_cap) {
        uint32_t cap = compile->trait_cap ? compile->trait_cap * 2 : 32;
        struct rp_trait_names *wider = RP_ARENA_ARRAY(compile->arena, struct rp_trait_names, cap);

        if (compile->trait_count > 0)
            memcpy(wider, compile->traits, compile->trait_count * sizeof *wider);
        compile->traits = wider;
        compile->trait_cap = cap;
    }
    name = rp_arena_str(compile->arena, name);
    compile->traits[compile->trait_count] = (struct rp_trait_names){.name = name};
    rp_map_put(compile->arena, &compile->spellings, name, compile->trait_count);
    return compile->trait_count++;
}

/* What is known of a trait; valid until the next one is added. */
static const struct rp_trait_names *names_of(struct rp_compile *compile, struct rp_str name)
{
    uint32_t trait = trait_of(compile, name); /* first: it may move the array */

    return &compile->traits[trait];
}

static void add_spelling(struct rp_compile *compile, uint32_t trait, struct rp_str other)
{
    struct rp_trait_names *names = &compile->traits[trait];

    if (names->other_count == names->other_cap) {
        uint32_t cap = names->other_cap ? names->other_cap * 2 : 8;
        struct rp_str *wider = RP_ARENA_ARRAY(compile->arena, struct rp_str, cap);

        if (names->other_count > 0)
            memcpy(wider, names->others, names->other_count * sizeof *wider);
        names->others = wider;
        names->other_cap = cap;
    }
    names->others[names->other_count++] = other;
    if (other.len > 0 && other.ptr[0] != '@' &&
        rp_map_get(&compile->spellings, other) == RP_MAP_NONE)
        rp_map_put(compile->arena, &compile->spellings, other, trait);
}

void rp_compile_traits(struct rp_compile *compile)
{
    struct rp_declared *names;
    uint32_t at = 0;

    for (size_t i = 0; i < RP_COUNT(trait_spellings); i++) {
        uint32_t trait = trait_of(compile, rp_str_from(trait_spellings[i][0]));

        for (size_t j = 1; j < RP_COUNT(trait_spellings[i]) && trait_spellings[i][j]; j++)
            add_spelling(compile, trait, rp_str_from(trait_spellings[i][j]));
    }
    while ((names = rp_compile_next(compile, "names", &at)) != NULL) {
        for (uint32_t i = 0; i < names->body.field_count; i++) {
            const struct rp_node_field *field = &names->body.fields[i];
            struct rp_str key = field->key;
            uint32_t count, trait;
            const struct rp_node *items = rp_node_list(&field->value, &count);

            (void)has_prefix(field->key, "lead.", &key);
            trait = trait_of(compile, key);
            for (uint32_t j = 0; j < count; j++)
                add_spelling(compile, trait, items[j].text);
        }
    }
    compile->known_traits = compile->trait_count;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static uint32_t add_field(struct rp_compile *compile, struct rp_str map_key,
                          const struct rp_field *field)
{
    struct rp_rules *rules = compile->rules;

    rules->fields =
        rp_grow(rules->fields, &compile->field_cap, rules->field_count + 1u, sizeof *rules->fields);
    rules->fields[rules->field_count] = *field;
    rp_map_put(compile->arena, &compile->fields, rp_arena_str(compile->arena, map_key),
               rules->field_count);
    return rules->field_count++;
}

static struct rp_str joined(struct rp_compile *compile, const char *prefix, struct rp_str rest)
{
    return rp_arena_printf(compile->arena, "%s%.*s", prefix, RP_STR_ARG(rest));
}

/* Every path under which an event can carry the trait. */
static void fill_aliases(struct rp_compile *compile, const struct rp_trait_names *names,
                         struct rp_field *field)
{
    uint32_t count = 0;

    field->aliases = RP_ARENA_ARRAY(&compile->rules->arena, uint64_t, 2 + 2 * names->other_count);
    field->aliases[count++] = rp_path_of(joined(compile, "traits.", names->name));
    field->aliases[count++] = rp_path_of(joined(compile, "context.traits.", names->name));
    for (uint32_t i = 0; i < names->other_count; i++) {
        struct rp_str other = names->others[i];

        if (other.len > 0 && other.ptr[0] == '@') {
            field->aliases[count++] = rp_path_of((struct rp_str){other.ptr + 1, other.len - 1});
            continue;
        }
        field->aliases[count++] = rp_path_of(joined(compile, "traits.", other));
        field->aliases[count++] = rp_path_of(joined(compile, "context.traits.", other));
    }
    field->alias_count = count;
}

static bool forbidden(struct rp_compile *compile, struct rp_str name, struct rp_place place,
                      int width)
{
    if (!compile->facts_forbidden)
        return false;
    rp_compile_report(compile, RP_CODE_STAGE_FACT, place, width,
                      RP_STR("use it in a stage's or an action's condition"),
                      "%.*s cannot read lead.%.*s: rules decide it", RP_STR_ARG(compile->what),
                      RP_STR_ARG(name));
    return true;
}

static bool check_touch(struct rp_compile *compile, struct rp_str name, struct rp_str rest,
                        struct rp_place place, int width)
{
    struct rp_guess guess = rp_guess(rest);

    if (in_names(rp_touch_fields, rest))
        return true;
    for (const char *const *field = rp_touch_fields; *field; field++)
        rp_guess_offer(&guess, rp_str_from(*field));
    rp_compile_report(compile, RP_CODE_LEAD_FIELD, place, width,
                      guess.best.len > 0 ? rp_guess_hint(compile->arena, &guess)
                                         : RP_STR("one of: source, medium, campaign, term, "
                                                  "content, landing, referrer"),
                      "%.*s: unknown field '%.*s'", RP_STR_ARG(compile->what), RP_STR_ARG(name));
    return false;
}

static bool is_touch(struct rp_str name, struct rp_str *ret_rest)
{
    for (const char *const *touch = rp_touch_names; *touch; touch++) {
        struct rp_str touch_name = rp_str_from(*touch);

        if (!rp_str_starts(name, touch_name))
            continue;
        if (name.len == touch_name.len) {
            *ret_rest = RP_STR("");
            return true;
        }
        if (name.ptr[touch_name.len] == '.') {
            *ret_rest =
                (struct rp_str){name.ptr + touch_name.len + 1, name.len - touch_name.len - 1};
            return true;
        }
    }
    return false;
}

/* stage, score.total, score.engagement, grade; interest.top of a dimension `by` a field. */
static bool is_state(struct rp_compile *compile, struct rp_str *name)
{
    struct rp_str rest;

    if (rp_str_is(*name, "score.grade"))
        *name = RP_STR("grade");
    if (in_names(state_names, *name) || rp_str_is(*name, "score.total"))
        return true;
    if (has_prefix(*name, "score.", &rest))
        return rp_map_get(&compile->dims, rest) != RP_MAP_NONE;
    if (rp_str_ends(*name, RP_STR(".top"))) {
        uint32_t dim = rp_map_get(&compile->dims, (struct rp_str){name->ptr, name->len - 4});

        return dim != RP_MAP_NONE && compile->rules->dims[dim].by != RP_NONE;
    }
    return false;
}

uint32_t rp_compile_lead_field(struct rp_compile *compile, struct rp_str name,
                               struct rp_place place, int width)
{
    struct rp_field field = {.lookup = RP_NONE, .column = RP_NONE};
    struct rp_str rest, map_key;
    uint32_t known;

    if (is_touch(name, &rest)) {
        if (!check_touch(compile, name, rest, place, width) ||
            (has_prefix(name, "mql_touch", &rest) && forbidden(compile, name, place, width)))
            return 0;
        field.home = RP_FIELD_TOUCH;
        field.keeps_text = true;
    } else if (is_state(compile, &name)) {
        if (forbidden(compile, name, place, width))
            return 0;
        field.home = RP_FIELD_STATE;
    } else if (rp_map_get(&compile->facts, name) != RP_MAP_NONE) {
        if (forbidden(compile, name, place, width))
            return 0;
        field.home = RP_FIELD_FACT;
    } else {
        field.home = RP_FIELD_TRAIT;
        if (has_prefix(name, "account.", &rest))
            field.group_only = true;
        else
            name = names_of(compile, name)->name;
    }
    map_key = joined(compile, "lead.", name);
    known = rp_map_get(&compile->fields, map_key);
    if (known != RP_MAP_NONE)
        return known;
    field.name = rp_compile_keep(compile, map_key);
    field.key = (struct rp_str){field.name.ptr + 5, field.name.len - 5};
    if (field.group_only) {
        field.aliases = RP_ARENA_ARRAY(&compile->rules->arena, uint64_t, 1);
        field.aliases[0] = rp_path_of(joined(compile, "traits.", rest));
        field.alias_count = 1;
    } else if (field.home == RP_FIELD_TRAIT) {
        fill_aliases(compile, names_of(compile, name), &field);
    }
    return add_field(compile, map_key, &field);
}

/* What CRMs send as a lead's owner. Rules read lead.owner, which is decided. */
uint32_t rp_compile_owner_trait(struct rp_compile *compile)
{
    struct rp_field field = {.home = RP_FIELD_TRAIT,
                             .name = RP_STR("lead.owner (as sent)"),
                             .key = RP_STR("owner (as sent)"),
                             .lookup = RP_NONE,
                             .column = RP_NONE,
                             .keeps_text = true};

    fill_aliases(compile, names_of(compile, RP_STR("owner")), &field);
    return add_field(compile, field.name, &field);
}

/* A column of a look-up table: "content.topic". */
static bool lookup_column(struct rp_compile *compile, struct rp_str name, struct rp_field *field)
{
    const char *dot = memchr(name.ptr, '.', name.len);
    struct rp_str table, column;
    uint32_t lookup;

    if (dot == NULL)
        return false;
    table = (struct rp_str){name.ptr, (size_t)(dot - name.ptr)};
    column = (struct rp_str){dot + 1, name.len - table.len - 1};
    lookup = rp_map_get(&compile->lookups, table);
    if (lookup == RP_MAP_NONE)
        return false;
    for (uint32_t i = 0; i < compile->rules->lookups[lookup].column_count; i++) {
        if (!rp_str_eq(compile->rules->lookups[lookup].columns[i], column))
            continue;
        field->home = RP_FIELD_LOOKUP;
        field->lookup = lookup;
        field->column = i;
        return true;
    }
    return false;
}

static uint32_t event_field(struct rp_compile *compile, struct rp_str name)
{
    struct rp_field field = {.home = RP_FIELD_EVENT, .lookup = RP_NONE, .column = RP_NONE};
    struct rp_str map_key = joined(compile, "event.", name);
    uint32_t known = rp_map_get(&compile->fields, map_key);

    if (known != RP_MAP_NONE)
        return known;
    field.name = rp_compile_keep(compile, name);
    field.key = field.name;
    if (!lookup_column(compile, name, &field)) {
        field.path = rp_path_of(joined(compile, "properties.", name));
        if (in_names(rp_page_fallbacks, name))
            field.fallback = rp_path_of(joined(compile, "context.page.", name));
    }
    return add_field(compile, map_key, &field);
}

static uint32_t context_field(struct rp_compile *compile, struct rp_str rest)
{
    struct rp_field field = {.home = RP_FIELD_EVENT, .lookup = RP_NONE, .column = RP_NONE};
    struct rp_str map_key = joined(compile, "context.", rest);
    uint32_t known = rp_map_get(&compile->fields, map_key);

    if (known != RP_MAP_NONE)
        return known;
    field.name = rp_compile_keep(compile, map_key);
    field.key = field.name;
    field.path = rp_path_of(map_key);
    return add_field(compile, map_key, &field);
}

static uint32_t meta_field(struct rp_compile *compile, struct rp_str name)
{
    struct rp_field field = {.home = RP_FIELD_META, .lookup = RP_NONE, .column = RP_NONE};
    struct rp_str map_key = joined(compile, "meta.", name);
    uint32_t known = rp_map_get(&compile->fields, map_key);

    if (known != RP_MAP_NONE)
        return known;
    field.name = rp_compile_keep(compile, joined(compile, "event.", name));
    field.key = (struct rp_str){field.name.ptr + 6, field.name.len - 6};
    return add_field(compile, map_key, &field);
}

uint32_t rp_compile_field(struct rp_compile *compile, struct rp_str name, struct rp_place place,
                          int width)
{
    struct rp_str rest;

    if (has_prefix(name, "lead.", &rest))
        return rp_compile_lead_field(compile, rest, place, width);
    if (compile->bare == RP_BARE_LEAD)
        return rp_compile_lead_field(compile, name, place, width);
    if (compile->bare == RP_BARE_CONTEXT)
        return context_field(compile, name);
    if (has_prefix(name, "context.", &rest))
        return context_field(compile, rest);
    if (has_prefix(name, "event.", &rest)) {
        if (rp_str_is(rest, "type") || rp_str_is(rest, "name") || rp_str_is(rest, "timestamp"))
            return meta_field(compile, rest);
        if (has_prefix(rest, "context.", &name))
            return context_field(compile, name);
        (void)has_prefix(rest, "properties.", &rest);
        return event_field(compile, rest);
    }
    return event_field(compile, name);
}
