/* SPDX-License-Identifier: MIT */
/* One pass over the tokens with a stack of blocks and one of local names. A local name counts from
 * where it is written, not from the end of its statement, and one made in `repeat` lives on: both
 * can only hide a read, never invent one. Invariants: the stacks are bounded; text that is not
 * well-formed ends the pass early. */
#include "engine/reads.h"

#include "base/check.h"
#include "base/text.h"

#include <string.h>

enum { BLOCKS_MAX = 400, LOCALS_MAX = 2000, READS_MAX = 50000 };

enum block_kind { BLOCK_FUNCTION, BLOCK_PLAIN, BLOCK_LOOP, BLOCK_REPEAT, BLOCK_BRACKET };

struct block {
    enum block_kind kind;
    char open;       /* BRACKET */
    bool waits;      /* LOOP: its `do` comes */
    bool test;       /* FUNCTION: the value of a field `test` */
    uint32_t locals; /* how many there were before it */
    int line, column;
};

struct local {
    struct rp_str name;
    bool parameter; /* of a test: `root` says which */
    enum rp_read_root root;
};

struct reader {
    struct rp_arena *arena;
    struct rp_scan scan;
    struct rp_token token, before, before_that; /* the present one and the two in front of it */
    struct block blocks[BLOCKS_MAX];
    uint32_t block_count, function_count;
    struct local locals[LOCALS_MAX];
    uint32_t local_count;
    struct rp_reads reads;
    bool broken;
};

static void next(struct reader *r)
{
    r->before_that = r->before;
    r->before = r->token;
    r->token = rp_scan_next(&r->scan);
}

static bool is(const struct rp_token *token, const char *text)
{
    return (token->type == RP_TOKEN_MARK || token->type == RP_TOKEN_NAME) &&
           rp_str_is(token->text, text);
}

static struct rp_token ahead(const struct reader *r)
{
    struct rp_scan scan = r->scan;

    return rp_scan_next(&scan);
}

/* ---- Blocks and locals ----------------------------------------------------------------------- */

static struct block *push_block(struct reader *r, enum block_kind kind)
{
    struct block *block;

    if (r->block_count == BLOCKS_MAX) {
        r->broken = true;
        return &r->blocks[BLOCKS_MAX - 1];
    }
    block = &r->blocks[r->block_count++];
    *block = (struct block){
        .kind = kind, .locals = r->local_count, .line = r->token.line, .column = r->token.column};
    r->function_count += kind == BLOCK_FUNCTION;
    return block;
}

static void pop_block(struct reader *r, bool bracket)
{
    struct block *top;

    if (r->block_count == 0 || (r->blocks[r->block_count - 1].kind == BLOCK_BRACKET) != bracket) {
        r->broken = true;
        return;
    }
    top = &r->blocks[--r->block_count];
    if (top->kind != BLOCK_REPEAT) /* its condition sees its locals */
        r->local_count = top->locals;
    r->function_count -= top->kind == BLOCK_FUNCTION;
}

static struct block *top_block(struct reader *r)
{
    return r->block_count > 0 ? &r->blocks[r->block_count - 1] : NULL;
}

static void add_local(struct reader *r, struct rp_str name)
{
    if (r->local_count == LOCALS_MAX) {
        r->broken = true;
        return;
    }
    r->locals[r->local_count++] = (struct local){.name = name};
}

static const struct local *find_local(const struct reader *r, struct rp_str name)
{
    for (uint32_t i = r->local_count; i > 0; i--)
        if (rp_str_eq(r->locals[i - 1].name, name))
            return &r->locals[i - 1];
    return NULL;
}

static const struct block *enclosing_test(const struct reader *r)
{
    for (uint32_t i = r->block_count; i > 0; i--)
        if (r->blocks[i - 1].test)
            return &r->blocks[i - 1];
    return NULL;
}

/* ---- The list -------------------------------------------------------------------------------- */

static struct rp_read *add_read(struct reader *r)
{
    struct rp_reads *reads = &r->reads;

    if (reads->count == reads->cap) {
        uint32_t cap = reads->cap ? reads->cap * 2 : 32;
        struct rp_read *wider = RP_ARENA_ARRAY(r->arena, struct rp_read, cap);

        if (reads->count > 0)
            memcpy(wider, reads->items, reads->count * sizeof *wider);
        reads->items = wider;
        reads->cap = cap;
    }
    r->broken |= reads->count >= READS_MAX;
    return &reads->items[reads->count++];
}

/* ---- Declarations of locals ------------------------------------------------------------------ */

/* (event, lead, past): the present token is the bracket; afterwards the one behind it. */
static void read_parameters(struct reader *r, bool test)
{
    uint32_t first = r->local_count;

    if (!is(&r->token, "(")) {
        r->broken = true;
        return;
    }
    for (next(r); r->token.type != RP_TOKEN_END && !is(&r->token, ")"); next(r))
        if (r->token.type == RP_TOKEN_NAME)
            add_local(r, r->token.text);
    next(r);
    for (uint32_t i = first; test && i < r->local_count && i < first + 3; i++) {
        r->locals[i].parameter = true;
        r->locals[i].root = (enum rp_read_root)(RP_READ_EVENT + (i - first));
    }
}

/* function f() …: a variable that is made. */
static void note_named(struct reader *r)
{
    struct rp_token behind = ahead(r);
    struct rp_read *read;

    if (find_local(r, r->token.text) != NULL)
        return;
    read = add_read(r);
    *read = (struct rp_read){.root = RP_READ_GLOBAL,
                             .count = 1,
                             .in_function = r->function_count > 0,
                             .assigned = is(&behind, "(")};
    read->names[0] = r->token;
}

/* The present token is `function`. */
static void read_function(struct reader *r)
{
    bool test = is(&r->before, "=") && is(&r->before_that, "test") && top_block(r) &&
                top_block(r)->open == '{';
    bool local = is(&r->before, "local");
    bool method = false;
    struct block *block;
    struct rp_token at = r->token;

    next(r);
    if (local && r->token.type == RP_TOKEN_NAME)
        add_local(r, r->token.text);
    else if (r->token.type == RP_TOKEN_NAME)
        note_named(r);
    while (r->token.type == RP_TOKEN_NAME || is(&r->token, ".") || is(&r->token, ":")) {
        method |= is(&r->token, ":");
        next(r);
    }
    block = push_block(r, BLOCK_FUNCTION);
    block->test = test;
    block->line = at.line;
    block->column = at.column;
    if (method)
        add_local(r, RP_STR("self"));
    read_parameters(r, test);
}

/* local a <const>, b = …; the present token is behind `local`. */
static void read_locals(struct reader *r)
{
    while (r->token.type == RP_TOKEN_NAME) {
        add_local(r, r->token.text);
        next(r);
        if (is(&r->token, "<")) {
            next(r);
            next(r);
            next(r);
        }
        if (!is(&r->token, ","))
            return;
        next(r);
    }
}

/* for a, b in … do; the present token is `for`. */
static void read_for(struct reader *r)
{
    push_block(r, BLOCK_LOOP)->waits = true;
    next(r);
    read_locals(r);
}

/* ---- Reads of variables ---------------------------------------------------------------------- */

static void read_comparison(const struct reader *r, struct rp_token in_front,
                            struct rp_token behind_it, struct rp_read *read)
{
    if (is(&r->token, "==") || is(&r->token, "~=")) {
        read->compared_to = ahead(r);
    } else if ((is(&in_front, "==") || is(&in_front, "~=")) && behind_it.type == RP_TOKEN_STRING) {
        read->compared_to = behind_it;
    }
    read->compared = read->compared_to.type == RP_TOKEN_STRING;
}

/* A name that is a variable, with the fields behind it. */
static void read_variable(struct reader *r)
{
    const struct local *local = find_local(r, r->token.text);
    const struct block *test = enclosing_test(r);
    struct rp_token in_front = r->before, behind_it = r->before_that;
    struct rp_read scratch = {.count = 0}, *read = &scratch;
    bool statement = !top_block(r) || top_block(r)->kind != BLOCK_BRACKET;

    if (local == NULL || local->parameter)
        read = add_read(r);
    *read = (struct rp_read){.root = local ? local->root : RP_READ_GLOBAL,
                             .in_function = r->function_count > 0,
                             .test_line = test ? test->line : 0,
                             .test_column = test ? test->column : 0};
    read->names[read->count++] = r->token;
    next(r);
    while (is(&r->token, ".") && ahead(r).type == RP_TOKEN_NAME) {
        next(r);
        if (read->count < RP_READ_NAMES)
            read->names[read->count++] = r->token;
        next(r);
    }
    read->assigned = statement && is(&r->token, "=") && read->count == 1;
    read->one_text = r->token.type == RP_TOKEN_STRING || is(&r->token, "{");
    read_comparison(r, in_front, behind_it, read);
}

static bool is_key(struct reader *r)
{
    struct rp_token behind = ahead(r);

    return top_block(r) && top_block(r)->open == '{' && is(&behind, "=") &&
           (is(&r->before, "{") || is(&r->before, ",") || is(&r->before, ";"));
}

static void read_name(struct reader *r)
{
    static const char *const plain[] = {"and", "break", "false",  "goto", "in",  "nil",
                                        "not", "or",    "return", "true", "then"};

    for (size_t i = 0; i < RP_COUNT(plain); i++) {
        if (is(&r->token, plain[i])) {
            next(r);
            return;
        }
    }
    if (is(&r->before, ".") || is(&r->before, ":") || is(&r->before, "::") ||
        is(&r->before, "goto") || is_key(r))
        next(r); /* a method, a label, a key */
    else
        read_variable(r);
}

/* True when the present token opened or closed a block and was passed. */
static bool read_block(struct reader *r)
{
    struct block *top = top_block(r);

    if (is(&r->token, "function")) {
        read_function(r);
        return true;
    }
    if (is(&r->token, "for")) {
        read_for(r);
        return true;
    }
    if (is(&r->token, "local")) {
        next(r);
        if (!is(&r->token, "function"))
            read_locals(r);
        return true;
    }
    if (is(&r->token, "while"))
        push_block(r, BLOCK_LOOP)->waits = true;
    else if (is(&r->token, "repeat"))
        (void)push_block(r, BLOCK_REPEAT);
    else if (is(&r->token, "do") && top && top->waits)
        top->waits = false;
    else if (is(&r->token, "do") || is(&r->token, "if"))
        (void)push_block(r, BLOCK_PLAIN);
    else if (is(&r->token, "end") || is(&r->token, "until"))
        pop_block(r, false);
    else if (is(&r->token, "else") || is(&r->token, "elseif"))
        r->local_count = top ? top->locals : 0;
    else
        return false;
    next(r);
    return true;
}

static void read_mark(struct reader *r)
{
    if (is(&r->token, "{") || is(&r->token, "(") || is(&r->token, "["))
        push_block(r, BLOCK_BRACKET)->open = r->token.text.ptr[0];
    else if (is(&r->token, "}") || is(&r->token, ")") || is(&r->token, "]"))
        pop_block(r, true);
    next(r);
}

struct rp_reads rp_reads_of(struct rp_arena *arena, struct rp_str text)
{
    struct reader *r = RP_ARENA_NEW(arena, struct reader);

    r->arena = arena;
    r->scan = rp_scan_start(text);
    next(r);
    while (r->token.type != RP_TOKEN_END && !r->broken) {
        if (r->token.type == RP_TOKEN_MARK)
            read_mark(r);
        else if (r->token.type != RP_TOKEN_NAME)
            next(r);
        else if (!read_block(r))
            read_name(r);
    }
    return r->reads;
}
