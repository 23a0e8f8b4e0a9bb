/* SPDX-License-Identifier: MIT */
/* Generated test functions under small budgets: the bytes choose words of a grammar of statements
 * and expressions, so that nearly every input loads and runs. Whatever comes out, the run ends, the
 * outcome is the same the second time, and a rule of another file goes on as if nothing had
 * happened. Bytes that are used up choose the first word, which ends every sentence. */
#include "base/buf.h"
#include "engine/load.h"
#include "engine/vm.h"
#include "fuzz.h"
#include "model/event.h"

#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 5
#define TEXT_MAX  6000

struct writer {
    const uint8_t *bytes;
    size_t left;
    struct rp_buf out;
    int depth;
};

static unsigned choose(struct writer *w, unsigned count)
{
    if (w->left == 0 || w->out.len > TEXT_MAX)
        return 0;
    w->left--;
    return *w->bytes++ % count;
}

#define CHOOSE(w, words) rp_buf_text(&(w)->out, (words)[choose((w), RP_COUNT(words))])

enum want { ANY, NUMBER, TEXT, TABLE, FUNCTION };

static void expression(struct writer *w, enum want want);
static void block(struct writer *w, unsigned most);

static void atom(struct writer *w, enum want want)
{
    static const char *const any[] = {
        "nil",
        "x",
        "true",
        "event",
        "lead",
        "past",
        "event.context",
        "lead.company",
        "_ENV",
        "past[1]",
        "event.properties",
        "event.properties.deep.x",
        "string",

        "t.k",
    };
    static const char *const numbers[] = {
        "1",
        "n",
        "0",
        "-1",
        "3",
        "1000000",
        "2.5",
        "1e300",
        "(0/0)",
        "math.huge",
        "math.mininteger",
        "#t",
        "#s",
        "past[1]",
        "(n or 0)",
        "250",
    };
    static const char *const texts[] = {
        "\"a\"",
        "s",
        "\"\"",
        "event.type",
        "lead.title",
        "event.properties.path",
        "\"%d %s %5.2f %q\"",
        "\"(.-)*%b()%f[%w]\"",
        "\"a*a*a*b\"",
        "\"\\0\\255é\"",
        "(\"ab\"):rep(50)",
        "\"[^%s]+()\"",
        "\"^(%a*)%1$\"",
        "\"%\"",
    };
    static const char *const tables[] = {
        "t", "{}", "event.properties.list", "{1,2,3,\"x\",k=n}", "{s,s,s}", "{{},{t}}",
    };
    static const char *const functions[] = {"f", "tostring", "string.rep", "glob", "table.concat"};

    switch (want) {
    case NUMBER:
        CHOOSE(w, numbers);
        break;
    case TEXT:
        CHOOSE(w, texts);
        break;
    case TABLE:
        CHOOSE(w, tables);
        break;
    case FUNCTION:
        CHOOSE(w, functions);
        break;
    case ANY:
        CHOOSE(w, any);
    }
}

/* Functions with what they take and give; now and then something else is handed to them. */
static void call(struct writer *w, enum want want)
{
    static const struct {
        const char *name;
        enum want gives, takes[4];
        unsigned count;
    } functions[] = {
        {"tostring", TEXT, {ANY}, 1},
        {"string.rep", TEXT, {TEXT, NUMBER, TEXT}, 3},
        {"string.gsub", TEXT, {TEXT, TEXT, TEXT, NUMBER}, 4},
        {"string.gsub", TEXT, {TEXT, TEXT, FUNCTION}, 3},
        {"string.gsub", TEXT, {TEXT, TEXT, TABLE}, 3},
        {"string.format", TEXT, {TEXT, ANY, ANY, NUMBER}, 4},
        {"string.match", TEXT, {TEXT, TEXT, NUMBER}, 3},
        {"string.sub", TEXT, {TEXT, NUMBER, NUMBER}, 3},
        {"string.char", TEXT, {NUMBER, NUMBER}, 2},
        {"string.lower", TEXT, {TEXT}, 1},
        {"string.upper", TEXT, {TEXT}, 1},
        {"string.reverse", TEXT, {TEXT}, 1},
        {"table.concat", TEXT, {TABLE, TEXT, NUMBER, NUMBER}, 4},
        {"utf8.char", TEXT, {NUMBER, NUMBER}, 2},
        {"type", TEXT, {ANY}, 1},
        {"f", TEXT, {TEXT, NUMBER}, 2},
        {"string.find", NUMBER, {TEXT, TEXT, NUMBER, ANY}, 4},
        {"string.byte", NUMBER, {TEXT, NUMBER, NUMBER}, 3},
        {"string.len", NUMBER, {TEXT}, 1},
        {"math.floor", NUMBER, {NUMBER}, 1},
        {"math.max", NUMBER, {NUMBER, NUMBER}, 2},
        {"math.fmod", NUMBER, {NUMBER, NUMBER}, 2},
        {"math.tointeger", NUMBER, {NUMBER}, 1},
        {"utf8.codepoint", NUMBER, {TEXT, NUMBER}, 2},
        {"utf8.len", NUMBER, {TEXT, NUMBER, NUMBER}, 3},
        {"tonumber", NUMBER, {TEXT, NUMBER}, 2},
        {"select", NUMBER, {NUMBER, ANY, ANY}, 3},
        {"table.remove", ANY, {TABLE, NUMBER}, 2},
        {"glob", ANY, {TEXT, TEXT}, 2},
        {"contains", ANY, {TEXT, TEXT}, 2},
        {"starts_with", ANY, {TEXT, TEXT}, 2},
        {"ends_with", ANY, {TEXT, TEXT}, 2},
        {"word", ANY, {TEXT, TEXT}, 2},
        {"assert", ANY, {ANY, TEXT}, 2},
    };
    unsigned at = choose(w, RP_COUNT(functions)), count;

    for (unsigned i = 0; want != ANY && i < RP_COUNT(functions) && functions[at].gives != want; i++)
        at = (at + 1) % RP_COUNT(functions);
    rp_buf_printf(&w->out, "%s(", functions[at].name);
    count = functions[at].count - choose(w, 2 < functions[at].count ? 2 : 1);
    for (unsigned i = 0; i < count; i++) {
        rp_buf_text(&w->out, i ? ", " : "");
        expression(w, choose(w, 24) == 1 ? ANY : functions[at].takes[i]);
    }
    rp_buf_char(&w->out, ')');
}

static void operation(struct writer *w, enum want want)
{
    static const char *const sums[] = {" + ", " - ", " * ", " / ", " // ", " % ", " ^ ", " & "};
    static const char *const compares[] = {" == ", " ~= ", " and ", " or "};
    enum want parts = want == TEXT ? TEXT : want == NUMBER ? NUMBER : ANY;

    rp_buf_char(&w->out, '(');
    expression(w, parts);
    if (want == NUMBER)
        CHOOSE(w, sums);
    else if (want == TEXT)
        rp_buf_text(&w->out, " .. ");
    else
        CHOOSE(w, compares);
    expression(w, parts);
    rp_buf_char(&w->out, ')');
}

static void expression(struct writer *w, enum want want)
{
    if (++w->depth > DEPTH_MAX) {
        atom(w, want);
        w->depth--;
        return;
    }
    switch (choose(w, 8)) {
    case 1:
    case 2:
    case 3:
        if (want == TABLE || want == FUNCTION)
            atom(w, want);
        else
            call(w, want);
        break;
    case 4:
    case 5:
        if (want == FUNCTION) {
            rp_buf_text(&w->out, "(function(s, n) ");
            block(w, 2);
            rp_buf_text(&w->out, " return s end)");
        } else if (want == TABLE) {
            rp_buf_text(&w->out, "{");
            expression(w, ANY);
            rp_buf_text(&w->out, ", k = ");
            expression(w, ANY);
            rp_buf_text(&w->out, "}");
        } else {
            operation(w, want);
        }
        break;
    default:
        atom(w, want);
    }
    w->depth--;
}

static void nested(struct writer *w, const char *before, enum want want, const char *between,
                   const char *after)
{
    rp_buf_text(&w->out, before);
    expression(w, want);
    rp_buf_text(&w->out, between);
    block(w, 3);
    rp_buf_text(&w->out, after);
}

static void assign(struct writer *w, const char *before, enum want want)
{
    rp_buf_text(&w->out, before);
    expression(w, want);
}

static void statement(struct writer *w)
{
    switch (choose(w, 16)) {
    case 1:
        assign(w, "s = ", TEXT);
        break;
    case 2:
        assign(w, "n = ", NUMBER);
        break;
    case 3:
        assign(w, "t = ", TABLE);
        break;
    case 4:
        assign(w, "t[#t + 1] = ", ANY);
        break;
    case 5:
        assign(w, "t[s] = ", ANY);
        break;
    case 6:
        nested(w, "if ", ANY, " then ", " end");
        break;
    case 7:
        nested(w, "while ", ANY, " do ", " end");
        break;
    case 8:
        nested(w, "for n = 1, ", NUMBER, " do ", " end");
        break;
    case 9:
        nested(w, "for s, n in pairs(", TABLE, ") do ", " end");
        break;
    case 10:
        nested(w, "for s in string.gmatch(s, ", TEXT, ") do ", " end");
        break;
    case 11:
        assign(w, "x = ", ANY);
        break;
    case 12:
        assign(w, "f = ", FUNCTION);
        break;
    case 13:
        assign(w, "table.insert(t, ", ANY);
        rp_buf_char(&w->out, ')');
        break;
    case 14:
        rp_buf_text(&w->out,
                    choose(w, 2) ? "table.sort(t)" : "table.sort(t, function() return n end)");
        break;
    case 15:
        if (choose(w, 3) == 1) {
            assign(w, "do return ", NUMBER);
            assign(w, ", ", TEXT);
            rp_buf_text(&w->out, " end");
        } else {
            call(w, ANY);
        }
        break;
    default:
        rp_buf_text(&w->out, "x = nil");
    }
    rp_buf_text(&w->out, ";\n");
}

static void block(struct writer *w, unsigned most)
{
    if (++w->depth <= DEPTH_MAX) {
        for (unsigned count = 1 + choose(w, most); count > 0; count--)
            statement(w);
    }
    w->depth--;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static bool one_fact(void *ctx, struct rp_str name, struct rp_scalar *ret_value)
{
    (void)ctx;
    *ret_value = (struct rp_scalar){.type = RP_STRING, .text = RP_STR("VP Sales")};
    return rp_str_is(name, "title");
}

static double one_past(void *ctx, uint32_t rule, uint32_t use)
{
    (void)ctx;
    return rule + use;
}

struct outcome {
    int status;
    double share;
    uint64_t steps;
    char text[512];
};

static void run(struct rp_vm *vm, const struct rp_rules *rules, const char *name,
                struct outcome *outcome)
{
    static const struct rp_vm_facts facts = {.lead = one_fact, .past = one_past};
    struct rp_event event = {
        .type = RP_PAGE,
        .message_id = RP_STR("m"),
        .body = RP_STR("{\"properties\":{\"path\":\"/pricing/é\",\"list\":[1,\"b\",{\"c\":2}],"
                       "\"deep\":{\"x\":{\"y\":1e300}}},\"context\":{\"ip\":\"1\"}}")};
    uint32_t rule = rp_rules_score(rules, rp_str_from(name));
    struct rp_test_result result = {0};
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    if (rp_event_body_parse(&arena, &event) < 0)
        abort();
    *outcome = (struct outcome){.status = rp_vm_test(&arena, vm, rules->scores[rule].test, rule,
                                                     &event, &facts, &result, &err)};
    outcome->share = result.share;
    outcome->steps = rp_vm_steps(vm);
    snprintf(outcome->text, sizeof(outcome->text), "%.*s|%s|%s",
             (int)(result.evidence.len < 200 ? result.evidence.len : 200),
             result.evidence.ptr ? result.evidence.ptr : "", err.text,
             result.fault ? result.fault : "");
    if (outcome->status == 0 && !(result.share >= 0 && result.share <= 1))
        abort();
    rp_arena_fini(&arena);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->share == b->share && a->steps == b->steps &&
           strcmp(a->text, b->text) == 0;
}

static void play(const struct rp_rules *rules)
{
    struct outcome first, second, neighbour;
    struct rp_err err = {0};
    struct rp_vm *vm = rp_vm_new(rules, &err);

    if (vm == NULL)
        return;
    rp_vm_limits(vm, 5000, (size_t)1 << 20);
    run(vm, rules, "attack", &first);
    run(vm, rules, "neighbour", &neighbour);
    if (neighbour.status != 0 || neighbour.share != 1)
        abort();
    run(vm, rules, "attack", &second);
    rp_vm_free(vm);
    if (!same(&first, &second))
        abort();
    vm = rp_vm_new(rules, &err); /* a state of its own decides the same */
    if (vm == NULL)
        abort();
    rp_vm_limits(vm, 5000, (size_t)1 << 20);
    run(vm, rules, "attack", &second);
    rp_vm_free(vm);
    if (!same(&first, &second))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char neighbour[] =
        "dimension \"engagement\" { range = { 0, 100 } }\n"
        "score \"neighbour\" { why = \"n\", on = \"page\", points = 1, test = function(event)\n"
        "  return event.type == \"page\" and string.format(\"%d\", 3) == \"3\" end }\n";
    static const char head[] =
        "score \"attack\" { why = \"a\", on = \"page\", points = 1, uses = { count(\"page\") },\n"
        "  test = function(event, lead, past)\n"
        "  local x, n, s, t, f = 1, 2, \"b\", { 1, 2 }, tostring\n";
    struct writer w = {.bytes = bytes, .left = size};
    struct rp_source items[] = {{.path = RP_STR("a.lua")},
                                {RP_STR("b.lua"), {neighbour, sizeof(neighbour) - 1}}};
    struct rp_files files = {items, 2};
    struct rp_load_options options = {.skips_reads = true};
    struct rp_findings findings;
    struct rp_rules *rules = NULL;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_buf_text(&w.out, head);
    while (w.left > 0 && w.out.len < TEXT_MAX)
        statement(&w);
    rp_buf_text(&w.out, "return n and true, s end }\n");
    items[0].text = rp_buf_view(&w.out);
    rp_arena_init(&arena);
    if (rp_load(&arena, &files, &options, &rules, &findings, &err) == 0) {
        play(rules);
        rp_rules_free(rules);
    }
    rp_arena_fini(&arena);
    rp_buf_fini(&w.out);
    return 0;
}
