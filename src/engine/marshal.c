/* SPDX-License-Identifier: MIT */
/* Lua values to trees. Knows the stack and the arena; knows nothing of what a tree means.
 * Invariants: the stack is left as it was; nothing is read through metamethods; depth and number of
 * nodes are bounded, so that a table that holds itself ends in a finding; work is charged to the
 * budget. */
#include "base/limits.h"
#include "engine/declare.h"

#include <stdlib.h>

#define DEPTH_MAX    24
#define NODES_MAX    200000 /* of one declaration */
#define STEPS_A_NODE 20

struct rp_call_object *rp_call_object(lua_State *L, int index)
{
    return luaL_testudata(L, index, RP_CALL_METATABLE);
}

static void marshal(lua_State *L, struct rp_recorder *recorder, int index, struct rp_node *node,
                    int depth);

static struct rp_str keep_text(lua_State *L, struct rp_recorder *recorder, int index)
{
    struct rp_str text;

    text.ptr = lua_tolstring(L, index, &text.len);
    return rp_arena_str(recorder->arena, text);
}

static int compare_fields(const void *left, const void *right)
{
    const struct rp_node_field *a = left, *b = right;

    return rp_str_cmp(a->key, b->key);
}

static void report(struct rp_recorder *recorder, const struct rp_node *node, enum rp_code code,
                   const char *text)
{
    if (recorder->diagnosis == NULL)
        return;
    recorder->findings_here++;
    rp_diagnose(recorder->diagnosis, code, node->place, 1, RP_STR(""), "%s", text);
}

/* Fields under texts; numbers behind the list are a gap in it. */
static void marshal_fields(lua_State *L, struct rp_recorder *recorder, int table,
                           struct rp_node *node, int depth)
{
    uint32_t cap = 0;
    bool gap = false;

    lua_pushnil(L);
    while (lua_next(L, table)) {
        int key = lua_gettop(L) - 1;

        rp_sandbox_charge(L, 1);
        if (lua_type(L, key) == LUA_TSTRING) {
            if (node->field_count == cap) {
                struct rp_node_field *wider;

                cap = cap ? cap * 2 : 4;
                wider = RP_ARENA_ARRAY(recorder->arena, struct rp_node_field, cap);
                if (node->field_count > 0)
                    memcpy(wider, node->fields, node->field_count * sizeof *wider);
                node->fields = wider;
            }
            struct rp_node_field *field = &node->fields[node->field_count++];

            *field =
                (struct rp_node_field){.key = keep_text(L, recorder, key), .place = node->place};
            field->value.place = node->place;
            marshal(L, recorder, key + 1, &field->value, depth + 1);
        } else if (!lua_isinteger(L, key) || lua_tointeger(L, key) < 1 ||
                   lua_tointeger(L, key) > (lua_Integer)node->item_count) {
            gap = true;
        }
        lua_pop(L, 1);
    }
    if (gap)
        report(recorder, node, RP_CODE_LIST_KEY,
               "a list has a gap, or a key that is neither a name nor a text");
    if (node->field_count > 1)
        qsort(node->fields, node->field_count, sizeof *node->fields, compare_fields);
}

static void marshal_table(lua_State *L, struct rp_recorder *recorder, int index,
                          struct rp_node *node, int depth)
{
    int table = lua_absindex(L, index);
    uint32_t count = 0;

    node->type = RP_NODE_TABLE;
    while (lua_rawgeti(L, table, (lua_Integer)count + 1) != LUA_TNIL) {
        lua_pop(L, 1);
        count++;
        rp_sandbox_charge(L, 1);
    }
    lua_pop(L, 1);
    node->item_count = count;
    node->items = count > 0 ? RP_ARENA_ARRAY(recorder->arena, struct rp_node, count) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        lua_rawgeti(L, table, (lua_Integer)i + 1);
        node->items[i].place = node->place;
        marshal(L, recorder, -1, &node->items[i], depth + 1);
        lua_pop(L, 1);
    }
    marshal_fields(L, recorder, table, node, depth);
}

static void marshal_call(lua_State *L, struct rp_recorder *recorder, int index,
                         const struct rp_call_object *object, struct rp_node *node, int depth)
{
    node->type = RP_NODE_CALL;
    node->call = object->call;
    node->place = (struct rp_place){.file = object->file, .line = object->line};
    node->item_count = (uint32_t)object->arguments;
    if (node->item_count == 0)
        return;
    node->items = RP_ARENA_ARRAY(recorder->arena, struct rp_node, node->item_count);
    lua_getiuservalue(L, index, 1);
    for (uint32_t i = 0; i < node->item_count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        node->items[i].place = node->place;
        marshal(L, recorder, -1, &node->items[i], depth + 1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void marshal(lua_State *L, struct rp_recorder *recorder, int index, struct rp_node *node,
                    int depth)
{
    const struct rp_call_object *object;

    luaL_checkstack(L, 8, "nested too deeply");
    rp_sandbox_charge(L, STEPS_A_NODE);
    if (depth > DEPTH_MAX || ++recorder->nodes > NODES_MAX) {
        if (recorder->nodes <= NODES_MAX || recorder->nodes == NODES_MAX + 1)
            report(recorder, node, RP_CODE_DEEP, "a table is nested too deeply, or too large");
        node->type = RP_NODE_UNKNOWN;
        return;
    }
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        node->type = RP_NODE_NIL;
        break;
    case LUA_TBOOLEAN:
        node->type = RP_NODE_BOOL;
        node->flag = lua_toboolean(L, index);
        break;
    case LUA_TNUMBER:
        node->type = RP_NODE_NUMBER;
        node->number = lua_tonumber(L, index);
        break;
    case LUA_TSTRING:
        node->type = RP_NODE_TEXT;
        node->text = keep_text(L, recorder, index);
        rp_sandbox_charge(L, node->text.len / 16);
        break;
    case LUA_TTABLE:
        if (rp_sandbox_unlock(L, index)) { /* a library: no value */
            lua_pop(L, 1);
            node->type = RP_NODE_OTHER;
        } else {
            marshal_table(L, recorder, index, node, depth);
        }
        break;
    case LUA_TFUNCTION:
        node->type = lua_iscfunction(L, index) ? RP_NODE_OTHER : RP_NODE_FUNCTION;
        if (node->type == RP_NODE_FUNCTION)
            node->function = rp_recorder_keep_function(L, recorder, index);
        break;
    default:
        object = rp_call_object(L, index);
        if (object)
            marshal_call(L, recorder, index, object, node, depth);
        else if (luaL_testudata(L, index, RP_UNKNOWN_METATABLE))
            node->type = RP_NODE_UNKNOWN;
        else
            node->type = RP_NODE_OTHER;
        break;
    }
}

void rp_marshal(lua_State *L, struct rp_recorder *recorder, int index, struct rp_node *ret_node)
{
    int top = lua_gettop(L);

    recorder->nodes = 0;
    marshal(L, recorder, lua_absindex(L, index), ret_node, 0);
    RP_ASSERT(lua_gettop(L) == top);
}
