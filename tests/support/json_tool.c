/* SPDX-License-Identifier: MIT */
/* What tests ask of the JSON that the program prints; read with the strict reader of the engine.
 *
 *   json_tool valid FILE             one JSON value and nothing else
 *   json_tool match EXPECTED FILE    partial comparison (examples/situations/README.md)
 *   json_tool get FILE PATH          a value, bare: leads.0.total; # is the number of elements
 *   json_tool rows FILE PATH…        of an array: one line an element, values parted by |
 *   json_tool sums FILE              of explain: the rows add up to each dimension, to the last
 * digit
 *
 * FILE may be -. Status 0: yes; 1: no, with the places on stderr; 2: could not be read. */
#include "base/arena.h"
#include "base/json_read.h"
#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    enum rp_json_token kind;
    struct rp_str key, text; /* text: decoded string, or the number as written */
    double number;
    struct node *first, *next;
    size_t count;
};

static struct rp_arena arena;

static _Noreturn void give_up(const char *path, const char *why)
{
    fprintf(stderr, "json_tool: %s: %s\n", path, why);
    exit(2);
}

static struct rp_str read_all(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    struct rp_str text = {NULL, 0};
    char *bytes = NULL;
    size_t cap = 0;

    if (!file)
        give_up(path, strerror(errno));
    do {
        bytes = rp_grow(bytes, &cap, text.len + 65536, 1);
        text.len += fread(bytes + text.len, 1, 65536, file);
    } while (!feof(file) && !ferror(file));
    if (file != stdin)
        fclose(file);
    text.ptr = bytes;
    text = rp_arena_str(&arena, text);
    free(bytes);
    return text;
}

/* ---- A tree ---------------------------------------------------------------------------------- */

static struct node *take(struct rp_json *json, enum rp_json_token token);

static void take_children(struct rp_json *json, struct node *parent)
{
    struct node **end = &parent->first;
    enum rp_json_token token;

    while ((token = rp_json_next(json)) != RP_JSON_ARRAY_END && token != RP_JSON_OBJECT_END &&
           token != RP_JSON_ERROR) {
        struct rp_str key = RP_STR("");

        if (token == RP_JSON_KEY) {
            key = rp_arena_str(&arena, json->string);
            token = rp_json_next(json);
        }
        *end = take(json, token);
        (*end)->key = key;
        end = &(*end)->next;
        parent->count++;
    }
}

static struct node *take(struct rp_json *json, enum rp_json_token token)
{
    struct node *node = RP_ARENA_NEW(&arena, struct node);

    node->kind = token;
    if (token == RP_JSON_OBJECT || token == RP_JSON_ARRAY) {
        take_children(json, node);
    } else if (token == RP_JSON_STRING) {
        node->text = rp_arena_str(&arena, json->string);
    } else if (token == RP_JSON_NUMBER) {
        node->text = rp_arena_str(&arena, json->raw);
        node->number = json->number;
    }
    return node;
}

static struct node *tree_of(const char *path)
{
    struct rp_json json;
    struct node *root;
    char why[200];

    rp_json_init(&json, &arena, read_all(path));
    root = take(&json, rp_json_next(&json));
    if (rp_json_next(&json) != RP_JSON_END) {
        snprintf(why, sizeof(why), "no JSON: byte %zu: %s", json.error_at,
                 json.error ? json.error : "?");
        give_up(path, why);
    }
    return root;
}

static const struct node *child(const struct node *parent, struct rp_str name)
{
    size_t index = 0;

    if (parent->kind == RP_JSON_ARRAY) {
        size_t wanted = 0;

        for (size_t i = 0; i < name.len; i++)
            wanted = name.ptr[i] < '0' || name.ptr[i] > '9'
                         ? parent->count
                         : wanted * 10 + (size_t)(name.ptr[i] - '0');
        for (const struct node *n = parent->first; n; n = n->next)
            if (index++ == wanted)
                return n;
        return NULL;
    }
    for (const struct node *n = parent->first; n; n = n->next)
        if (rp_str_eq(n->key, name))
            return n;
    return NULL;
}

static void print(const struct node *node)
{
    const char *mark = "";

    switch ((int)node->kind) {
    case RP_JSON_OBJECT:
    case RP_JSON_ARRAY:
        putchar(node->kind == RP_JSON_OBJECT ? '{' : '[');
        for (const struct node *n = node->first; n; n = n->next, mark = ",") {
            printf("%s%.*s%s", mark, RP_STR_ARG(n->key), n->key.len > 0 ? ":" : "");
            print(n);
        }
        putchar(node->kind == RP_JSON_OBJECT ? '}' : ']');
        break;
    case RP_JSON_STRING:
    case RP_JSON_NUMBER:
        printf("%.*s", RP_STR_ARG(node->text));
        break;
    default:
        fputs(node->kind == RP_JSON_TRUE    ? "true"
              : node->kind == RP_JSON_FALSE ? "false"
                                            : "null",
              stdout);
    }
}

/* NULL: there is no such place. */
static const struct node *find(const struct node *node, const char *path)
{
    while (node && *path) {
        size_t len = strcspn(path, ".");

        node = child(node, (struct rp_str){path, len});
        path += len + (path[len] == '.');
    }
    return node;
}

static int get(const struct node *root, char *path)
{
    size_t len = strlen(path);
    bool counts = len > 0 && path[len - 1] == '#' && (len == 1 || path[len - 2] == '.');
    const struct node *node;

    if (counts)
        path[len == 1 ? 0 : len - 2] = '\0';
    node = find(root, path);
    if (!node) {
        fprintf(stderr, "json_tool: there is no %s\n", path);
        return 1;
    }
    if (counts)
        printf("%zu", node->count);
    else
        print(node);
    putchar('\n');
    return 0;
}

static int rows(const struct node *root, int count, char **paths)
{
    for (const struct node *element = root->first; element; element = element->next) {
        for (int i = 0; i < count; i++) {
            const struct node *node = find(element, paths[i]);

            fputs(i > 0 ? "|" : "", stdout);
            if (node)
                print(node);
        }
        putchar('\n');
    }
    return 0;
}

/* ---- Comparison ------------------------------------------------------------------------------ */

static size_t differences;

static void differs(const char *path, const struct node *expected, const struct node *actual)
{
    differences++;
    fflush(stdout);
    printf("%s: expected ", path);
    print(expected);
    printf(", got ");
    if (actual)
        print(actual);
    else
        printf("nothing");
    putchar('\n');
}

static void match(const char *path, const struct node *expected, const struct node *actual);

static void match_children(const char *path, const struct node *expected, const struct node *actual)
{
    const struct node *theirs = actual->first;
    bool fired = strlen(path) >= 6 && strcmp(path + strlen(path) - 6, ".fired") == 0;
    char below[512];
    size_t index = 0;

    for (const struct node *n = expected->first; n; n = n->next, index++) {
        const struct node *other = expected->kind == RP_JSON_ARRAY ? theirs : child(actual, n->key);

        if (expected->kind == RP_JSON_ARRAY)
            snprintf(below, sizeof(below), "%s[%zu]", path, index);
        else
            snprintf(below, sizeof(below), "%s.%.*s", path, RP_STR_ARG(n->key));
        theirs = theirs ? theirs->next : NULL;
        if (other)
            match(below, n, other);
        else if (!(fired && n->kind == RP_JSON_NUMBER && !(n->number < 0 || n->number > 0)))
            differs(below, n, NULL);
    }
}

static void match(const char *path, const struct node *expected, const struct node *actual)
{
    bool same = expected->kind == actual->kind;

    if (same && expected->kind == RP_JSON_ARRAY && expected->count != actual->count)
        same = false;
    if (same && expected->kind == RP_JSON_NUMBER)
        same = !(expected->number < actual->number || expected->number > actual->number);
    if (same && expected->kind == RP_JSON_STRING)
        same = rp_str_eq(expected->text, actual->text);
    if (!same)
        differs(path, expected, actual);
    else if (expected->kind == RP_JSON_OBJECT || expected->kind == RP_JSON_ARRAY)
        match_children(path, expected, actual);
}

/* ---- Sums ------------------------------------------------------------------------------------ */

static int64_t milli(const struct node *node, const char *name)
{
    const struct node *value = node ? find(node, name) : NULL;
    const char *point;

    if (!value || value->kind != RP_JSON_NUMBER)
        give_up(name, "no number");
    point = memchr(value->text.ptr, '.', value->text.len);
    if (memchr(value->text.ptr, 'e', value->text.len) ||
        (point && value->text.ptr + value->text.len - point > 4))
        give_up(name, "a number with more than three places");
    return rp_milli_round(value->number);
}

static int sums(const struct node *root)
{
    const struct node *dimensions = find(root, "dimensions");
    size_t row_count = 0;
    int status = 0;

    (void)milli(root, "total");
    for (const struct node *d = dimensions ? dimensions->first : NULL; d; d = d->next) {
        const struct node *list = find(d, "rows");
        int64_t sum = 0;

        for (const struct node *row = list ? list->first : NULL; row; row = row->next, row_count++)
            sum += milli(row, "value");
        if (sum != milli(d, "value")) {
            fprintf(stderr, "%.*s: rows sum to %lld thousandths, the value is %lld\n",
                    RP_STR_ARG(d->key), (long long)sum, (long long)milli(d, "value"));
            status = 1;
        }
    }
    printf("%zu\n", row_count);
    return status;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 2 ? argv[1] : "";
    int status = 2;

    rp_arena_init(&arena);
    if (strcmp(verb, "valid") == 0 && argc == 3) {
        (void)tree_of(argv[2]);
        status = 0;
    } else if (strcmp(verb, "match") == 0 && argc == 4) {
        match("", tree_of(argv[2]), tree_of(argv[3]));
        status = differences > 0;
    } else if (strcmp(verb, "get") == 0 && argc == 4) {
        status = get(tree_of(argv[2]), argv[3]);
    } else if (strcmp(verb, "rows") == 0 && argc > 3) {
        status = rows(tree_of(argv[2]), argc - 3, argv + 3);
    } else if (strcmp(verb, "sums") == 0 && argc == 3) {
        status = sums(tree_of(argv[2]));
    } else {
        fputs("usage: json_tool valid|match|get|rows|sums FILE …\n", stderr);
    }
    rp_arena_fini(&arena);
    return status;
}
