/* SPDX-License-Identifier: MIT */
/* Lua's sentences in an author's words. Lua 5.4 has about forty messages that a script without
 * libraries can meet; a table turns each into a sentence and a remedy. What is not in it is said in
 * one general sentence: a raw message is never shown. */
#include "engine/sandbox.h"

#include <stdio.h>

/* `pattern`: text with * for any run; $1, $2 … in the sentence are what the stars stood for. */
static const struct {
    const char *pattern, *sentence, *hint;
} table[] = {
    /* Syntax. */
    {"'}' expected (to close '{' at line *) near '*'",
     "a comma or a '}' is missing before '$2'; the table starts on line $1",
     "put a comma behind the field in front of it"},
    {"'}' expected (to close '{' at line *) near <eof>", "the '{' on line $1 is never closed",
     "add a '}' at the end of the table"},
    {"'}' expected near <eof>", "a '{' is never closed", "add a '}' at the end of the table"},
    {"'}' expected near '*'", "a comma or a '}' is missing before '$1'",
     "put a comma behind the field in front of it"},
    {"')' expected (to close '(' at line *) near *",
     "a comma or a ')' is missing before $2; the '(' stands on line $1", "close the bracket"},
    {"')' expected near *", "a comma or a ')' is missing before $1", "close the bracket"},
    {"']' expected near *", "a ']' is missing before $1", "write [\"key\"] = value"},
    {"'end' expected (to close '*' at line *) near *", "an `end` is missing for the $1 on line $2",
     "add `end`"},
    {"'end' expected near *", "an `end` is missing", "add `end`"},
    {"'=' expected near '*'", "this line starts like a field or a variable, but '$1' follows",
     "outside of {…} a line is a declaration such as score \"name\" {…}"},
    {"'=' expected near *", "this line is not finished",
     "write a declaration such as score \"name\" {…}"},
    {"'then' expected near *", "`then` is missing before $1", "write if … then … end"},
    {"'do' expected near *", "`do` is missing before $1", "write for … do … end"},
    {"unfinished string near *", "a text is not closed with a quote on its line",
     "add the closing quote"},
    {"unfinished long string*", "a long text [[ is not closed", "add ]]"},
    {"unfinished long comment*", "a long comment --[[ is not closed", "add ]]"},
    {"malformed number near '*'", "'$1' is not a number",
     "write texts and durations such as \"7d\" in quotes"},
    {"<name> expected near '*'", "a name is missing before '$1'",
     "words of Lua such as end, for, in, not, or, repeat cannot be names"},
    {"<name> expected near *", "a name is missing before $1", "add it"},
    {"unexpected symbol near 'end'", "'end' does not belong here",
     "words of Lua such as end, for, in, not, or, repeat cannot be names of fields"},
    {"unexpected symbol near '*'", "'$1' does not belong here",
     "look for a missing value, quote or bracket in front of it"},
    {"unexpected symbol near *", "something is missing before $1",
     "look for a missing value, quote or bracket"},
    {"syntax error near '*'", "this does not form a declaration; it stops at '$1'",
     "write a declaration such as score \"name\" {…}"},
    {"syntax error near *", "this does not form a declaration",
     "write a declaration such as score \"name\" {…}"},
    {"'<eof>' expected near '*'", "'$1' closes something that was never opened", "remove it"},
    {"invalid escape sequence '*'", "the text holds '$1', which means nothing",
     "write \\\\ for a backslash"},
    {"*near *", "this line cannot be read; it stops at $2",
     "look for a missing comma, quote or bracket"},
    {"*chunk has too many syntax levels*", "brackets are nested too deeply", "nest less"},
    {"C stack overflow*", "it is nested too deeply", "nest less"},
    {"*attempt to load a binary chunk*", "the file is not text", "save it as text"},
    /* Runs. */
    {"attempt to compare number with nil*", "a number is compared with something unknown",
     "ask first: if x and x > 5 then …, or write (x or 0)"},
    {"attempt to compare nil with number*", "a number is compared with something unknown",
     "ask first: if x and x > 5 then …, or write (x or 0)"},
    {"attempt to compare two * values*", "two $1 values have no order", "compare numbers or texts"},
    {"attempt to compare * with *", "a $1 is compared with a $2",
     "make both numbers with tonumber(…)"},
    {"attempt to perform arithmetic on a nil value (* '*')",
     "it calculates with '$2', which is unknown", "write ($2 or 0)"},
    {"attempt to perform arithmetic on a nil value*", "it calculates with something unknown",
     "write (x or 0)"},
    {"attempt to perform arithmetic on a * value*", "it calculates with a $1",
     "make it a number with tonumber(…)"},
    {"attempt to concatenate a nil value*", "it joins a text with something unknown",
     "write (x or \"\")"},
    {"attempt to concatenate a * value*", "it joins a text with a $1", "use tostring(…)"},
    {"attempt to call a nil value (global '*')", "'$1' is no function", "correct its spelling"},
    {"attempt to call a nil value*", "it calls something that is no function",
     "look for a missing comma between two {…}"},
    {"attempt to call a * value*", "it calls a $1 as if it were a function",
     "look for a missing comma between two entries"},
    {"attempt to index a nil value (field '*')", "it looks into '$1', which is unknown",
     "ask first: if x then …, or write (x or {})"},
    {"attempt to index a nil value*", "it looks into something unknown",
     "ask first: if x then …, or write (x or {})"},
    {"attempt to index a * value*", "it looks into a $1 as if it were a table", "correct it"},
    {"attempt to get length of a nil value*", "it asks for the length of something unknown",
     "write #(x or {})"},
    {"attempt to get length of a * value*", "a $1 has no length", "correct it"},
    {"attempt to perform bitwise operation on a nil value*", "it calculates with something unknown",
     "write (x or 0)"},
    {"attempt to perform bitwise operation on a * value*", "it calculates with a $1",
     "make it a number with tonumber(…)"},
    {"attempt to divide by zero", "it divides by zero", "ask first whether the number is 0"},
    {"attempt to perform 'n*0'", "it divides by zero", "ask first whether the number is 0"},
    {"attempt to *", "it attempts to $1", ""},
    {"number has no integer representation", "a whole number is needed here", "use math.floor(…)"},
    {"'for' initial value must be a number", "a `for` needs numbers", "correct them"},
    {"'for' limit must be a number", "a `for` needs numbers", "correct them"},
    {"bad 'for' * (number expected, got *)", "a `for` needs numbers, and its $1 is a $2",
     "correct it"},
    {"'for' step is zero", "a `for` with step 0 never ends", "correct the step"},
    {"table index is nil", "a table has no place for an unknown key", "ask first: if key then …"},
    {"table index is NaN", "a table has no place for this key", "correct it"},
    {"stack overflow*", "a function calls itself without end", "let it stop at some depth"},
    {"error in error handling", "it failed while it failed", ""},
    {"bad argument #* to '?' (*)", "argument $1 of the function that it calls: $2", ""},
    {"bad argument #* to '*' (* expected, got no value)", "$2 needs a $3 as its argument number $1",
     ""},
    {"bad argument #* to '*' (* expected, got *)",
     "$2 needs a $3 as its argument number $1, and gets $4", ""},
    {"bad argument #* to '*' (*)", "argument $1 of $2: $3", ""},
    {"*number format not supported*", "this number cannot be shown", ""},
};

#define STARS_MAX 6

struct stars {
    const char *start[STARS_MAX];
    size_t len[STARS_MAX];
    int count;
};

/* A star takes as little as it can; the last one takes the rest. Linear enough: messages are short.
 */
static bool fits(const char *pattern, const char *text, struct stars *stars)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern != '*')
        return *pattern == *text && fits(pattern + 1, text + 1, stars);
    if (stars->count == STARS_MAX)
        return false;
    int star = stars->count++;

    for (size_t len = 0;; len++) {
        stars->start[star] = text;
        stars->len[star] = len;
        if (fits(pattern + 1, text + len, stars))
            return true;
        stars->count = star + 1;
        if (text[len] == '\0')
            break;
    }
    stars->count = star;
    return false;
}

static void fill(const char *sentence, const struct stars *stars, char *text, size_t size)
{
    size_t at = 0;

    for (; *sentence && at + 1 < size; sentence++) {
        if (*sentence == '$' && sentence[1] >= '1' && sentence[1] <= '9') {
            int star = sentence[1] - '1';
            struct rp_str meant = star < stars->count
                                      ? (struct rp_str){stars->start[star], stars->len[star]}
                                      : RP_STR("");

            sentence++;
            if (rp_str_is(meant, "<eof>"))
                meant = RP_STR("the end of the file");
            for (size_t i = 0; i < meant.len && at + 1 < size; i++)
                text[at++] = meant.ptr[i];
            continue;
        }
        text[at++] = *sentence;
    }
    text[at] = '\0';
}

void rp_sandbox_explain(const struct rp_sandbox *sandbox, char *text, size_t size, char *hint,
                        size_t hint_size)
{
    struct stars stars;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        stars.count = 0;
        if (!fits(table[i].pattern, sandbox->message, &stars))
            continue;
        fill(table[i].sentence, &stars, text, size);
        fill(table[i].hint, &stars, hint, hint_size);
        if (sandbox->last_nil[0] != '\0' && strstr(sandbox->message, "nil") != NULL)
            snprintf(hint, hint_size, "%s is unknown here; write (%s or 0) or ask for it first",
                     sandbox->last_nil, sandbox->last_nil);
        return;
    }
    snprintf(text, size, "%s", sandbox->message);
    snprintf(hint, hint_size, "%s", "");
}
