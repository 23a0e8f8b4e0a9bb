/* SPDX-License-Identifier: MIT */
/* Views of host data. Userdata with a kind and a place; reading looks the value up in the event's
 * values or asks the host. Arrays become plain tables of the call, objects further views.
 * Invariants: a view of an earlier call answers with an error; every value that is looked at is
 * charged. */
#include "engine/vm_view.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/text.h"
#include "engine/diagnose.h"
#include "engine/schema.h"

#include <math.h>
#include <stdio.h>

#define METATABLE "ripen.view"
#define LABEL_MAX 96
#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers up to it are shown as integers */

enum view_kind { VIEW_EVENT, VIEW_OBJECT, VIEW_LEAD, VIEW_PAST };

struct view {
    const struct rp_vm_call *call;
    uint64_t serial;
    enum view_kind kind;
    uint32_t prop;         /* OBJECT: index in event->props; RP_NONE: there is none */
    bool page;             /* OBJECT: properties of a page: falls back to context.page */
    char label[LABEL_MAX]; /* "event.properties": for messages; of a lead's part: "company" */
};

static struct view *push_view(lua_State *L, const struct rp_vm_call *call, enum view_kind kind)
{
    struct view *view = lua_newuserdatauv(L, sizeof *view, 0);

    *view = (struct view){.call = call, .serial = call->serial, .kind = kind, .prop = RP_NONE};
    luaL_setmetatable(L, METATABLE);
    return view;
}

static void push_text(lua_State *L, struct rp_str text)
{
    rp_sandbox_charge_text(L, text.len);
    lua_pushlstring(L, text.ptr ? text.ptr : "", text.len);
}

static void push_number(lua_State *L, double number)
{
    if (number == floor(number) && fabs(number) <= EXACT_MAX)
        lua_pushinteger(L, (lua_Integer)number);
    else
        lua_pushnumber(L, number);
}

/* Remembers what was unknown: a comparison with it is explained by its name. */
static void note_nil(lua_State *L, const char *label, const char *key)
{
    struct rp_sandbox *sandbox = rp_sandbox_of(L);

    snprintf(sandbox->last_nil_text, sizeof sandbox->last_nil_text, "%.50s.%.40s", label, key);
    sandbox->last_nil = sandbox->last_nil_text;
}

/* ---- Values of the event --------------------------------------------------------------------- */

static void push_prop(lua_State *L, const struct rp_vm_call *call, uint32_t at, const char *label);

static void push_array(lua_State *L, const struct rp_vm_call *call, uint32_t at, const char *label)
{
    const struct rp_prop *props = call->event->props;
    lua_Integer count = 0;

    luaL_checkstack(L, 4, "nested too deeply");
    lua_createtable(L, 0, 0);
    for (uint32_t i = at + 1; i < props[at].next; i = props[i].next) {
        if (props[i].dropped)
            continue;
        push_prop(L, call, i, label);
        lua_rawseti(L, -2, ++count);
    }
}

static void push_prop(lua_State *L, const struct rp_vm_call *call, uint32_t at, const char *label)
{
    const struct rp_prop *prop = &call->event->props[at];
    struct view *view;

    rp_sandbox_charge(L, 1);
    switch ((enum rp_prop_type)prop->type) {
    case RP_NULL:
        lua_pushnil(L);
        break;
    case RP_BOOL:
        lua_pushboolean(L, prop->number != 0);
        break;
    case RP_NUMBER:
        push_number(L, prop->number);
        break;
    case RP_STRING:
        push_text(L, prop->text);
        break;
    case RP_ARRAY:
        push_array(L, call, at, label);
        break;
    case RP_OBJECT:
        view = push_view(L, call, VIEW_OBJECT);
        view->prop = at;
        snprintf(view->label, sizeof view->label, "%s", label);
        break;
    }
}

/* The child of an object by its key; RP_NONE when it has none. */
static uint32_t find_child(lua_State *L, const struct rp_event *event, uint32_t at,
                           struct rp_str key)
{
    const struct rp_prop *props = event->props;

    for (uint32_t i = at + 1; i < props[at].next; i = props[i].next) {
        rp_sandbox_charge(L, 1);
        if (!props[i].dropped && rp_str_eq(props[i].key, key))
            return i;
    }
    return RP_NONE;
}

static uint32_t root_child(lua_State *L, const struct rp_event *event, const char *key)
{
    return event->prop_count > 0 ? find_child(L, event, 0, rp_str_from(key)) : RP_NONE;
}

static bool is_page_field(struct rp_str key)
{
    for (const char *const *name = rp_page_fallbacks; *name; name++)
        if (rp_str_is(key, *name))
            return true;
    return false;
}

static int read_object(lua_State *L, const struct view *view, struct rp_str key)
{
    const struct rp_event *event = view->call->event;
    uint32_t child = view->prop == RP_NONE ? RP_NONE : find_child(L, event, view->prop, key);
    char label[LABEL_MAX];

    if (child == RP_NONE && view->page && is_page_field(key)) {
        uint64_t path = rp_path(rp_path_of(RP_STR("context.page")), key);
        const struct rp_prop *prop = rp_event_get(event, path);

        if (prop)
            child = (uint32_t)(prop - event->props);
    }
    if (child == RP_NONE || event->props[child].type == RP_NULL) {
        note_nil(L, view->label, key.ptr);
        lua_pushnil(L);
        return 1;
    }
    snprintf(label, sizeof label, "%.50s.%.40s", view->label, key.ptr);
    push_prop(L, view->call, child, label);
    return 1;
}

/* ---- event ----------------------------------------------------------------------------------- */

static void push_part(lua_State *L, const struct rp_vm_call *call, const char *name)
{
    struct view *view = push_view(L, call, VIEW_OBJECT);
    uint32_t child = root_child(L, call->event, name);

    if (child != RP_NONE && call->event->props[child].type == RP_OBJECT)
        view->prop = child;
    view->page = strcmp(name, "properties") == 0 &&
                 (call->event->type == RP_PAGE || call->event->type == RP_SCREEN);
    snprintf(view->label, sizeof view->label, "event.%s", name);
}

static int unknown_event_field(lua_State *L, struct rp_str key)
{
    static const char *const names[] = {"type",       "name",   "timestamp",
                                        "messageId",  "userId", "anonymousId",
                                        "properties", "traits", "context"};
    struct rp_guess guess = rp_guess(key);

    for (size_t i = 0; i < RP_COUNT(names); i++)
        rp_guess_offer(&guess, rp_str_from(names[i]));
    if (guess.best.len > 0)
        return luaL_error(L, "event has no field '%s'; did you mean '%s'?", key.ptr,
                          guess.best.ptr);
    return luaL_error(L, "event has no field '%s'; properties are event.properties.%s", key.ptr,
                      key.ptr);
}

/* An absent id is unknown. */
static int push_id(lua_State *L, struct rp_str id, const char *name)
{
    if (id.len > 0) {
        push_text(L, id);
    } else {
        note_nil(L, "event", name);
        lua_pushnil(L);
    }
    return 1;
}

static int push_time(lua_State *L, int64_t ms)
{
    struct rp_buf text = {0};
    char copy[40];
    int len;

    rp_time_print(&text, ms);
    len = snprintf(copy, sizeof copy, "%.*s", (int)text.len, text.ptr);
    rp_buf_fini(&text); /* before anything that raises */
    push_text(L, (struct rp_str){copy, (size_t)len});
    return 1;
}

static int read_event(lua_State *L, const struct view *view, struct rp_str key)
{
    const struct rp_event *event = view->call->event;

    if (rp_str_is(key, "properties") || rp_str_is(key, "context") || rp_str_is(key, "traits")) {
        push_part(L, view->call, key.ptr);
        return 1;
    }
    if (rp_str_is(key, "type")) {
        lua_pushstring(L, rp_event_type_name(event->type));
        return 1;
    }
    if (rp_str_is(key, "timestamp"))
        return push_time(L, event->effective_ms);
    if (rp_str_is(key, "name"))
        return push_id(L, event->name, "name");
    if (rp_str_is(key, "messageId"))
        return push_id(L, event->message_id, "messageId");
    if (rp_str_is(key, "userId"))
        return push_id(L, event->user_id, "userId");
    if (rp_str_is(key, "anonymousId"))
        return push_id(L, event->anonymous_id, "anonymousId");
    return unknown_event_field(L, key);
}

/* ---- lead ------------------------------------------------------------------------------------ */

/* What rules and actions decide cannot be read by what decides. */
static bool is_decided(const struct rp_rules *rules, struct rp_str name)
{
    static const char *const names[] = {"stage", "stage_since", "status",   "owner",
                                        "grade", "score",       "mql_touch"};

    for (size_t i = 0; i < RP_COUNT(names); i++)
        if (rp_str_is(name, names[i]))
            return true;
    for (uint32_t i = 0; i < rules->field_count; i++)
        if (rules->fields[i].home == RP_FIELD_FACT && rp_str_eq(rules->fields[i].key, name))
            return true;
    return false;
}

static bool is_prefix(struct rp_str prefix, struct rp_str name)
{
    return name.len > prefix.len && name.ptr[prefix.len] == '.' && rp_str_starts(name, prefix);
}

/* "company" stands for company.name and so on. */
static bool has_parts(const struct rp_rules *rules, struct rp_str name)
{
    static const char *const names[] = {"company",     "address",    "account",
                                        "first_touch", "last_touch", "lead_touch"};

    for (size_t i = 0; i < RP_COUNT(names); i++)
        if (rp_str_is(name, names[i]))
            return true;
    for (uint32_t i = 0; i < rules->field_count; i++)
        if (is_prefix(name, rules->fields[i].key) && rules->fields[i].home == RP_FIELD_TRAIT)
            return true;
    return false;
}

static int read_lead(lua_State *L, const struct view *view, struct rp_str key)
{
    const struct rp_vm_call *call = view->call;
    struct rp_scalar value = {0};
    char full[LABEL_MAX];
    struct rp_str name;

    name.len = (size_t)snprintf(full, sizeof full, "%s%s%.60s", view->label,
                                view->label[0] ? "." : "", key.ptr);
    name.ptr = full;
    if (name.len >= sizeof full)
        return luaL_error(L, "the lead has no field '%s'", full);
    rp_sandbox_charge(L, 10 + call->rules->field_count / 8);
    if (is_decided(call->rules, name))
        return luaL_error(L, "a rule cannot read lead.%s: rules decide it", full);
    if (call->facts->lead(call->facts->ctx, name, &value)) {
        if (value.type == RP_STRING)
            push_text(L, value.text);
        else if (value.type == RP_BOOL)
            lua_pushboolean(L, value.number != 0);
        else
            push_number(L, value.number);
        return 1;
    }
    if (has_parts(call->rules, name)) {
        struct view *part = push_view(L, call, VIEW_LEAD);

        snprintf(part->label, sizeof part->label, "%s", full);
        return 1;
    }
    note_nil(L, view->label[0] ? view->label : "lead", key.ptr);
    lua_pushnil(L);
    return 1;
}

/* ---- past ------------------------------------------------------------------------------------ */

static int push_use(lua_State *L, const struct rp_vm_call *call, uint32_t use)
{
    double value;

    rp_sandbox_charge(L, 100); /* the host may look at 256 entries */
    value = call->facts->past(call->facts->ctx, call->rule, use);
    if (isnan(value)) {
        note_nil(L, "past", "…");
        lua_pushnil(L);
    } else {
        push_number(L, value);
    }
    return 1;
}

static int read_past(lua_State *L, const struct view *view)
{
    const struct rp_score *score = &view->call->rules->scores[view->call->rule];
    struct rp_str name;

    if (lua_isinteger(L, 2)) {
        lua_Integer number = lua_tointeger(L, 2);

        if (number >= 1 && number <= (lua_Integer)score->use_count)
            return push_use(L, view->call, (uint32_t)number - 1);
        return luaL_error(L, "past[%d] is not there: `uses` of the rule holds %d counts",
                          (int)number, (int)score->use_count);
    }
    name.ptr = luaL_checklstring(L, 2, &name.len);
    for (uint32_t i = 0; i < score->use_count; i++)
        if (score->uses[i].name.len > 0 && rp_str_eq(score->uses[i].name, name))
            return push_use(L, view->call, i);
    return luaL_error(L, "past.%s is not there: add uses = { %s = count(…) } to the rule", name.ptr,
                      name.ptr);
}

/* ---- The metatable --------------------------------------------------------------------------- */

static const struct view *check_view(lua_State *L)
{
    const struct view *view = luaL_checkudata(L, 1, METATABLE);

    if (view->serial != view->call->serial)
        luaL_error(L, "this belongs to an earlier event");
    return view;
}

static int view_index(lua_State *L)
{
    const struct view *view = check_view(L);
    struct rp_str key;

    rp_sandbox_charge(L, 2);
    if (view->kind == VIEW_PAST)
        return read_past(L, view);
    if (lua_type(L, 2) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }
    key.ptr = lua_tolstring(L, 2, &key.len);
    switch (view->kind) {
    case VIEW_EVENT:
        return read_event(L, view, key);
    case VIEW_OBJECT:
        return read_object(L, view, key);
    case VIEW_LEAD:
        return read_lead(L, view, key);
    case VIEW_PAST:
        break;
    }
    return 0;
}

static int view_write(lua_State *L)
{
    (void)check_view(L);
    return luaL_error(L, "rules cannot change the event or the lead; use an action with set {…}");
}

static int view_length(lua_State *L)
{
    const struct view *view = check_view(L);

    if (view->kind != VIEW_PAST)
        return luaL_error(L, "this is no list");
    lua_pushinteger(L, view->call->rules->scores[view->call->rule].use_count);
    return 1;
}

/* pairs(event.properties): a plain table of the object's fields. */
static int view_pairs(lua_State *L)
{
    const struct view *view = check_view(L);
    const struct rp_event *event = view->call->event;

    if (view->kind != VIEW_OBJECT)
        return luaL_error(L, "pairs needs a table; name the field that is meant");
    lua_createtable(L, 0, 0);
    if (view->prop == RP_NONE)
        return 1;
    for (uint32_t i = view->prop + 1; i < event->props[view->prop].next; i = event->props[i].next) {
        if (event->props[i].dropped)
            continue;
        push_text(L, event->props[i].key);
        push_prop(L, view->call, i, view->label);
        lua_rawset(L, -3);
    }
    return 1;
}

void rp_vm_views_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"__index", view_index},
                                       {"__newindex", view_write},
                                       {"__len", view_length},
                                       {"__pairs", view_pairs},
                                       {NULL, NULL}};

    luaL_newmetatable(L, METATABLE);
    luaL_setfuncs(L, methods, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushliteral(L, "table of fields"); /* what messages call a view */
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

void rp_vm_views_push(lua_State *L, const struct rp_vm_call *call)
{
    push_view(L, call, VIEW_EVENT);
    push_view(L, call, VIEW_LEAD);
    push_view(L, call, VIEW_PAST);
}
