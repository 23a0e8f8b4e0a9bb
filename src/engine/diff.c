/* SPDX-License-Identifier: MIT */
/* Compares the declared trees of two loads. A declaration is known by its kind and name, or by the
 * name that it had (`was`). Values are compared as they are written out, so that 10 and 10.0 are
 * one. A function has no tree: it is compared by the text from its declaration to the next one. */
#include "engine/diff.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "engine/tree.h"

#include <stdlib.h>

struct side {
    const struct rp_files *files;
    struct rp_declarations declared;
};

struct comparing {
    struct rp_arena *arena;
    struct rp_changes *changes;
    struct side before, after;
    struct rp_str kind, name; /* of the declaration under way */
    size_t depth;
};

enum { DEPTH_MAX = 32, VALUE_MAX = 160 };

/* ---- Results --------------------------------------------------------------------------------- */

static void add(struct comparing *c, enum rp_change_op op, struct rp_str field, struct rp_str was,
                struct rp_str is)
{
    struct rp_changes *changes = c->changes;

    if (changes->count == changes->cap) {
        size_t cap = changes->cap ? changes->cap * 2 : 16;
        struct rp_change *grown = RP_ARENA_ARRAY(c->arena, struct rp_change, cap);

        if (changes->count > 0)
            memcpy(grown, changes->items, changes->count * sizeof(*grown));
        changes->items = grown;
        changes->cap = cap;
    }
    changes->items[changes->count++] = (struct rp_change){
        .op = op,
        .kind = rp_arena_str(c->arena, c->kind),
        .name = rp_arena_str(c->arena, c->name),
        .field = rp_arena_str(c->arena, field),
        .was = rp_arena_str(c->arena, was),
        .is = rp_arena_str(c->arena, is),
    };
}

static struct rp_str written(struct comparing *c, const struct rp_node *node)
{
    struct rp_buf out = {0};
    struct rp_str text;

    rp_node_print(&out, node);
    text = rp_arena_str(c->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    if (text.len > VALUE_MAX) {
        size_t len = VALUE_MAX;

        while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
            len--;
        text = rp_arena_printf(c->arena, "%.*s…", (int)len, text.ptr);
    }
    return text;
}

/* ---- Trees ----------------------------------------------------------------------------------- */

static bool same_nodes(const struct rp_node *a, const struct rp_node *b)
{
    struct rp_buf x = {0}, y = {0};
    bool same;

    rp_node_print(&x, a);
    rp_node_print(&y, b);
    same = rp_str_eq(rp_buf_view(&x), rp_buf_view(&y));
    rp_buf_fini(&x);
    rp_buf_fini(&y);
    return same;
}

static struct rp_str join(struct comparing *c, struct rp_str path, struct rp_str part)
{
    return path.len == 0
               ? rp_arena_str(c->arena, part)
               : rp_arena_printf(c->arena, "%.*s.%.*s", RP_STR_ARG(path), RP_STR_ARG(part));
}

static void compare(struct comparing *c, struct rp_str path, const struct rp_node *a,
                    const struct rp_node *b);

static void compare_fields(struct comparing *c, struct rp_str path, const struct rp_node *a,
                           const struct rp_node *b)
{
    uint32_t i = 0, j = 0;

    while (i < a->field_count || j < b->field_count) {
        int order = i == a->field_count   ? 1
                    : j == b->field_count ? -1
                                          : rp_str_cmp(a->fields[i].key, b->fields[j].key);

        if (order < 0) {
            add(c, RP_CHANGE_CHANGED, join(c, path, a->fields[i].key),
                written(c, &a->fields[i].value), RP_STR(""));
            i++;
        } else if (order > 0) {
            add(c, RP_CHANGE_CHANGED, join(c, path, b->fields[j].key), RP_STR(""),
                written(c, &b->fields[j].value));
            j++;
        } else {
            compare(c, join(c, path, a->fields[i].key), &a->fields[i].value, &b->fields[j].value);
            i++;
            j++;
        }
    }
}

/* Items of the same number are compared one by one, others as a whole. */
static void compare_items(struct comparing *c, struct rp_str path, const struct rp_node *a,
                          const struct rp_node *b)
{
    for (uint32_t i = 0; i < a->item_count; i++) {
        struct rp_str here = path;

        if (a->item_count > 1)
            here = join(c, path, rp_arena_printf(c->arena, "%u", i + 1));
        compare(c, here, &a->items[i], &b->items[i]);
    }
}

static void compare(struct comparing *c, struct rp_str path, const struct rp_node *a,
                    const struct rp_node *b)
{
    bool alike = a->type == b->type && a->item_count == b->item_count && c->depth < DEPTH_MAX &&
                 (a->type == RP_NODE_TABLE || (a->type == RP_NODE_CALL && a->call == b->call));

    if (same_nodes(a, b))
        return;
    if (!alike) {
        add(c, RP_CHANGE_CHANGED, path, written(c, a), written(c, b));
        return;
    }
    c->depth++;
    if (a->type == RP_NODE_CALL)
        path = join(c, path, rp_str_from(a->call->name));
    compare_items(c, path, a, b);
    compare_fields(c, path, a, b);
    c->depth--;
}

/* ---- Functions ------------------------------------------------------------------------------- */

static bool has_function(const struct rp_node *node)
{
    if (node->type == RP_NODE_FUNCTION)
        return true;
    for (uint32_t i = 0; i < node->item_count; i++) {
        if (has_function(&node->items[i]))
            return true;
    }
    for (uint32_t i = 0; i < node->field_count; i++) {
        if (has_function(&node->fields[i].value))
            return true;
    }
    return false;
}

/* From the declaration's line to the next one's. */
static struct rp_str source_of(const struct side *side, const struct rp_declared *declared)
{
    struct rp_str text = side->files->items[declared->place.file].text;
    int until = INT32_MAX, line = 1;
    size_t start = 0, end;

    for (uint32_t i = 0; i < side->declared.count; i++) {
        const struct rp_place *place = &side->declared.items[i].place;

        if (place->file == declared->place.file && place->line > declared->place.line &&
            place->line < until)
            until = place->line;
    }
    while (start < text.len && line < declared->place.line)
        line += text.ptr[start++] == '\n';
    end = start;
    while (end < text.len && line < until)
        line += text.ptr[end++] == '\n';
    while (end > start && (text.ptr[end - 1] == '\n' || text.ptr[end - 1] == ' '))
        end--;
    return (struct rp_str){text.ptr + start, end - start};
}

/* ---- Declarations ---------------------------------------------------------------------------- */

static const struct rp_declared *find(const struct side *side, const char *kind, struct rp_str name)
{
    return rp_declarations_find(&side->declared, kind, name);
}

static const struct rp_declared *find_before(struct comparing *c, const struct rp_declared *now)
{
    const struct rp_declared *before = find(&c->before, now->decl->name, now->name);
    struct rp_str was = rp_node_text(&now->body, "was");

    if (!before && was.len > 0 && !find(&c->after, now->decl->name, was))
        before = find(&c->before, now->decl->name, was);
    return before;
}

static void compare_declared(struct comparing *c, const struct rp_declared *now)
{
    const struct rp_declared *before = find_before(c, now);
    size_t found = c->changes->count;

    c->kind = rp_str_from(now->decl->name);
    c->name = now->name;
    if (!before) {
        add(c, RP_CHANGE_ADDED, RP_STR(""), RP_STR(""), written(c, &now->body));
        c->changes->added++;
        return;
    }
    if (!rp_str_eq(before->name, now->name))
        add(c, RP_CHANGE_CHANGED, RP_STR("name"), before->name, now->name);
    compare(c, RP_STR(""), &before->body, &now->body);
    if (found == c->changes->count && has_function(&now->body) &&
        !rp_str_eq(source_of(&c->before, before), source_of(&c->after, now)))
        add(c, RP_CHANGE_CHANGED, RP_STR("function"), RP_STR("as it was"), RP_STR("written anew"));
    c->changes->changed += c->changes->count > found;
}

static bool goes_on(struct comparing *c, const struct rp_declared *before)
{
    if (find(&c->after, before->decl->name, before->name))
        return true;
    for (uint32_t i = 0; i < c->after.declared.count; i++) {
        const struct rp_declared *now = &c->after.declared.items[i];

        if (now->decl == before->decl && rp_str_eq(rp_node_text(&now->body, "was"), before->name))
            return true;
    }
    return false;
}

static void compare_declarations(struct comparing *c)
{
    static const struct rp_node nothing = {.type = RP_NODE_TABLE};

    for (uint32_t i = 0; i < c->after.declared.count; i++)
        compare_declared(c, &c->after.declared.items[i]);
    for (uint32_t i = 0; i < c->before.declared.count; i++) {
        const struct rp_declared *before = &c->before.declared.items[i];

        if (goes_on(c, before))
            continue;
        c->kind = rp_str_from(before->decl->name);
        c->name = before->name;
        add(c, RP_CHANGE_REMOVED, RP_STR(""), written(c, &before->body), RP_STR(""));
        c->changes->removed++;
    }
    const struct rp_node *was = &c->before.declared.weights, *is = &c->after.declared.weights;
    size_t found = c->changes->count;

    c->kind = RP_STR("weights");
    c->name = RP_STR("");
    compare(c, RP_STR(""), was->type == RP_NODE_TABLE ? was : &nothing,
            is->type == RP_NODE_TABLE ? is : &nothing);
    c->changes->changed += c->changes->count > found;
}

/* ---- Lists and templates --------------------------------------------------------------------- */

static const struct rp_source *find_file(const struct rp_files *files, struct rp_str path)
{
    for (size_t i = 0; i < files->count; i++) {
        if (rp_str_eq(files->items[i].path, path))
            return &files->items[i];
    }
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return rp_str_cmp(*(const struct rp_str *)a, *(const struct rp_str *)b);
}

static struct rp_str *lines_of(struct rp_str text, size_t *ret_count)
{
    size_t count = 0, cap = 0;
    struct rp_str *lines = rp_grow(NULL, &cap, 1, sizeof(*lines));

    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;

        lines = rp_grow(lines, &cap, count + 1, sizeof(*lines));
        lines[count++] = (struct rp_str){text.ptr, len};
        text = (struct rp_str){text.ptr + len + (end != NULL), text.len - len - (end != NULL)};
    }
    if (count > 1)
        qsort(lines, count, sizeof(*lines), by_text);
    *ret_count = count;
    return lines;
}

static void compare_lines(struct comparing *c, struct rp_str was, struct rp_str is)
{
    size_t was_count, is_count, i = 0, j = 0, gone = 0, come = 0;
    struct rp_str *a = lines_of(was, &was_count), *b = lines_of(is, &is_count);

    while (i < was_count || j < is_count) {
        int order = i == was_count ? 1 : j == is_count ? -1 : rp_str_cmp(a[i], b[j]);

        gone += order < 0;
        come += order > 0;
        i += order <= 0;
        j += order >= 0;
    }
    free(a);
    free(b);
    if (gone == 0 && come == 0 && rp_str_starts(c->name, RP_STR("lists/")))
        return; /* in another order */
    add(c, RP_CHANGE_CHANGED, RP_STR("lines"), rp_arena_printf(c->arena, "%zu removed", gone),
        rp_arena_printf(c->arena, "%zu added", come));
    c->changes->changed++;
}

static void compare_files(struct comparing *c)
{
    const struct rp_files *before = c->before.files, *after = c->after.files;

    c->kind = RP_STR("file");
    for (size_t i = 0; i < after->count; i++) {
        const struct rp_source *was = find_file(before, after->items[i].path);

        c->name = after->items[i].path;
        if (rp_str_ends(c->name, RP_STR(".lua")))
            continue;
        if (!was) {
            add(c, RP_CHANGE_ADDED, RP_STR(""), RP_STR(""), RP_STR(""));
            c->changes->added++;
        } else if (!rp_str_eq(was->text, after->items[i].text)) {
            compare_lines(c, was->text, after->items[i].text);
        }
    }
    for (size_t i = 0; i < before->count; i++) {
        c->name = before->items[i].path;
        if (rp_str_ends(c->name, RP_STR(".lua")) || find_file(after, c->name))
            continue;
        add(c, RP_CHANGE_REMOVED, RP_STR(""), RP_STR(""), RP_STR(""));
        c->changes->removed++;
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int load_side(struct rp_arena *arena, struct side *side, struct rp_err *err)
{
    struct rp_load_options options = {.declarations = &side->declared, .tests = true};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    int status = rp_load(arena, side->files, &options, &rules, &findings, err);

    rp_rules_free(rules);
    return status == RIPEN_ERULE ? 0 : status;
}

int rp_changes_find(struct rp_arena *arena, const struct rp_files *before,
                    const struct rp_files *after, struct rp_changes *ret_changes,
                    struct rp_err *err)
{
    struct comparing c = {
        .arena = arena, .changes = ret_changes, .before.files = before, .after.files = after};
    int status = load_side(arena, &c.before, err);

    *ret_changes = (struct rp_changes){0};
    if (status == 0)
        status = load_side(arena, &c.after, err);
    if (status == 0) {
        compare_declarations(&c);
        compare_files(&c);
    }
    rp_declarations_fini(&c.before.declared);
    rp_declarations_fini(&c.after.declared);
    return status;
}

static const char *const op_words[] = {"added", "removed", "changed"};

void rp_changes_print(const struct rp_changes *changes, struct rp_buf *out)
{
    static const char signs[] = "+-~";

    for (size_t i = 0; i < changes->count; i++) {
        const struct rp_change *change = &changes->items[i];
        bool named = change->name.len > 0;

        rp_buf_printf(out, "%c %.*s%s%.*s%s", signs[change->op], RP_STR_ARG(change->kind),
                      named ? " \"" : "", RP_STR_ARG(change->name), named ? "\"" : "");
        if (change->op == RP_CHANGE_CHANGED)
            rp_buf_printf(out, ": %.*s %.*s → %.*s", RP_STR_ARG(change->field),
                          change->was.len ? (int)change->was.len : 4,
                          change->was.len ? change->was.ptr : "none",
                          change->is.len ? (int)change->is.len : 4,
                          change->is.len ? change->is.ptr : "none");
        else if (change->is.len > 0)
            rp_buf_printf(out, " %.*s", RP_STR_ARG(change->is));
        rp_buf_char(out, '\n');
    }
    if (changes->count == 0)
        rp_buf_text(out, "no difference in what is declared\n");
    else
        rp_buf_printf(out, "%zu added, %zu removed, %zu changed\n", changes->added,
                      changes->removed, changes->changed);
}

void rp_changes_json(const struct rp_changes *changes, struct rp_jw *jw)
{
    rp_jw_array(jw);
    for (size_t i = 0; i < changes->count; i++) {
        const struct rp_change *change = &changes->items[i];

        rp_jw_object(jw);
        rp_jw_put_text(jw, "op", op_words[change->op]);
        rp_jw_put_str(jw, "kind", change->kind);
        rp_jw_put_str(jw, "name", change->name);
        rp_jw_put_str(jw, "field", change->field);
        rp_jw_put_str(jw, "was", change->was);
        rp_jw_put_str(jw, "is", change->is);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}
