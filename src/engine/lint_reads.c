/* SPDX-License-Identifier: MIT */
/* Judges what the functions of a rule file read (reads.h): names that the sandbox does not have,
 * declarations where events are judged, fields that are not there, values that cannot be. Asks the
 * sandbox itself which names it has, so that there is no second list. */
#include "base/text.h"
#include "engine/lint.h"
#include "engine/reads.h"

#include <stdlib.h>

struct judge {
    struct rp_recorder *recorder;
    struct rp_reads reads;
    uint32_t file, first;
    bool *known;   /* [read] the sandbox has the name */
    bool *missing; /* [read] and the library behind it lacks the field */
};

/* ---- What the sandbox has -------------------------------------------------------------------- */

static int look_up(lua_State *L)
{
    struct judge *judge = lua_touserdata(L, 1);

    luaL_checkstack(L, 8, NULL);
    rp_sandbox_push_globals(L);
    for (uint32_t i = 0; i < judge->reads.count; i++) {
        const struct rp_read *read = &judge->reads.items[i];

        if (read->root != RP_READ_GLOBAL)
            continue;
        lua_pushlstring(L, read->names[0].text.ptr, read->names[0].text.len);
        judge->known[i] = lua_rawget(L, 2) != LUA_TNIL;
        if (judge->known[i] && read->count > 1 && rp_sandbox_unlock(L, -1)) {
            lua_pushlstring(L, read->names[1].text.ptr, read->names[1].text.len);
            judge->missing[i] = lua_rawget(L, -2) == LUA_TNIL;
        }
        lua_settop(L, 2);
    }
    return 0;
}

/* ---- Reporting ------------------------------------------------------------------------------- */

/* What ran at load was reported then. */
static bool is_reported(const struct judge *judge, struct rp_str message, int line)
{
    const struct rp_findings *findings = judge->recorder->diagnosis->findings;
    struct rp_str path = judge->recorder->diagnosis->files->items[judge->file].path;

    for (size_t i = findings->count; i > 0; i--) {
        const struct rp_finding *finding = &findings->items[i - 1];

        if (!rp_str_eq(finding->file, path))
            return false;
        if (finding->line == line && rp_str_eq(finding->message, message))
            return true;
    }
    return false;
}

static void report(struct judge *judge, enum rp_code code, const struct rp_token *at,
                   struct rp_str hint, struct rp_str message)
{
    struct rp_place place = {.file = judge->file, .line = at->line, .column = at->column};

    if (!is_reported(judge, message, at->line))
        rp_diagnose(judge->recorder->diagnosis, code, place, (int)at->text.len, hint, "%.*s",
                    RP_STR_ARG(message));
}

#define SAY(...) rp_arena_printf(judge->recorder->arena, __VA_ARGS__)

/* "did you mean …?" among names, else what is told instead. */
static struct rp_str hint_of(struct judge *judge, struct rp_str wanted, const char *const *names,
                             const char *otherwise)
{
    struct rp_guess guess = rp_guess(wanted);
    struct rp_str hint;

    for (; *names; names++)
        rp_guess_offer(&guess, rp_str_from(*names));
    hint = rp_guess_hint(judge->recorder->arena, &guess);
    return hint.len > 0 ? hint : rp_str_from(otherwise);
}

static bool in_names(struct rp_str name, const char *const *names)
{
    for (; *names; names++)
        if (rp_str_is(name, *names))
            return true;
    return false;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static bool is_assigned(const struct judge *judge, struct rp_str name, bool in_function)
{
    for (uint32_t i = 0; i < judge->reads.count; i++) {
        const struct rp_read *read = &judge->reads.items[i];

        if (read->assigned && read->in_function == in_function &&
            rp_str_eq(read->names[0].text, name))
            return true;
    }
    return false;
}

static void judge_global(struct judge *judge, const struct rp_read *read)
{
    struct rp_str name = read->names[0].text;

    report(judge, RP_CODE_GLOBAL, &read->names[0], SAY("write `local %.*s = …`", RP_STR_ARG(name)),
           SAY("'%.*s' is made without `local`", RP_STR_ARG(name)));
}

static void judge_unknown(struct judge *judge, const struct rp_read *read)
{
    struct rp_str name = read->names[0].text;
    const char *instead = rp_name_not_here(name);

    if (is_assigned(judge, name, false) || is_assigned(judge, name, true))
        return; /* reported there */
    if (instead)
        report(judge, RP_CODE_NOT_HERE, &read->names[0], rp_str_from(instead),
               SAY("rules do not have '%.*s'", RP_STR_ARG(name)));
    else
        report(judge, RP_CODE_UNKNOWN_NAME, &read->names[0],
               rp_name_guess(judge->recorder, SAY("%.*s", RP_STR_ARG(name)).ptr),
               SAY("unknown name '%.*s'", RP_STR_ARG(name)));
}

static void judge_member(struct judge *judge, const struct rp_read *read)
{
    struct rp_str full =
        SAY("%.*s.%.*s", RP_STR_ARG(read->names[0].text), RP_STR_ARG(read->names[1].text));
    const char *instead = rp_name_not_here(full);
    struct rp_token at = read->names[0];

    at.text = full;
    report(judge, RP_CODE_NOT_HERE, &at,
           rp_str_from(instead ? instead : rp_code_info(RP_CODE_NOT_HERE)->remedy),
           SAY("rules do not have '%.*s'", RP_STR_ARG(full)));
}

/* score, did, a matcher without its text: they belong at the top of a file. */
static void judge_known(struct judge *judge, const struct rp_read *read)
{
    struct rp_str name = read->names[0].text;
    const char *text = SAY("%.*s", RP_STR_ARG(name)).ptr;
    const struct rp_schema_call *call = rp_schema_call(text);

    if (read->test_line == 0 || is_assigned(judge, name, true))
        return; /* a helper, which may run at load; or reported there */
    if (call && call->texts && read->one_text)
        report(judge, RP_CODE_TOP_ONLY, &read->names[0], SAY("write %s(text, pattern)", text),
               SAY("inside a function, %s needs the text that it looks at", text));
    else if (rp_schema_decl(text) || (call && !call->texts))
        report(judge, RP_CODE_TOP_ONLY, &read->names[0],
               rp_str_from(call && (call->makes & RP_MAKES_COUNT)
                               ? "count it with uses = { … } and read it from past"
                               : rp_code_info(RP_CODE_TOP_ONLY)->remedy),
               SAY("%s belongs at the top of a file, not inside a test", text));
}

/* ---- event ----------------------------------------------------------------------------------- */

static const char *const event_types[] = {"track", "page",  "screen", "identify",
                                          "group", "alias", NULL};

/* The declaration whose test stands there; NULL when it is not plain. */
static const struct rp_declared *declared_of(const struct judge *judge, const struct rp_read *read)
{
    for (uint32_t i = judge->first; i < judge->recorder->count; i++) {
        const struct rp_declared *one = &judge->recorder->declared[i];
        const struct rp_node *test = rp_node_get(&one->body, "test");

        if (test && test->type == RP_NODE_FUNCTION && test->place.line == read->test_line &&
            test->place.column == read->test_column)
            return one;
    }
    return NULL;
}

static bool is_type(struct rp_str name)
{
    return !rp_str_is(name, "track") && in_names(name, event_types);
}

/* Whether an event that the rule asks for can be of the type. */
static bool can_be_type(const struct rp_declared *declared, struct rp_str type)
{
    uint32_t count;
    const struct rp_node *names =
        declared ? rp_node_list(rp_node_get(&declared->body, "on"), &count) : NULL;

    if (!in_names(type, event_types))
        return false;
    if (names == NULL)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        if (names[i].type != RP_NODE_TEXT || rp_str_is(names[i].text, "*"))
            return true;
        if (is_type(names[i].text) ? rp_str_eq(names[i].text, type) : rp_str_is(type, "track"))
            return true;
    }
    return count == 0;
}

static void judge_type(struct judge *judge, const struct rp_read *read)
{
    struct rp_str value = read->compared_to.text;
    const struct rp_declared *declared = declared_of(judge, read);

    if (can_be_type(declared, value))
        return;
    report(judge, RP_CODE_NEVER_HOLDS, &read->compared_to,
           in_names(value, event_types)
               ? RP_STR("the rule's `on` says which events come here")
               : hint_of(judge, value, event_types,
                         "a type is track, page, screen, identify, group or alias; names stand in "
                         "event.name"),
           SAY("event.type is never \"%.*s\" here", RP_STR_ARG(value)));
}

static void judge_event(struct judge *judge, const struct rp_read *read)
{
    static const char *const fields[] = {"type",    "name",        "timestamp",  "messageId",
                                         "userId",  "anonymousId", "properties", "traits",
                                         "context", NULL};

    if (read->count < 2)
        return;
    if (!in_names(read->names[1].text, fields))
        report(
            judge, RP_CODE_TEST_FIELD, &read->names[1],
            hint_of(
                judge, read->names[1].text, fields,
                SAY("properties are event.properties.%.*s", RP_STR_ARG(read->names[1].text)).ptr),
            SAY("event has no field '%.*s'", RP_STR_ARG(read->names[1].text)));
    else if (read->count == 2 && read->compared && rp_str_is(read->names[1].text, "type"))
        judge_type(judge, read);
}

/* ---- lead and past --------------------------------------------------------------------------- */

static void judge_lead(struct judge *judge, const struct rp_read *read)
{
    static const char *const decided[] = {"stage", "stage_since", "status",    "owner",
                                          "grade", "score",       "mql_touch", NULL};

    if (read->count < 2)
        return;
    if (in_names(read->names[1].text, decided))
        report(
            judge, RP_CODE_STAGE_FACT, &read->names[1],
            RP_STR("use it in a stage's or an action's condition"),
            SAY("a rule cannot read lead.%.*s: rules decide it", RP_STR_ARG(read->names[1].text)));
    else if (read->count > 2 && in_names(read->names[1].text, rp_touch_names) &&
             !in_names(read->names[2].text, rp_touch_fields))
        report(judge, RP_CODE_LEAD_FIELD, &read->names[2],
               hint_of(judge, read->names[2].text, rp_touch_fields,
                       "one of: source, medium, campaign, term, content, landing, referrer"),
               SAY("unknown field 'lead.%.*s.%.*s'", RP_STR_ARG(read->names[1].text),
                   RP_STR_ARG(read->names[2].text)));
}

static void judge_past(struct judge *judge, const struct rp_read *read)
{
    const struct rp_declared *declared = declared_of(judge, read);
    const struct rp_node *uses = declared ? rp_node_get(&declared->body, "uses") : NULL;
    struct rp_str name = read->count > 1 ? read->names[1].text : RP_STR("");
    struct rp_guess guess = rp_guess(name);
    struct rp_str hint;

    if (declared == NULL || name.len == 0 || (uses && rp_node_field(uses, name)))
        return;
    for (uint32_t i = 0; uses && i < uses->field_count; i++)
        rp_guess_offer(&guess, uses->fields[i].key);
    hint = rp_guess_hint(judge->recorder->arena, &guess);
    report(judge, RP_CODE_TEST_FIELD, &read->names[1],
           hint.len > 0 ? hint
                        : SAY("add uses = { %.*s = count(…) } to the rule", RP_STR_ARG(name)),
           SAY("past has no field '%.*s'", RP_STR_ARG(name)));
}

/* ---- All of a file --------------------------------------------------------------------------- */

static void judge_read(struct judge *judge, uint32_t at)
{
    const struct rp_read *read = &judge->reads.items[at];

    if (!read->in_function)
        return;
    switch (read->root) {
    case RP_READ_GLOBAL:
        if (read->assigned)
            judge_global(judge, read);
        else if (!judge->known[at])
            judge_unknown(judge, read);
        else if (judge->missing[at])
            judge_member(judge, read);
        else
            judge_known(judge, read);
        break;
    case RP_READ_EVENT:
        judge_event(judge, read);
        break;
    case RP_READ_LEAD:
        judge_lead(judge, read);
        break;
    case RP_READ_PAST:
        judge_past(judge, read);
        break;
    }
}

void rp_lint_reads(struct rp_recorder *recorder, struct rp_sandbox *sandbox, uint32_t file,
                   uint32_t first)
{
    struct rp_str text = recorder->diagnosis->files->items[file].text;
    struct judge judge = {.recorder = recorder, .file = file, .first = first};

    if (text.len == 0 || memmem(text.ptr, text.len, "function", 8) == NULL)
        return;
    judge.reads = rp_reads_of(recorder->arena, text);
    judge.known = RP_ARENA_ARRAY(recorder->arena, bool, judge.reads.count);
    judge.missing = RP_ARENA_ARRAY(recorder->arena, bool, judge.reads.count);
    if (rp_sandbox_protect(sandbox, look_up, &judge) != RP_TRIP_NONE)
        return; /* the load's memory is spent, which is told elsewhere */
    for (uint32_t i = 0; i < judge.reads.count; i++)
        judge_read(&judge, i);
}
