/* SPDX-License-Identifier: MIT */
/* Findings of a load: one table of codes, with severity, title, cause and remedy, from which
 * messages, help and documentation come; and the collector that every check reports to. */
#ifndef RP_ENGINE_DIAGNOSE_H
#define RP_ENGINE_DIAGNOSE_H

#include "base/arena.h"
#include "engine/load.h"

/* Codes are stable: a number is never given to another meaning. E: the rules are not taken.
 * W: they are, and something in them is probably not meant. XX(name, code, title, cause, remedy) */
#define RP_CODE_MAP(XX)                                                                            \
    XX(SYNTAX, "E001", "the file cannot be read as rules",                                         \
       "a comma, a bracket, a quote or an end is missing or too many",                             \
       "look at the line that is named and at the one above it")                                   \
    XX(RAISED, "E002", "the file stopped while it was read",                                       \
       "a line calculates with something unknown or calls error()", "correct that line")           \
    XX(STEPS, "E003", "reading the file takes too long",                                           \
       "a loop at the top of a file does not end", "declare instead of calculating")               \
    XX(MEMORY, "E004", "reading the file takes too much memory",                                   \
       "a text or a table grows without bound", "declare instead of calculating")                  \
    XX(UNKNOWN_NAME, "E005", "unknown name", "a word that the rules language does not have",       \
       "correct its spelling; a variable of your own needs `local` where it is made")              \
    XX(GLOBAL, "E006", "a variable without `local`", "`x = …` at the top of a file",               \
       "write `local x = …`")                                                                      \
    XX(NOT_HERE, "E007", "not available here", "a function of Lua that rules do not have",         \
       "use what the rules language offers")                                                       \
    XX(NO_NAME, "E008", "a declaration without a name",                                            \
       "`score {…}` instead of `score \"x\" {…}`", "give it a name in quotes")                     \
    XX(UNFINISHED, "E009", "an unfinished declaration", "`score \"x\"` without {…} behind it",     \
       "add its table, or remove it")                                                              \
    XX(NO_BODY, "E010", "a declaration without a table",                                           \
       "a text or number stands where {…} belongs", "put its fields into {…}")                     \
    XX(FIELD, "E011", "unknown field", "a field that this declaration does not have",              \
       "correct its spelling")                                                                     \
    XX(MISSING_FIELD, "E012", "a field is missing", "the declaration means nothing without it",    \
       "add the field")                                                                            \
    XX(TYPE, "E013", "a value of another kind", "for example a text where a number belongs",       \
       "write a value of the kind that is named")                                                  \
    XX(DURATION, "E014", "not a duration", "durations are texts such as \"30m\", \"12h\", \"7d\"", \
       "write a number and one of ms s m h d w months in quotes")                                  \
    XX(RANGE, "E015", "a number out of its bounds", "the number is too small or too large",        \
       "write one within the bounds")                                                              \
    XX(CHOICE, "E016", "not one of the choices", "the field takes a few words only",               \
       "write one of them")                                                                        \
    XX(DUPLICATE_KEY, "E017", "a field given twice", "only the last of them would count",          \
       "remove one of them")                                                                       \
    XX(DUPLICATE_NAME, "E018", "a name given twice", "two declarations of one kind share a name",  \
       "rename one of them")                                                                       \
    XX(ONLY_ONE, "E019", "declared twice", "this declaration may stand once in a directory",       \
       "put both into one")                                                                        \
    XX(EMPTY_FILE, "E020", "the file declares nothing", "it is empty, or a half-written copy",     \
       "remove it or move it elsewhere (a map of `ripen import`, say), or let its name start "     \
       "with a dot")                                                                               \
    XX(NO_DIMENSION, "E021", "unknown dimension", "no `dimension` has this name", "declare it")    \
    XX(NO_GROUP, "E022", "unknown group", "no `group` has this name", "declare it")                \
    XX(NO_STAGE, "E023", "unknown stage", "the name does not stand in `stages`", "add it there")   \
    XX(NO_RULE, "E024", "unknown rule", "no `score` or `fit` has this name", "correct it")         \
    XX(NO_LIST, "E025", "unknown list", "there is no lists/NAME.txt or .csv", "add the file")      \
    XX(NO_ENDPOINT, "E026", "unknown endpoint", "ripen.lua has no `endpoint` of this name",        \
       "add it to ripen.lua")                                                                      \
    XX(NO_TEMPLATE, "E027", "unknown template", "there is no templates/NAME.txt or .html",         \
       "add the file")                                                                             \
    XX(NO_SEGMENT, "E028", "unknown segment", "no `segment` has this name", "declare it")          \
    XX(NO_TEAM, "E030", "unknown team", "no `team` has this name", "declare it")                   \
    XX(NO_CALENDAR, "E031", "unknown calendar", "no `calendar` has this name", "declare it")       \
    XX(NO_MODEL, "E032", "unknown model", "no `model` has this name", "declare it")                \
    XX(NO_STATUS, "E033", "unknown status", "no stage lists this status", "add it to its stage")   \
    XX(NO_FILE, "E034", "a file is missing", "the rules directory does not hold it", "add it")     \
    XX(NO_STEP, "E035", "unknown step", "the sequence has no step of this name", "correct it")     \
    XX(OVERRIDE, "E036", "weights.lua names something unknown",                                    \
       "weights.lua changes numbers of rules, groups and stages that exist", "correct the name")   \
    XX(OVERRIDE_FORM, "E037", "weights.lua has a form that cannot be used",                        \
       "it returns one table of names and numbers", "write it as the hint shows")                  \
    XX(BOUNDS, "E038", "weights.lua changes a threshold that is not there",                        \
       "the stage's condition has no such at_least or below", "correct the name")                  \
    XX(NO_POINTS, "E039", "a rule that gives nothing", "it has neither `points` nor `per`",        \
       "add points")                                                                               \
    XX(STATE_RULE, "E040", "a score rule for a state dimension",                                   \
       "state dimensions are counted anew from `fit` rules", "use a dimension that accumulates")   \
    XX(FIT_RULE, "E041", "a fit rule for a dimension that accumulates",                            \
       "`fit` needs a dimension with kind = \"state\"", "name one, or use `score`")                \
    XX(WHICH_DIMENSION, "E042", "it is not clear which dimension",                                 \
       "the rule names none and none is the usual one", "add dimension = \"…\"")                   \
    XX(GROUP_DIMENSION, "E043", "the group belongs to another dimension",                          \
       "a group cuts the points of its own dimension only", "name a group of that dimension")      \
    XX(FIT_FORM, "E044", "a fit without a measure, or with two",                                   \
       "a fit has one of bands, words, values, when", "keep one of them")                          \
    XX(BANDS, "E045", "bands that are not in order",                                               \
       "each `below` must be larger than the one before, the last band has none",                  \
       "sort them and end with a band without `below`")                                            \
    XX(STAGE_FACT, "E046", "a rule that reads what rules decide",                                  \
       "lead.stage, the score and what actions set cannot be read by score, fit or test",          \
       "use it in a stage or an action")                                                           \
    XX(LEAD_FIELD, "E047", "unknown field of a touch", "touches have seven fields",                \
       "use source, medium, campaign, term, content, landing or referrer")                         \
    XX(PLACEHOLDER, "E048", "unknown placeholder",                                                 \
       "texts may show lead, event, stage, stage_since, status, score and reasons",                \
       "correct the placeholder")                                                                  \
    XX(BRACE, "E049", "a placeholder that is not closed", "a `{` without its `}`", "close it")     \
    XX(MATCHER, "E050", "not a matcher", "this cannot be compared with a field",                   \
       "write a value or a matcher such as glob \"/x*\"")                                          \
    XX(CONDITION, "E051", "not a condition", "this cannot be true or false",                       \
       "write fields in {…} or a condition such as did \"page\"")                                  \
    XX(TRIGGER, "E052", "not a trigger", "nothing would ever start this",                          \
       "write a trigger such as entered \"mql\"")                                                  \
    XX(PART, "E053", "not an action", "an action's table holds its parts",                         \
       "write a part such as webhook {…}")                                                         \
    XX(STEP, "E054", "not a step", "a sequence's steps are step \"name\" {…}", "correct it")       \
    XX(MEASURE, "E055", "not a count", "a count is made by visits, count, days, distinct …",       \
       "write one of them")                                                                        \
    XX(DATE, "E056", "not a date", "dates are texts such as \"2026-01-01\"", "correct it")         \
    XX(FUNCTION, "E057", "a function where none belongs", "only `test` of a score is a function",  \
       "remove it")                                                                                \
    XX(LIST_KEY, "E058", "a gap in a list or a key of another kind",                               \
       "lists go from the first element on, keys are names or texts", "correct it")                \
    XX(DEEP, "E059", "nested too deeply or too large", "a table contains itself, or is huge",      \
       "make it smaller")                                                                          \
    XX(REMEMBERS, "E060", "a test that remembers", "its function cannot be made free of memory",   \
       "use uses = { count(…) } and past")                                                         \
    XX(LOOKUP, "E061", "a look-up table that cannot be used",                                      \
       "its file lacks a column that match or gives names", "correct the columns")                 \
    XX(CONFLICT, "E062", "two fields that exclude each other", "only one of them can count",       \
       "keep one")                                                                                 \
    XX(SELF, "E063", "something that refers to itself", "it could never be decided",               \
       "break the circle")                                                                         \
    XX(TOO_MANY, "E064", "too many of them", "a bound of the engine is passed", "use fewer")       \
    XX(SECRET, "E065", "a secret in plain text", "secrets come by env or file only",               \
       "write env \"NAME\" or file \"PATH\"")                                                      \
    XX(NO_ENV, "E066", "an environment variable or file is missing",                               \
       "ripen.lua names it and it cannot be read", "set it")                                       \
    XX(URL, "E067", "not an address", "endpoints need http:// or https://", "correct it")          \
    XX(UTF8, "E068", "the file is not UTF-8 text", "an editor saved it in another encoding",       \
       "save it as UTF-8")                                                                         \
    XX(TOP_ONLY, "E069", "a declaration inside a test function",                                   \
       "a test runs for events: it decides, and declares nothing",                                 \
       "move it to the top of the file; a text is asked with glob(text, pattern)")                 \
    XX(TEST_FIELD, "E070", "a test reads a field that is not there",                               \
       "event and past have a few fields only",                                                    \
       "write event.properties.x, lead.x, or add uses = { x = count(…) }")                         \
    XX(TEST_FILE, "E080", "a rule in a file of tests",                                             \
       "tests/ is read by `ripen check` and `ripen test` alone, so the rule would never act",      \
       "move it to a file outside of tests/")                                                      \
    XX(NO_ACTION, "E081", "unknown action", "no `action` has this name", "correct it")             \
    XX(NO_SEQUENCE, "E082", "unknown sequence", "no `sequence` has this name", "correct it")       \
    XX(PLAY, "E083", "a test that cannot be played",                                               \
       "what is played are events with values, in the order of time, with something expected",     \
       "write it as the hint shows")                                                               \
    XX(SHARES, "E110", "shares that do not sum to 100",                                            \
       "units would be left over, or dealt twice",                                                 \
       "let the arms sum to 100; `share` says how many units take part at all")                    \
    XX(CONTROL, "E111", "experiments with different controls",                                     \
       "the first arm acts on everybody who is in no experiment, so there can be one only",        \
       "put the same model first in all of them")                                                  \
    XX(OVERLAP, "E112", "two splits that act on the same units",                                   \
       "a lead has one stage, so one experiment alone may move it",                                \
       "make one a shadow, disable it, or give each a `slice` of its own")                         \
    XX(METRIC, "E113", "unknown metric", "guards count a few things only", "correct its name")     \
    XX(STEP_BACK, "E120", "a step that leads back",                                                \
       "a sequence goes forward, so that each step is done once and it comes to an end",           \
       "name a later step")                                                                        \
    XX(ENDPOINT_UNKNOWN, "W101", "an endpoint that may not exist",                                 \
       "no configuration was given, so endpoints cannot be checked", "check with --config")        \
    XX(NO_DEFAULT, "W102", "a field without a default in a message",                               \
       "the text has a gap for leads that lack the field", "write {lead.field|default}")           \
    XX(NEVER_LEFT, "W103", "a stage that is never left",                                           \
       "no other stage can be entered from it and it has no `leave`",                              \
       "add leave, or terminal = true")                                                            \
    XX(NEVER_ENTERED, "W104", "a stage that is never entered", "it has no `enter`",                \
       "add enter, or remove it from stages")                                                      \
    XX(UNREACHABLE, "W105", "a threshold that cannot be reached",                                  \
       "it lies above what the dimension can hold", "lower it")                                    \
    XX(NO_EVENT, "W106", "a rule that no event can fire", "its conditions exclude each other",     \
       "correct its conditions")                                                                   \
    XX(TEXT_NUMBER, "W107", "a text compared with a number",                                       \
       "the field is compared as a number, the value is a text",                                   \
       "write the number without quotes")                                                          \
    XX(GROUP_UNUSED, "W108", "a group without rules", "no rule names it", "remove it")             \
    XX(NO_WHY, "W109", "a rule without a reason", "salespeople read `why`", "add why = \"…\"")     \
    XX(DIMENSION_UNUSED, "W110", "a dimension without rules", "no rule gives it points",           \
       "remove it")                                                                                \
    XX(NEVER_FALLS, "W111", "a stage that can never fall back",                                    \
       "it is left below a value, but nothing lowers that dimension", "give it a decay")           \
    XX(LIST_UNUSED, "W112", "a list that nothing uses", "no in_list names it", "remove the file")  \
    XX(MISNAMED, "W113", "a file of rules that is not read",                                       \
       "an editor gave its name another ending, such as .lua.txt", "rename it to end in .lua")     \
    XX(BROAD, "W114", "a rule that is asked for every event", "on = \"*\" without a condition",    \
       "name the event")                                                                           \
    XX(EMPTY_LIST, "W116", "an empty list", "the file has no values", "add values")                \
    XX(EVENT_NEAR, "W117", "two event names that differ by a letter or two",                       \
       "one of them is misspelled, and no such event comes", "write both alike")                   \
    XX(COLUMN, "W118", "a column that a look-up table does not give",                              \
       "the look-up's `gives` lacks it, so it is read from the event",                             \
       "correct its spelling, or add it to gives")                                                 \
    XX(SAME_RULE, "W119", "two rules that fire for the same events",                               \
       "they ask the same and are counted alike: one has been copied",                             \
       "give one rule the sum of the points, or change what one of them asks")                     \
    XX(HIDDEN, "W120", "an entry that is never chosen",                                            \
       "an entry in front of it takes everything that it asks for",                                \
       "put the narrower entry first, or remove one")                                              \
    XX(NOT_INDEXED, "W121", "many rules that look at every event of a kind",                       \
       "nothing in their `when` tells at once which of them can fire",                             \
       "compare a field with a value or a beginning: path = glob \"/x*\"")                         \
    XX(LUA_ALWAYS, "W122", "a test in Lua for every page",                                         \
       "without `when`, the function runs for each such event",                                    \
       "add a `when` that most events fail")                                                       \
    XX(NEVER_HOLDS, "W123", "a comparison that never holds",                                       \
       "the value is none that the field can have here", "correct the value")                      \
    XX(FIELD_NEAR, "W124", "a field that is almost a known one",                                   \
       "traits may have any name, and this one looks misspelled",                                  \
       "correct it, or give it a name of its own with names {…}")                                  \
    XX(RENAMED, "W125", "a rule that looks renamed",                                               \
       "the database knows a rule that is gone, and a new one asks the same",                      \
       "add was = \"old_name\" to keep its reports and limits")                                    \
    XX(NEVER_FIRED, "W126", "a rule that no event of the database fires",                          \
       "none of the events looked at fulfils it", "compare its `when` with what the events hold")  \
    XX(NO_SUCH_EVENT, "W127", "an event that never came",                                          \
       "the database has no event of this name",                                                   \
       "correct its spelling, or wait until such events come")                                     \
    XX(NO_SUCH_TRAIT, "W128", "a trait that no lead has", "the database has no lead with it",      \
       "correct its spelling, or add names { field = {…} }")                                       \
    XX(RECEIVER, "W129", "an endpoint of another kind",                                            \
       "crm goes to endpoints with a preset in ripen.lua, webhook and notify to those without",    \
       "add preset to the endpoint, or name another")                                              \
    XX(NO_WAY, "W130", "an e-mail that cannot go out",                                             \
       "ripen.lua names no mail server, or no address for the link to unsubscribe",                \
       "add smtp {…}, and url to server {…}")

#define RP_CODE_ENUM(name, code, title, cause, remedy) RP_CODE_##name,
enum rp_code { RP_CODE_MAP(RP_CODE_ENUM) RP_CODE_COUNT };
#undef RP_CODE_ENUM

struct rp_code_info {
    const char *code, *title, *cause, *remedy;
    enum rp_severity severity;
};
const struct rp_code_info *rp_code_info(enum rp_code code);

/* Collects the findings of one load. */
struct rp_diagnosis {
    struct rp_arena *arena; /* owns the findings' texts */
    const struct rp_files *files;
    struct rp_findings *findings;
};

/* Adds a finding. `hint` "" stands for the code's remedy. `width` is the number of characters under
 * the caret (at least 1). */
void rp_diagnose(struct rp_diagnosis *diagnosis, enum rp_code code, struct rp_place place,
                 int width, struct rp_str hint, const char *fmt, ...) RP_PRINTF(6, 7);

/* "did you mean 'cooldown'?" for the nearest of the names, "" when none is near. Names are offered
 * to the guess one after the other. */
struct rp_guess {
    struct rp_str wanted, best;
    int distance;
};
struct rp_guess rp_guess(struct rp_str wanted);
/* False after so many errors that nobody reads the hints of further ones; for guesses among names
 * of which there may be thousands. */
bool rp_guess_pays(const struct rp_diagnosis *diagnosis);
void rp_guess_offer(struct rp_guess *guess, struct rp_str name);
struct rp_str rp_guess_hint(struct rp_arena *arena, const struct rp_guess *guess);

/* Sorts by file and place and drops exact repetitions; called once at the end of a load. */
void rp_findings_sort(struct rp_findings *findings);

#endif
