/* SPDX-License-Identifier: MIT */
/* The functions that rule files call at their top: declarations and constructors, made from the
 * schema, and the running of files. Knows Lua and the schema's names; the meaning of fields is
 * checked elsewhere. Invariants: what a constructor makes is userdata that scripts can neither read
 * nor forge; slips are reported and the file goes on, so that one load shows all of them. */
#include "engine/declare.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/scan.h"
#include "engine/slip.h"
#include "engine/stop.h"

#include <stdio.h>
#include <stdlib.h>

#define ARGUMENTS_MAX 16
/* Costs in steps: what an author writes by hand is far below the budget of a load. */
#define STEPS_A_DECLARATION 200
#define STEPS_A_CALL        20
#define STEPS_A_FINDING     5000

static char functions_key;

static struct rp_recorder *recorder_of(lua_State *L)
{
    return rp_sandbox_of(L)->host;
}

static int line_of_caller(lua_State *L)
{
    lua_Debug ar;

    for (int level = 1; level < 4 && lua_getstack(L, level, &ar); level++)
        if (lua_getinfo(L, "l", &ar) && ar.currentline > 0)
            return ar.currentline;
    return 0;
}

static struct rp_place place_of_caller(lua_State *L)
{
    return (struct rp_place){.file = recorder_of(L)->file, .line = line_of_caller(L)};
}

static void only_at_top(lua_State *L, const char *name)
{
    if (rp_sandbox_of(L)->phase != RP_PHASE_DECLARE)
        luaL_error(L, "%s belongs at the top of a file, not inside a function that runs for events",
                   name);
}

/* Caret below `name` in the line, when it stands there. */
static void point_at(const struct rp_recorder *recorder, struct rp_place *place, const char *name)
{
    struct rp_str line;
    const char *found;

    if (recorder->diagnosis == NULL || place->column > 0 || place->line <= 0)
        return;
    line = rp_source_line(recorder->diagnosis->files->items[place->file].text, place->line);
    found = line.len > 0 ? memmem(line.ptr, line.len, name, strlen(name)) : NULL;
    if (found == NULL)
        return;
    place->column = 1;
    for (const char *at = line.ptr; at < found; at++)
        place->column += ((unsigned char)*at & 0xc0) != 0x80;
}

/* ---- Unknown names --------------------------------------------------------------------------- */

/* What an unknown name stands for: swallows calls and reads, so that the file goes on. */
static int push_unknown(lua_State *L)
{
    (void)lua_newuserdatauv(L, 1, 0);
    luaL_setmetatable(L, RP_UNKNOWN_METATABLE);
    return 1;
}

static int unknown_again(lua_State *L)
{
    return push_unknown(L);
}

/* Names of Lua that rules do not have, and what to do instead. */
static const struct {
    const char *name, *hint;
} not_here[] = {
    {"print", "use `ripen try` to see what rules do"},
    {"pcall", "a rule that fails costs only its own points"},
    {"xpcall", "a rule that fails costs only its own points"},
    {"require", "every file of the directory is loaded by itself"},
    {"dofile", "every file of the directory is loaded by itself"},
    {"loadfile", "every file of the directory is loaded by itself"},
    {"load", "write the rule itself"},
    {"loadstring", "write the rule itself"},
    {"os", "rules know no clock: use event.timestamp, `within` and `held`"},
    {"io", "rules read no files: use in_list and lookup"},
    {"debug", "use `ripen explain` and `ripen why-not`"},
    {"coroutine", "use `sequence` for what takes time"},
    {"setmetatable", "tables of rules are plain"},
    {"getmetatable", "tables of rules are plain"},
    {"rawget", "use t[key]"},
    {"rawset", "use t[key] = value"},
    {"rawequal", "use =="},
    {"rawlen", "use #t"},
    {"next", "use pairs(t)"},
    {"collectgarbage", "memory is looked after"},
    {"_G", "name what you need"},
    {"package", "every file of the directory is loaded by itself"},
    {"unpack", "use t[1], t[2]"},
    {"math.random", "rules give the same answer every time"},
};

const char *rp_name_absent(size_t number)
{
    return number < RP_COUNT(not_here) ? not_here[number].name : NULL;
}

const char *rp_name_not_here(struct rp_str name)
{
    for (size_t i = 0; i < RP_COUNT(not_here); i++)
        if (rp_str_is(name, not_here[i].name))
            return not_here[i].hint;
    return NULL;
}

struct rp_str rp_name_guess(const struct rp_recorder *recorder, const char *name)
{
    struct rp_guess guess = rp_guess(rp_str_from(name));
    static const char *const plain[] = {"assert", "error",    "ipairs",   "pairs",
                                        "select", "tonumber", "tostring", "type",
                                        "string", "table",    "math",     "utf8"};

    for (const struct rp_schema_decl *decl = recorder->decls; decl->name; decl++)
        rp_guess_offer(&guess, rp_str_from(decl->name));
    for (const struct rp_schema_call *call = recorder->calls; call->name; call++)
        rp_guess_offer(&guess, rp_str_from(call->name));
    for (size_t i = 0; i < RP_COUNT(plain); i++)
        rp_guess_offer(&guess, rp_str_from(plain[i]));
    return rp_guess_hint(recorder->arena, &guess);
}

static int on_unknown(lua_State *L, const char *name, bool write)
{
    struct rp_recorder *recorder = recorder_of(L);
    struct rp_place place = place_of_caller(L);
    int width = (int)strlen(name);
    struct rp_str slip;
    const char *instead;

    rp_sandbox_charge(L, STEPS_A_FINDING);
    if (recorder->diagnosis == NULL)
        return push_unknown(L);
    recorder->findings_here++;
    point_at(recorder, &place, name);
    if (write) {
        rp_diagnose(recorder->diagnosis, RP_CODE_GLOBAL, place, width,
                    rp_arena_printf(recorder->arena, "write `local %s = …`", name),
                    "'%s' is made without `local`", name);
        return push_unknown(L);
    }
    instead = rp_name_not_here(rp_str_from(name));
    slip = rp_slip_unknown(
        recorder->arena,
        rp_source_line(recorder->diagnosis->files->items[place.file].text, place.line),
        place.column);
    if (instead)
        rp_diagnose(recorder->diagnosis, RP_CODE_NOT_HERE, place, width, rp_str_from(instead),
                    "rules do not have '%s'", name);
    else
        rp_diagnose(recorder->diagnosis, RP_CODE_UNKNOWN_NAME, place, width,
                    slip.len > 0 ? slip : rp_name_guess(recorder, name), "unknown name '%s'", name);
    return push_unknown(L);
}

/* ---- Declarations ---------------------------------------------------------------------------- */

static struct rp_declared *add_declared(struct rp_recorder *recorder,
                                        const struct rp_schema_decl *decl)
{
    struct rp_declared *declared;

    if (recorder->count == recorder->cap) {
        uint32_t cap = recorder->cap ? recorder->cap * 2 : 64;
        struct rp_declared *wider = RP_ARENA_ARRAY(recorder->arena, struct rp_declared, cap);

        if (recorder->count > 0)
            memcpy(wider, recorder->declared, recorder->count * sizeof *wider);
        recorder->declared = wider;
        recorder->cap = cap;
    }
    declared = &recorder->declared[recorder->count++];
    *declared = (struct rp_declared){.decl = decl};
    return declared;
}

static void take_body(lua_State *L, struct rp_recorder *recorder, struct rp_declared *declared,
                      int index)
{
    uint32_t number = (uint32_t)(declared - recorder->declared);
    struct rp_node body = {.place = declared->place};

    rp_marshal(L, recorder, index, &body);
    declared = &recorder->declared[number];
    declared->complete = true;
    declared->body = body;
    if (body.type == RP_NODE_TABLE)
        return;
    declared->broken = true;
    declared->body.type = RP_NODE_UNKNOWN;
    if (recorder->diagnosis && body.type != RP_NODE_UNKNOWN) {
        struct rp_place place = declared->place;

        recorder->findings_here++;
        point_at(recorder, &place, declared->decl->name);
        rp_diagnose(recorder->diagnosis, RP_CODE_NO_BODY, place, (int)strlen(declared->decl->name),
                    rp_str_from(declared->decl->example), "'%s' needs a table {…}, not %s",
                    declared->decl->name, rp_node_type_name(&body));
    }
}

/* The function that `score "x"` answers with; upvalue: the declaration's number. */
static int named_body(lua_State *L)
{
    struct rp_recorder *recorder = recorder_of(L);
    struct rp_declared *declared =
        &recorder->declared[(uint32_t)lua_tointeger(L, lua_upvalueindex(1))];

    only_at_top(L, declared->decl->name);
    if (!declared->complete)
        take_body(L, recorder, declared, 1);
    return 0;
}

static int named(lua_State *L)
{
    const struct rp_schema_decl *decl = lua_touserdata(L, lua_upvalueindex(1));
    struct rp_recorder *recorder = recorder_of(L);
    struct rp_declared *declared;
    struct rp_str name;

    only_at_top(L, decl->name);
    rp_sandbox_charge(L, STEPS_A_DECLARATION);
    if (lua_type(L, 1) != LUA_TSTRING || lua_rawlen(L, 1) == 0) {
        struct rp_place place = place_of_caller(L);

        point_at(recorder, &place, decl->name);
        recorder->findings_here++;
        rp_sandbox_charge(L, STEPS_A_FINDING);
        if (recorder->diagnosis && luaL_testudata(L, 1, RP_UNKNOWN_METATABLE) == NULL)
            rp_diagnose(recorder->diagnosis, RP_CODE_NO_NAME, place, (int)strlen(decl->name),
                        rp_str_from(decl->example), "'%s' needs a name in quotes", decl->name);
        return push_unknown(L);
    }
    declared = add_declared(recorder, decl);
    name.ptr = lua_tolstring(L, 1, &name.len);
    declared->name = rp_arena_str(recorder->arena, name);
    declared->place = place_of_caller(L);
    lua_pushinteger(L, (lua_Integer)(recorder->count - 1));
    lua_pushcclosure(L, named_body, 1);
    return 1;
}

static int unnamed(lua_State *L)
{
    const struct rp_schema_decl *decl = lua_touserdata(L, lua_upvalueindex(1));
    struct rp_recorder *recorder = recorder_of(L);
    struct rp_declared *declared;

    only_at_top(L, decl->name);
    rp_sandbox_charge(L, STEPS_A_DECLARATION);
    lua_settop(L, 1);
    declared = add_declared(recorder, decl);
    declared->place = place_of_caller(L);
    take_body(L, recorder, declared, 1);
    return 0;
}

/* ---- Constructors ---------------------------------------------------------------------------- */

static int make_call(lua_State *L, const struct rp_schema_call *call)
{
    int arguments = lua_gettop(L);
    struct rp_call_object *object;

    if (arguments > ARGUMENTS_MAX)
        return luaL_error(L, "%s has too many arguments", call->name);
    rp_sandbox_charge(L, STEPS_A_CALL);
    lua_createtable(L, arguments, 0);
    lua_insert(L, 1);
    for (int i = arguments; i >= 1; i--)
        lua_rawseti(L, 1, i);
    object = lua_newuserdatauv(L, sizeof *object, 1);
    *object = (struct rp_call_object){.call = call,
                                      .file = recorder_of(L)->file,
                                      .line = line_of_caller(L),
                                      .arguments = arguments};
    lua_insert(L, 1);
    lua_setiuservalue(L, 1, 1);
    luaL_setmetatable(L, RP_CALL_METATABLE);
    return 1;
}

/* The function that `step "x"` answers with; upvalues: constructor, name. */
static int curried_body(lua_State *L)
{
    const struct rp_schema_call *call = lua_touserdata(L, lua_upvalueindex(1));

    only_at_top(L, call->name);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    return make_call(L, call);
}

static int constructor(lua_State *L)
{
    const struct rp_schema_call *call = lua_touserdata(L, lua_upvalueindex(1));

    if (call->texts && lua_gettop(L) >= 2) {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_insert(L, 1);
        lua_call(L, lua_gettop(L) - 1, 1);
        return 1;
    }
    if (call->texts && rp_sandbox_of(L)->phase != RP_PHASE_DECLARE)
        return luaL_error(L, "inside a function write %s(text, pattern)", call->name);
    only_at_top(L, call->name);
    if (call->curried) {
        lua_settop(L, 1);
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_pushcclosure(L, curried_body, 2);
        return 1;
    }
    return make_call(L, call);
}

/* ---- The sandbox ----------------------------------------------------------------------------- */

static void make_metatable(lua_State *L, const char *name)
{
    luaL_newmetatable(L, name);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

/* Adds the recorder's names to the globals. Text matchers keep their function of the text library.
 */
static int add_names(lua_State *L)
{
    struct rp_recorder *recorder = lua_touserdata(L, 1);

    make_metatable(L, RP_CALL_METATABLE);
    lua_pop(L, 1);
    make_metatable(L, RP_UNKNOWN_METATABLE);
    lua_pushcfunction(L, unknown_again);
    lua_setfield(L, -2, "__call");
    lua_pushcfunction(L, unknown_again);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    lua_createtable(L, 8, 0);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &functions_key);

    rp_sandbox_push_globals(L);
    for (const struct rp_schema_decl *decl = recorder->decls; decl->name; decl++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)decl);
        lua_pushcclosure(L, decl->named ? named : unnamed, 1);
        lua_setfield(L, -2, decl->name);
    }
    for (const struct rp_schema_call *call = recorder->calls; call->name; call++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)call);
        lua_pushstring(L, call->name);
        lua_rawget(L, 2);
        lua_pushcclosure(L, constructor, 2);
        lua_setfield(L, -2, call->name);
    }
    return 0;
}

struct rp_sandbox *rp_recorder_sandbox(struct rp_recorder *recorder, size_t heap_bytes,
                                       struct rp_err *err)
{
    struct rp_sandbox *sandbox = rp_sandbox_new(heap_bytes, err);

    if (sandbox == NULL)
        return NULL;
    sandbox->host = recorder;
    sandbox->unknown = on_unknown;
    if (rp_sandbox_protect(sandbox, add_names, recorder) != RP_TRIP_NONE) {
        (void)rp_err_set(err, RIPEN_EBUDGET, "no memory for the rules: %s", sandbox->message);
        rp_sandbox_free(sandbox);
        return NULL;
    }
    return sandbox;
}

uint32_t rp_recorder_keep_function(lua_State *L, struct rp_recorder *recorder, int index)
{
    lua_pushvalue(L, index);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
    lua_insert(L, -2);
    lua_rawseti(L, -2, (lua_Integer)recorder->functions + 1);
    lua_pop(L, 1);
    if (recorder->functions == recorder->function_cap) {
        uint32_t cap = recorder->function_cap ? recorder->function_cap * 2 : 16;
        uint32_t *wider = RP_ARENA_ARRAY(recorder->arena, uint32_t, cap);

        if (recorder->functions > 0)
            memcpy(wider, recorder->function_files, recorder->functions * sizeof *wider);
        recorder->function_files = wider;
        recorder->function_cap = cap;
    }
    recorder->function_files[recorder->functions] = recorder->file;
    return recorder->functions++;
}

void rp_recorder_push_function(lua_State *L, uint32_t number)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
    lua_rawgeti(L, -1, (lua_Integer)number + 1);
    lua_remove(L, -2);
}

/* ---- Running files --------------------------------------------------------------------------- */

static char closing_of(char open)
{
    return open == '{' ? '}' : open == '(' ? ')' : ']';
}

/* Brackets tell more than the place where reading stopped: which one is not closed, or closes
 * nothing. Gives the place and the hint of a syntax error. */
static void explain_brackets(struct rp_recorder *recorder, struct rp_str text,
                             struct rp_place *place, char *hint, size_t size)
{
    struct rp_token open[64];
    struct rp_scan scan = rp_scan_start(text);
    struct rp_token token;
    size_t depth = 0;

    while ((token = rp_scan_next(&scan)).type != RP_TOKEN_END) {
        char c = token.type == RP_TOKEN_MARK && token.text.len == 1 ? token.text.ptr[0] : '\0';

        if (c == '{' || c == '(' || c == '[') {
            if (depth == RP_COUNT(open))
                return;
            open[depth++] = token;
        } else if (c == '}' || c == ')' || c == ']') {
            if (depth == 0) {
                snprintf(hint, size, "this %c on line %d closes nothing: remove it", c, token.line);
                return;
            }
            if (c != closing_of(open[--depth].text.ptr[0])) {
                snprintf(hint, size, "this %c closes the %c of line %d: write %c", c,
                         open[depth].text.ptr[0], open[depth].line,
                         closing_of(open[depth].text.ptr[0]));
                return;
            }
        }
    }
    if (depth == 0)
        return;
    snprintf(hint, size, "the %c on line %d is never closed", open[depth - 1].text.ptr[0],
             open[depth - 1].line);
    if (rp_source_line(text, place->line).len == 0)
        *place = (struct rp_place){
            .file = recorder->file, .line = open[depth - 1].line, .column = open[depth - 1].column};
}

/* Caret below the token that Lua stopped at; width in characters. */
static int point_at_stop(struct rp_recorder *recorder, struct rp_sandbox *sandbox,
                         struct rp_place *place)
{
    struct rp_str text = recorder->diagnosis->files->items[place->file].text;
    int line = place->line, column, width;

    if (!rp_stop_find(sandbox, text, &line, &column, &width))
        return 1;
    place->line = line;
    place->column = column;
    return width;
}

/* Words, place and hint of a text that Lua cannot read; returns the width under the caret. */
static int explain_syntax(struct rp_recorder *recorder, struct rp_sandbox *sandbox,
                          struct rp_place *place, char *text, size_t size, char *hint,
                          size_t hint_size)
{
    struct rp_str source = recorder->diagnosis->files->items[place->file].text;
    int width = 1, column;

    if (!strstr(sandbox->message, "unfinished string")) /* the quote hides the brackets behind it */
        explain_brackets(recorder, source, place, hint, hint_size);
    if (place->column == 0)
        width = point_at_stop(recorder, sandbox, place);
    column = place->column;
    rp_slip_explain(rp_source_line(source, place->line), sandbox->message, &place->column, text,
                    size, hint, hint_size);
    return place->column == column ? width : 1;
}

/* Caret below the first 'name' of the message. */
static void point_at_name(const struct rp_recorder *recorder, struct rp_place *place,
                          const char *text)
{
    const char *open = strchr(text, '\'');
    const char *close = open ? strchr(open + 1, '\'') : NULL;
    char name[64];

    if (close == NULL || close == open + 1 || close - open > (ptrdiff_t)sizeof name)
        return;
    snprintf(name, sizeof name, "%.*s", (int)(close - open - 1), open + 1);
    point_at(recorder, place, name);
}

static void report_failure(struct rp_recorder *recorder, struct rp_sandbox *sandbox,
                           enum rp_trip kind)
{
    static const enum rp_code codes[] = {[RP_TRIP_SYNTAX] = RP_CODE_SYNTAX,
                                         [RP_TRIP_ERROR] = RP_CODE_RAISED,
                                         [RP_TRIP_STEPS] = RP_CODE_STEPS,
                                         [RP_TRIP_MEMORY] = RP_CODE_MEMORY};
    struct rp_place place = {.file = recorder->file, .line = sandbox->line};
    char text[300], hint[200];
    int width = 1;

    recorder->spent |= kind == RP_TRIP_STEPS || kind == RP_TRIP_MEMORY;
    if (recorder->diagnosis == NULL)
        return;
    rp_sandbox_explain(sandbox, text, sizeof text, hint, sizeof hint);
    if (kind == RP_TRIP_SYNTAX)
        width = explain_syntax(recorder, sandbox, &place, text, sizeof text, hint, sizeof hint);
    if (kind == RP_TRIP_STEPS)
        snprintf(hint, sizeof hint, "look for a loop that does not end");
    if (kind == RP_TRIP_ERROR)
        point_at_name(recorder, &place, text);
    rp_diagnose(recorder->diagnosis, codes[kind], place, width, rp_str_from(hint), "%s", text);
}

static int take_returned(lua_State *L)
{
    struct rp_recorder *recorder = recorder_of(L);

    if (recorder->returns)
        rp_marshal(L, recorder, 1, &recorder->returned);
    return 0;
}

bool rp_recorder_run(struct rp_recorder *recorder, struct rp_sandbox *sandbox, uint32_t file,
                     const struct rp_source *source)
{
    struct rp_str path = rp_arena_str(recorder->arena, source->path);
    enum rp_trip kind;

    recorder->file = file;
    recorder->findings_here = 0;
    recorder->returned = (struct rp_node){.place = {.file = file, .line = 1}};
    kind = rp_sandbox_compile(sandbox, path.ptr, source->text);
    if (kind == RP_TRIP_NONE)
        kind = rp_sandbox_call(sandbox, 0, 1);
    if (kind == RP_TRIP_NONE) {
        lua_pushcfunction(sandbox->L, take_returned);
        lua_insert(sandbox->L, -2);
        kind = rp_sandbox_call(sandbox, 1, 0);
    }
    if (kind == RP_TRIP_NONE)
        return true;
    report_failure(recorder, sandbox, kind);
    return false;
}
