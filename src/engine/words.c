/* SPDX-License-Identifier: MIT */
/* Conditions, matchers, counts and triggers in words. Each constructor is a row of a table: a
 * phrase for its one argument, or a function. Knows only checked trees. */
#include "engine/words.h"

#include "base/num.h"

/* ---- Texts, spans, lists --------------------------------------------------------------------- */

void rp_words_span(struct rp_buf *out, struct rp_str text)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{RP_DAY, "day"}, {RP_HOUR, "hour"}, {RP_MINUTE, "minute"}, {RP_SECOND, "second"}};
    int64_t ms;

    if (!rp_duration_parse(text, &ms)) {
        rp_buf_str(out, text);
        return;
    }
    for (size_t i = 0; i < RP_COUNT(units); i++) {
        int64_t count = ms / units[i].ms;

        if (count == 0 || ms % units[i].ms != 0)
            continue;
        rp_buf_printf(out, "%lld %s%s", (long long)count, units[i].name, count == 1 ? "" : "s");
        return;
    }
    rp_buf_str(out, text);
}

static void put_scalar(struct rp_buf *out, const struct rp_node *node)
{
    if (node->type == RP_NODE_TEXT)
        rp_buf_printf(out, "“%.*s”", RP_STR_ARG(node->text));
    else
        rp_node_print(out, node);
}

void rp_words_list(struct rp_buf *out, const struct rp_node *list, const char *join)
{
    uint32_t count;
    const struct rp_node *items = rp_node_list(list, &count);

    for (uint32_t i = 0; i < count; i++) {
        rp_buf_text(out, i == 0 ? "" : i + 1 == count ? join : ", ");
        put_scalar(out, &items[i]);
    }
}

static const struct rp_node *argument(const struct rp_node *call, uint32_t number)
{
    if (number >= call->item_count || call->items[number].type == RP_NODE_NIL)
        return NULL;
    return &call->items[number];
}

static void put_option_span(struct rp_buf *out, const char *before, const struct rp_node *options,
                            const char *key)
{
    struct rp_str text = rp_node_text(options, key);

    if (text.len == 0)
        return;
    rp_buf_text(out, before);
    rp_words_span(out, text);
}

void rp_words_times(struct rp_buf *out, const char *before, double times)
{
    rp_buf_text(out, before);
    if (times <= 1) {
        rp_buf_text(out, "once");
        return;
    }
    rp_number_print(out, times);
    rp_buf_text(out, " times");
}

/* ---- Matchers -------------------------------------------------------------------------------- */

static const struct {
    const char *call, *phrase;
} phrases[] = {
    {"eq", "is"},
    {"exact", "is exactly"},
    {"ne", "is known and not"},
    {"gt", "is more than"},
    {"gte", "is at least"},
    {"lt", "is less than"},
    {"lte", "is at most"},
    {"glob", "looks like"},
    {"contains", "contains"},
    {"starts_with", "starts with"},
    {"ends_with", "ends with"},
    {"word", "has the word"},
    {"in_list", "stands in the list"},
    {"before_date", "is a date before"},
    {"after_date", "is a date from then on:"},
    {"one_of", "is"},
    {"none_of", "is known and none of"},
    {"exists", "is known"},
    {"missing", "is not known"},
};

static void put_joined_matches(struct rp_buf *out, struct rp_str field, const struct rp_node *call)
{
    const struct rp_node *parts = argument(call, 0);
    bool none = rp_node_is_call(call, "none");
    const char *join = rp_node_is_call(call, "all") ? " and " : " or ";
    bool several = parts && parts->item_count > 1;

    rp_buf_text(out, none ? "not " : "");
    rp_buf_text(out, several || none ? "(" : "");
    for (uint32_t i = 0; parts && i < parts->item_count; i++) {
        rp_buf_text(out, i ? join : "");
        rp_words_match(out, field, &parts->items[i]);
    }
    rp_buf_text(out, several || none ? ")" : "");
}

void rp_words_match(struct rp_buf *out, struct rp_str field, const struct rp_node *node)
{
    if (node->type != RP_NODE_CALL) {
        rp_buf_str(out, field);
        rp_buf_text(out, " is ");
        put_scalar(out, node);
        return;
    }
    if (rp_node_is_call(node, "any") || rp_node_is_call(node, "all") ||
        rp_node_is_call(node, "none")) {
        put_joined_matches(out, field, node);
        return;
    }
    rp_buf_str(out, field);
    rp_buf_char(out, ' ');
    if (rp_node_is_call(node, "between")) {
        rp_buf_text(out, "is between ");
        put_scalar(out, &node->items[0]);
        rp_buf_text(out, " and ");
        put_scalar(out, &node->items[1]);
        return;
    }
    for (size_t i = 0; i < RP_COUNT(phrases); i++) {
        const struct rp_node *value = argument(node, 0);

        if (!rp_node_is_call(node, phrases[i].call))
            continue;
        rp_buf_text(out, phrases[i].phrase);
        if (value) {
            rp_buf_char(out, ' ');
            rp_words_list(out, value, " or ");
        }
        return;
    }
    rp_node_print(out, node);
}

static void put_fields(struct rp_buf *out, const char *prefix, const struct rp_node *table)
{
    for (uint32_t i = 0; i < table->field_count; i++) {
        struct rp_buf name = {0};

        rp_buf_printf(&name, "%s%.*s", prefix, RP_STR_ARG(table->fields[i].key));
        rp_buf_text(out, i ? " and " : "");
        rp_words_match(out, rp_buf_view(&name), &table->fields[i].value);
        rp_buf_fini(&name);
    }
}

/* ---- Counts ---------------------------------------------------------------------------------- */

static void put_where(struct rp_buf *out, const struct rp_node *options)
{
    const struct rp_node *where = rp_node_get(options, "where");

    if (where) {
        rp_buf_text(out, " (where ");
        put_fields(out, "", where);
        rp_buf_text(out, ")");
    }
}

/* within, ever, or since the stage was entered; `once`: then it is said by "happens". */
static void put_since(struct rp_buf *out, const struct rp_node *options, bool once)
{
    if (rp_node_get(options, "within"))
        put_option_span(out, " within ", options, "within");
    else if (rp_node_flag(options, "ever", false))
        rp_buf_text(out, " at any time");
    else if (!once)
        rp_buf_text(out, " since the lead's last move");
}

void rp_words_count(struct rp_buf *out, const struct rp_node *node)
{
    static const struct {
        const char *call, *text;
        uint32_t options;
    } counts[] = {{"count", "number of ", 1},
                  {"days", "number of different days with ", 1},
                  {"distinct", "number of different values in ", 2},
                  {"days_since", "days since the last ", 1},
                  {"years_since", "full years since ", 1}};

    if (rp_node_is_call(node, "visits")) {
        rp_buf_text(out, "number of visits");
        put_option_span(out, " within ", argument(node, 0), "within");
        return;
    }
    if (rp_node_is_call(node, "filled")) {
        rp_buf_text(out, "how many are known of ");
        rp_words_list(out, argument(node, 0), ", ");
        return;
    }
    for (size_t i = 0; i < RP_COUNT(counts); i++) {
        if (!rp_node_is_call(node, counts[i].call))
            continue;
        rp_buf_text(out, counts[i].text);
        rp_words_list(out, argument(node, 0), " or ");
        if (counts[i].options == 2) {
            rp_buf_text(out, " of the field ");
            rp_words_list(out, argument(node, 1), "");
        }
        put_where(out, argument(node, counts[i].options));
        put_option_span(out, " within ", argument(node, counts[i].options), "within");
        return;
    }
    rp_node_print(out, node);
}

/* ---- Conditions ------------------------------------------------------------------------------ */

/* True when once is enough. */
static bool put_times(struct rp_buf *out, const struct rp_node *options)
{
    double times = rp_node_number(options, "times", 1), days = rp_node_number(options, "days", 0);

    if (days > 0) {
        rp_buf_text(out, " on at least ");
        rp_number_print(out, days);
        rp_buf_text(out, days > 1 ? " different days" : " day");
    } else if (times > 1) {
        rp_words_times(out, " at least ", times);
    }
    return days <= 0 && times <= 1;
}

static void put_did(struct rp_buf *out, const struct rp_node *node)
{
    const struct rp_node *options = argument(node, 1);
    bool past = rp_node_get(options, "within") || rp_node_flag(options, "ever", false);

    rp_words_list(out, argument(node, 0), " or ");
    put_where(out, options);
    rp_buf_text(out, past ? " happened" : " happens");
    put_since(out, options, put_times(out, options));
}

static void put_visits(struct rp_buf *out, const struct rp_node *node)
{
    const struct rp_node *options = argument(node, 0);
    double times = rp_node_number(options, "times", 1);

    rp_buf_text(out, "at least ");
    rp_number_print(out, times);
    rp_buf_text(out, times > 1 ? " visits" : " visit");
    put_since(out, options, false);
}

static void put_bounds(struct rp_buf *out, const struct rp_node *node)
{
    const struct rp_node *bounds = argument(node, 0);
    bool below = rp_node_is_call(node, "below");
    uint32_t shown = 0;

    for (uint32_t i = 0; bounds && i < bounds->field_count; i++) {
        if (bounds->fields[i].value.type != RP_NODE_NUMBER)
            continue;
        rp_buf_text(out, shown++ ? " and " : "");
        rp_buf_str(out, bounds->fields[i].key);
        rp_buf_text(out, below ? " is below " : " is at least ");
        rp_number_print(out, bounds->fields[i].value.number);
    }
    put_option_span(out, " for ", bounds, "held");
}

static void put_in_stage(struct rp_buf *out, const struct rp_node *node)
{
    rp_buf_text(out, "the lead is in stage ");
    rp_words_list(out, argument(node, 0), "");
    put_option_span(out, " for at least ", argument(node, 1), "at_least");
}

static void put_inactive(struct rp_buf *out, const struct rp_node *node)
{
    rp_buf_text(out, "the lead did nothing for ");
    rp_words_span(out, node->items[0].text);
}

static void put_known(struct rp_buf *out, const struct rp_node *node)
{
    (void)node;
    rp_buf_text(out, "the lead is known (a userId or an e-mail)");
}

static void put_grade(struct rp_buf *out, const struct rp_node *node)
{
    rp_buf_text(out, "the grade is ");
    rp_words_list(out, argument(node, 0), " or ");
}

static void put_status(struct rp_buf *out, const struct rp_node *node)
{
    rp_buf_text(out, "the status is ");
    rp_words_list(out, argument(node, 0), "");
}

static void put_segment(struct rp_buf *out, const struct rp_node *node)
{
    rp_buf_text(out, "the lead belongs to the segment ");
    rp_words_list(out, argument(node, 0), "");
}

static void put_trait(struct rp_buf *out, const struct rp_node *node)
{
    put_fields(out, "the lead's ", argument(node, 0));
}

static void put_context(struct rp_buf *out, const struct rp_node *node)
{
    put_fields(out, "the event's context: ", argument(node, 0));
}

static void put_filled(struct rp_buf *out, const struct rp_node *node)
{
    const struct rp_node *fields = argument(node, 0);
    double least = rp_node_number(fields, "at_least", fields ? fields->item_count : 0);

    rp_buf_text(out, "at least ");
    rp_number_print(out, least);
    rp_buf_text(out, " known of ");
    rp_words_list(out, fields, ", ");
}

static void put_condition(struct rp_buf *out, const struct rp_node *node, bool nested);

static void put_join(struct rp_buf *out, const struct rp_node *node, bool nested)
{
    bool some = rp_node_is_call(node, "some"), none = rp_node_is_call(node, "none");
    const struct rp_node *parts = argument(node, some ? 1 : 0);
    const char *join = some ? "; " : rp_node_is_call(node, "all") ? " and " : " or ";
    bool several = parts && parts->item_count > 1;
    bool closed = none || (several && nested);

    if (some) {
        rp_buf_text(out, "at least ");
        rp_number_print(out, node->items[0].number);
        rp_buf_text(out, " of these: ");
    }
    rp_buf_text(out, none ? "not " : "");
    rp_buf_text(out, closed ? "(" : "");
    for (uint32_t i = 0; parts && i < parts->item_count; i++) {
        rp_buf_text(out, i ? join : "");
        put_condition(out, &parts->items[i], several);
    }
    rp_buf_text(out, closed ? ")" : "");
}

/* ---- Triggers -------------------------------------------------------------------------------- */

static void put_named(struct rp_buf *out, const struct rp_node *node)
{
    static const char *const texts[][2] = {
        {"entered", "the lead enters "},
        {"left", "the lead leaves "},
        {"fired", "points are given by the rule "},
        {"late", "sales are late in the stage "},
        {"entered_status", "the lead enters the status "},
    };

    for (size_t i = 0; i < RP_COUNT(texts); i++)
        if (rp_node_is_call(node, texts[i][0]))
            rp_buf_text(out, texts[i][1]);
    rp_words_list(out, argument(node, 0), "");
}

static void put_crossed(struct rp_buf *out, const struct rp_node *node)
{
    rp_buf_str(out, node->items[0].text);
    rp_buf_text(out, " goes up past ");
    rp_number_print(out, node->items[1].number);
}

static const struct {
    const char *call;
    void (*put)(struct rp_buf *out, const struct rp_node *node);
} conditions[] = {
    {"did", put_did},           {"visits", put_visits},        {"grade_in", put_grade},
    {"in_stage", put_in_stage}, {"in_status", put_status},     {"in_segment", put_segment},
    {"inactive", put_inactive}, {"known", put_known},          {"trait", put_trait},
    {"context", put_context},   {"filled", put_filled},        {"entered", put_named},
    {"left", put_named},        {"fired", put_named},          {"late", put_named},
    {"at_least", put_bounds},   {"entered_status", put_named}, {"crossed", put_crossed},
    {"below", put_bounds},
};

static bool is_join(const struct rp_node *node)
{
    return rp_node_is_call(node, "any") || rp_node_is_call(node, "all") ||
           rp_node_is_call(node, "none") || rp_node_is_call(node, "some");
}

/* Says several things that hold together. */
static bool is_several(const struct rp_node *node)
{
    const struct rp_node *table = node->type == RP_NODE_TABLE ? node : argument(node, 0);

    if (node->type == RP_NODE_CALL && !rp_node_is_call(node, "at_least") &&
        !rp_node_is_call(node, "below") && !rp_node_is_call(node, "trait") &&
        !rp_node_is_call(node, "context"))
        return false;
    return table && table->item_count + table->field_count > 1;
}

static void put_clause(struct rp_buf *out, const struct rp_node *table)
{
    bool several = table->item_count + table->field_count > 1;

    for (uint32_t i = 0; i < table->item_count; i++) {
        rp_buf_text(out, i ? " and " : "");
        put_condition(out, &table->items[i], several);
    }
    rp_buf_text(out, table->item_count > 0 && table->field_count > 0 ? " and " : "");
    put_fields(out, "", table);
}

/* `nested`: other conditions stand beside it. */
static void put_condition(struct rp_buf *out, const struct rp_node *node, bool nested)
{
    if (is_join(node)) {
        put_join(out, node, nested);
        return;
    }
    nested = nested && is_several(node);
    rp_buf_text(out, nested ? "(" : "");
    if (node->type == RP_NODE_TABLE) {
        put_clause(out, node);
    } else {
        size_t i = 0;

        while (i < RP_COUNT(conditions) && !rp_node_is_call(node, conditions[i].call))
            i++;
        if (i < RP_COUNT(conditions))
            conditions[i].put(out, node);
        else
            rp_node_print(out, node);
    }
    rp_buf_text(out, nested ? ")" : "");
}

void rp_words_condition(struct rp_buf *out, const struct rp_node *node)
{
    put_condition(out, node, false);
}

/* `did` as a trigger is the event itself. */
void rp_words_trigger(struct rp_buf *out, const struct rp_node *node)
{
    const struct rp_node *parts = rp_node_is_call(node, "any") ? argument(node, 0) : NULL;

    if (parts) {
        for (uint32_t i = 0; i < parts->item_count; i++) {
            rp_buf_text(out, i ? ", or " : "");
            rp_words_trigger(out, &parts->items[i]);
        }
        return;
    }
    if (rp_node_is_call(node, "did")) {
        rp_words_list(out, argument(node, 0), " or ");
        put_where(out, argument(node, 1));
        rp_buf_text(out, " happens");
        return;
    }
    rp_words_condition(out, node);
}
