/* SPDX-License-Identifier: MIT */
/* Reading and printing of declared trees. Knows nothing of Lua, of checks or of compiled rules.
 * Invariant: fields of a table are sorted by key and unique. */
#include "engine/tree.h"

#include "base/num.h"

#include <math.h>

const struct rp_node_field *rp_node_field(const struct rp_node *table, struct rp_str key)
{
    uint32_t low = 0, high;

    if (table == NULL || table->type != RP_NODE_TABLE)
        return NULL;
    high = table->field_count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = rp_str_cmp(table->fields[mid].key, key);

        if (order == 0)
            return &table->fields[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct rp_node *rp_node_get(const struct rp_node *table, const char *key)
{
    const struct rp_node_field *field = rp_node_field(table, rp_str_from(key));

    return field ? &field->value : NULL;
}

struct rp_str rp_node_text(const struct rp_node *table, const char *key)
{
    const struct rp_node *node = rp_node_get(table, key);

    return node && node->type == RP_NODE_TEXT ? node->text : RP_STR("");
}

double rp_node_number(const struct rp_node *table, const char *key, double fallback)
{
    const struct rp_node *node = rp_node_get(table, key);

    return node && node->type == RP_NODE_NUMBER ? node->number : fallback;
}

bool rp_node_flag(const struct rp_node *table, const char *key, bool fallback)
{
    const struct rp_node *node = rp_node_get(table, key);

    return node && node->type == RP_NODE_BOOL ? node->flag : fallback;
}

int64_t rp_node_span(const struct rp_node *table, const char *key, int64_t fallback)
{
    const struct rp_node *node = rp_node_get(table, key);
    int64_t ms;

    if (node == NULL || node->type != RP_NODE_TEXT || !rp_duration_parse(node->text, &ms))
        return fallback;
    return ms;
}

const struct rp_node *rp_node_list(const struct rp_node *node, uint32_t *ret_count)
{
    *ret_count = 0;
    if (node == NULL)
        return NULL;
    if (node->type == RP_NODE_TABLE) {
        *ret_count = node->item_count;
        return node->items;
    }
    if (node->type == RP_NODE_NIL)
        return NULL;
    *ret_count = 1;
    return node;
}

bool rp_node_is_call(const struct rp_node *node, const char *name)
{
    return node && node->type == RP_NODE_CALL && strcmp(node->call->name, name) == 0;
}

static bool is_name(struct rp_str key)
{
    if (key.len == 0 || (key.ptr[0] >= '0' && key.ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return false;
    }
    return true;
}

static void print_quoted(struct rp_buf *out, struct rp_str text)
{
    rp_buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            rp_buf_char(out, '\\');
        rp_buf_char(out, text.ptr[i]);
    }
    rp_buf_char(out, '"');
}

static void print_members(struct rp_buf *out, const struct rp_node *table, bool comma)
{
    for (uint32_t i = 0; i < table->item_count; i++) {
        rp_buf_text(out, comma ? ", " : "");
        rp_node_print(out, &table->items[i]);
        comma = true;
    }
    for (uint32_t i = 0; i < table->field_count; i++) {
        rp_buf_text(out, comma ? ", " : "");
        if (is_name(table->fields[i].key)) {
            rp_buf_str(out, table->fields[i].key);
        } else {
            rp_buf_text(out, "[");
            print_quoted(out, table->fields[i].key);
            rp_buf_text(out, "]");
        }
        rp_buf_text(out, " = ");
        rp_node_print(out, &table->fields[i].value);
        comma = true;
    }
}

static void print_table(struct rp_buf *out, const struct rp_node *table)
{
    if (table->item_count + table->field_count == 0) {
        rp_buf_text(out, "{}");
        return;
    }
    rp_buf_text(out, "{ ");
    print_members(out, table, false);
    rp_buf_text(out, " }");
}

/* Options behind the first argument are printed without their braces: did("page", days = 3). */
static void print_call(struct rp_buf *out, const struct rp_node *node)
{
    uint32_t count = node->item_count;

    while (count > 0 && node->items[count - 1].type == RP_NODE_NIL)
        count--;
    rp_buf_text(out, node->call->name);
    if (count == 1 && node->items[0].type == RP_NODE_TEXT) {
        rp_buf_char(out, ' ');
        print_quoted(out, node->items[0].text);
        return;
    }
    if (count == 1 && node->items[0].type == RP_NODE_TABLE) {
        rp_buf_char(out, ' ');
        print_table(out, &node->items[0]);
        return;
    }
    rp_buf_char(out, '(');
    for (uint32_t i = 0; i < count; i++) {
        const struct rp_node *arg = &node->items[i];

        if (i > 0 && arg->type == RP_NODE_TABLE && arg->item_count == 0) {
            print_members(out, arg, true);
            continue;
        }
        rp_buf_text(out, i > 0 ? ", " : "");
        rp_node_print(out, arg);
    }
    rp_buf_char(out, ')');
}

void rp_node_print(struct rp_buf *out, const struct rp_node *node)
{
    switch ((enum rp_node_type)node->type) {
    case RP_NODE_NIL:
        rp_buf_text(out, "nil");
        break;
    case RP_NODE_BOOL:
        rp_buf_text(out, node->flag ? "true" : "false");
        break;
    case RP_NODE_NUMBER:
        rp_number_print(out, node->number);
        break;
    case RP_NODE_TEXT:
        print_quoted(out, node->text);
        break;
    case RP_NODE_TABLE:
        print_table(out, node);
        break;
    case RP_NODE_CALL:
        print_call(out, node);
        break;
    case RP_NODE_FUNCTION:
        rp_buf_text(out, "function");
        break;
    case RP_NODE_UNKNOWN:
    case RP_NODE_OTHER:
        rp_buf_text(out, "?");
        break;
    }
}

const char *rp_node_type_name(const struct rp_node *node)
{
    switch ((enum rp_node_type)node->type) {
    case RP_NODE_NIL:
        return "nothing";
    case RP_NODE_BOOL:
        return node->flag ? "true" : "false";
    case RP_NODE_NUMBER:
        return "a number";
    case RP_NODE_TEXT:
        return "a text";
    case RP_NODE_TABLE:
        return "a table {…}";
    case RP_NODE_CALL:
        return node->call->name;
    case RP_NODE_FUNCTION:
        return "a function";
    case RP_NODE_UNKNOWN:
        return "an unknown name";
    case RP_NODE_OTHER:
        return "a name without quotes";
    }
    return "?";
}
