/* SPDX-License-Identifier: MIT */
/* Merges the declarations along `like`, from the rules up to the arm, and prints what results as
 * the control's own. The arm keeps its declaration: like the new control, it changes nothing more.
 */
#include "engine/promote_priv.h"
#include "engine/scan.h"

#include <stdlib.h>
#include <string.h>

enum { CHAIN_MAX = 32, COLUMNS = 100 };

/* ---- Merging -----------------------------------------------------------------------------------
 */

static int by_key(const void *a, const void *b)
{
    return rp_str_cmp(((const struct rp_node_field *)a)->key,
                      ((const struct rp_node_field *)b)->key);
}

static bool is_text_list(const struct rp_node *node)
{
    for (uint32_t i = 0; i < node->item_count; i++) {
        if (node->items[i].type != RP_NODE_TEXT)
            return false;
    }
    return node->type == RP_NODE_TEXT ||
           (node->type == RP_NODE_TABLE && node->item_count > 0 && node->field_count == 0);
}

/* Names of both, each once. */
static struct rp_node join_lists(struct rp_arena *arena, const struct rp_node *under,
                                 const struct rp_node *over)
{
    struct rp_node joined = {.type = RP_NODE_TABLE};
    uint32_t counts[2];
    const struct rp_node *lists[2] = {rp_node_list(under, &counts[0]),
                                      rp_node_list(over, &counts[1])};

    joined.items = RP_ARENA_ARRAY(arena, struct rp_node, counts[0] + counts[1] + 1);
    for (int l = 0; l < 2; l++) {
        for (uint32_t i = 0; i < counts[l]; i++) {
            bool again = false;

            for (uint32_t j = 0; j < joined.item_count; j++)
                again |= rp_str_eq(joined.items[j].text, lists[l][i].text);
            if (!again)
                joined.items[joined.item_count++] = lists[l][i];
        }
    }
    return joined;
}

static struct rp_node merged(struct rp_arena *arena, const struct rp_node *under,
                             const struct rp_node *over)
{
    struct rp_node table = *over;

    if (is_text_list(under) && is_text_list(over))
        return join_lists(arena, under, over);
    if (under->type != RP_NODE_TABLE || over->type != RP_NODE_TABLE || under->item_count ||
        over->item_count)
        return *over;
    table.fields =
        RP_ARENA_ARRAY(arena, struct rp_node_field, under->field_count + over->field_count + 1);
    table.field_count = 0;
    for (uint32_t i = 0; i < under->field_count; i++) {
        if (!rp_node_field(over, under->fields[i].key))
            table.fields[table.field_count++] = under->fields[i];
    }
    for (uint32_t i = 0; i < over->field_count; i++) {
        const struct rp_node_field *below = rp_node_field(under, over->fields[i].key);
        struct rp_node_field *field = &table.fields[table.field_count++];

        *field = over->fields[i];
        if (below)
            field->value = merged(arena, &below->value, &field->value);
    }
    qsort(table.fields, table.field_count, sizeof(*table.fields), by_key);
    return table;
}

/* ---- Printing ----------------------------------------------------------------------------------
 */

static bool is_name(struct rp_str key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
              (i > 0 && c >= '0' && c <= '9')))
            return false;
    }
    return key.len > 0;
}

static void print_text(struct rp_buf *out, struct rp_str text)
{
    rp_buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '"' || c == '\\')
            rp_buf_char(out, '\\');
        if (c == '\n')
            rp_buf_text(out, "\\n");
        else if ((unsigned char)c < ' ')
            rp_buf_printf(out, "\\%03d", c);
        else
            rp_buf_char(out, c);
    }
    rp_buf_char(out, '"');
}

static void print_node(struct rp_buf *out, const struct rp_node *node, int indent);

static void print_key(struct rp_buf *out, struct rp_str key)
{
    if (is_name(key)) {
        rp_buf_str(out, key);
    } else {
        rp_buf_char(out, '[');
        print_text(out, key);
        rp_buf_char(out, ']');
    }
    rp_buf_text(out, " = ");
}

static void print_table(struct rp_buf *out, const struct rp_node *node, int indent)
{
    const char *comma = "";

    rp_buf_text(out, "{ ");
    for (uint32_t i = 0; i < node->item_count; i++, comma = ", ") {
        rp_buf_text(out, comma);
        print_node(out, &node->items[i], indent);
    }
    for (uint32_t i = 0; i < node->field_count; i++, comma = ", ") {
        rp_buf_text(out, comma);
        print_key(out, node->fields[i].key);
        print_node(out, &node->fields[i].value, indent);
    }
    rp_buf_text(out, comma[0] ? " }" : "}");
}

static void print_node(struct rp_buf *out, const struct rp_node *node, int indent)
{
    switch ((enum rp_node_type)node->type) {
    case RP_NODE_NUMBER:
        rp_buf_printf(out, "%.15g", node->number);
        return;
    case RP_NODE_BOOL:
        rp_buf_text(out, node->flag ? "true" : "false");
        return;
    case RP_NODE_TEXT:
        print_text(out, node->text);
        return;
    case RP_NODE_TABLE:
        print_table(out, node, indent);
        return;
    case RP_NODE_NIL:
    case RP_NODE_CALL:
    case RP_NODE_FUNCTION:
    case RP_NODE_UNKNOWN:
    case RP_NODE_OTHER:
        break;
    }
    rp_buf_text(out, "nil");
}

/* A field a line when one line does not hold them all. */
static void print_model(struct rp_buf *out, struct rp_str name, const struct rp_node *body)
{
    struct rp_buf line = {0};

    rp_buf_text(out, "model ");
    print_text(out, name);
    rp_buf_char(out, ' ');
    print_table(&line, body, 0);
    if (out->len + line.len <= COLUMNS) {
        rp_buf_str(out, rp_buf_view(&line));
    } else {
        rp_buf_text(out, "{\n");
        for (uint32_t i = 0; i < body->field_count; i++) {
            rp_buf_text(out, "  ");
            print_key(out, body->fields[i].key);
            print_node(out, &body->fields[i].value, 2);
            rp_buf_text(out, ",\n");
        }
        rp_buf_char(out, '}');
    }
    rp_buf_fini(&line);
}

/* ---- Where it stands ----------------------------------------------------------------------------
 */

/* From `model` to the bracket that closes its body. */
static bool find_span(struct rp_str text, struct rp_str name, int line, size_t *ret_at,
                      size_t *ret_len)
{
    struct rp_scan scan = rp_scan_start(text);
    struct rp_token token = rp_scan_next(&scan);
    int depth = 0;

    for (; token.type != RP_TOKEN_END; token = rp_scan_next(&scan)) {
        struct rp_token next;

        if (token.type != RP_TOKEN_NAME || token.line != line || !rp_str_is(token.text, "model"))
            continue;
        *ret_at = token.at;
        next = rp_scan_next(&scan);
        if (next.type != RP_TOKEN_STRING || !rp_str_eq(next.text, name))
            continue;
        do {
            next = rp_scan_next(&scan);
            if (next.type == RP_TOKEN_MARK && next.text.len == 1)
                depth += next.text.ptr[0] == '{' ? 1 : next.text.ptr[0] == '}' ? -1 : 0;
        } while (depth > 0 && next.type != RP_TOKEN_END);
        *ret_len = next.at + next.text.len - *ret_at;
        return next.type == RP_TOKEN_MARK && next.text.ptr[0] == '}';
    }
    return false;
}

static struct rp_node without_field(struct rp_arena *arena, const struct rp_node *body,
                                    const char *key)
{
    struct rp_node left = *body;

    left.fields = RP_ARENA_ARRAY(arena, struct rp_node_field, body->field_count + 1);
    left.field_count = 0;
    for (uint32_t i = 0; i < body->field_count; i++) {
        if (!rp_str_is(body->fields[i].key, key))
            left.fields[left.field_count++] = body->fields[i];
    }
    return left;
}

static int no_model(struct rp_str name, struct rp_err *err)
{
    return rp_err_set(err, RIPEN_EINPUT, "the rules have no model \"%.*s\"", RP_STR_ARG(name));
}

struct rp_node rp_promote_merged(struct rp_arena *arena, const struct rp_declarations *declarations,
                                 struct rp_str model, struct rp_str until, bool *ret_met)
{
    const struct rp_declared *chain[CHAIN_MAX];
    const struct rp_declared *at = rp_declarations_find(declarations, "model", model);
    struct rp_node body = {.type = RP_NODE_TABLE};
    size_t count = 0;

    *ret_met = false;
    while (at && count < CHAIN_MAX && !*ret_met) {
        struct rp_str like = rp_node_text(&at->body, "like");

        *ret_met = rp_str_eq(at->name, until);
        if (!*ret_met)
            chain[count++] = at;
        at = like.len > 0 ? rp_declarations_find(declarations, "model", like) : NULL;
    }
    while (count > 0) {
        struct rp_node next = without_field(arena, &chain[--count]->body, "like");

        next = without_field(arena, &next, "why");
        body = next.type == RP_NODE_TABLE ? merged(arena, &body, &next) : body;
    }
    return body;
}

/* The numbers of the arm over those of everything that it is like; the control's own `like` stays
 * when the arm comes from it. */
static int overlay(struct rp_arena *arena, const struct rp_declarations *declarations,
                   const struct rp_declared *control, struct rp_str arm, struct rp_node *ret_body,
                   struct rp_err *err)
{
    struct rp_node own;
    bool met;

    if (!rp_declarations_find(declarations, "model", arm))
        return no_model(arm, err);
    own = rp_promote_merged(arena, declarations, arm, control->name, &met);
    *ret_body = own;
    if (met && control->body.type == RP_NODE_TABLE)
        *ret_body = merged(arena, &control->body, &own);
    return 0;
}

int rp_promote(struct rp_arena *arena, const struct rp_files *files,
               const struct rp_declarations *declarations, struct rp_str control, struct rp_str arm,
               struct rp_promotion *ret_promotion, struct rp_err *err)
{
    const struct rp_declared *declared = rp_declarations_find(declarations, "model", control);
    struct rp_promotion *p = ret_promotion;
    struct rp_buf text = {0};
    struct rp_node body;
    struct rp_str file;
    int status;

    if (!declared)
        return no_model(control, err);
    if (rp_declarations_find(declarations, "model", arm) &&
        rp_promote_in_weights(arena, files, declarations, control, arm, p))
        return 0;
    status = overlay(arena, declarations, declared, arm, &body, err);
    if (status != 0)
        return status;
    *p = (struct rp_promotion){.file = declared->place.file};
    file = files->items[p->file].text;
    if (!find_span(file, control, declared->place.line, &p->at, &p->len))
        return rp_err_set(err, RIPEN_EINPUT,
                          "model \"%.*s\" in %.*s is not written plainly; change it by hand",
                          RP_STR_ARG(control), RP_STR_ARG(files->items[p->file].path));
    print_model(&text, control, &body);
    p->was = (struct rp_str){file.ptr + p->at, p->len};
    p->text = rp_arena_str(arena, rp_buf_view(&text));
    rp_buf_reset(&text);
    rp_buf_str(&text, (struct rp_str){file.ptr, p->at});
    rp_buf_str(&text, p->text);
    rp_buf_str(&text, (struct rp_str){file.ptr + p->at + p->len, file.len - p->at - p->len});
    p->whole = rp_arena_str(arena, rp_buf_view(&text));
    rp_buf_fini(&text);
    return 0;
}
