/* SPDX-License-Identifier: MIT */
/* The words that go with the schema: kinds of values, what constructors make, defaults as values,
 * and names that several modules use. */
#include "base/num.h"
#include "engine/schema.h"

const struct rp_schema_want rp_schema_wants[] = {
    {RP_WANT_TEXT, "a text", "string"},
    {RP_WANT_NUMBER, "a number", "number"},
    {RP_WANT_BOOL, "true or false", "boolean"},
    {RP_WANT_DURATION, "a duration such as \"7d\"", "ripen.Duration"},
    {RP_WANT_DATE, "a date such as \"2026-01-01\"", "ripen.Date"},
    {RP_WANT_TEXTS, "a list of texts {…}", "string[]"},
    {RP_WANT_TABLE, "a table {…}", NULL},
    {RP_WANT_MATCH, "a value or a matcher", "ripen.Match"},
    {RP_WANT_FIELDS, "a table of fields { path = … }", "ripen.Fields"},
    {RP_WANT_WHEN, "a condition or a table of fields", "ripen.When"},
    {RP_WANT_COUNT, "a count such as visits {…}", "ripen.Count"},
    {RP_WANT_TRIGGER, "a trigger such as entered \"mql\"", "ripen.Trigger|ripen.Condition"},
    {RP_WANT_VALUE, "a value", "any"},
    {RP_WANT_FUNCTION, "a function", "ripen.Test"},
    {RP_WANT_SAME, "a list {…}", "any[]"},
    {0, NULL, NULL},
};

const struct rp_schema_made rp_schema_mades[] = {
    {RP_MAKES_MATCH, "a matcher", "ripen.Matcher"},
    {RP_MAKES_COND, "a condition", "ripen.Condition"},
    {RP_MAKES_COUNT, "a count", "ripen.Count"},
    {RP_MAKES_TRIGGER, "a trigger", "ripen.Trigger"},
    {RP_MAKES_PART, "a part of an action", "ripen.Part"},
    {RP_MAKES_STEP, "a step of a sequence", "ripen.Step"},
    {RP_MAKES_IN_STEP, "what a step does", "ripen.InStep"},
    {RP_MAKES_PLAY, "a moment of a test", "ripen.Play"},
    {RP_MAKES_MOMENT, "what happens in a test", "ripen.Moment"},
    {RP_MAKES_ENDPOINT, "a receiver of ripen.lua", "ripen.Receiver"},
    {RP_MAKES_SECRET, "a value from outside", "ripen.Secret"},
    {RP_MAKES_EXPECTED, "an expectation of a test", "ripen.Expected"},
    {0, NULL, NULL},
};

const char *const rp_schema_nouns[RP_REF_COUNT] = {
    [RP_REF_NONE] = "name",
    [RP_REF_DIMENSION] = "dimension",
    [RP_REF_DIMENSION_OR_TOTAL] = "dimension",
    [RP_REF_GROUP] = "group",
    [RP_REF_STAGE] = "stage",
    [RP_REF_SCORE] = "rule",
    [RP_REF_RULE] = "rule",
    [RP_REF_LIST] = "list",
    [RP_REF_ENDPOINT] = "endpoint",
    [RP_REF_TEMPLATE] = "template",
    [RP_REF_SEGMENT] = "segment",
    [RP_REF_TEAM] = "team",
    [RP_REF_CALENDAR] = "calendar",
    [RP_REF_MODEL] = "model",
    [RP_REF_STATUS] = "status",
    [RP_REF_FILE] = "file",
};

bool rp_schema_fallback(const struct rp_schema_field *field, struct rp_schema_value *ret_value)
{
    struct rp_str text = rp_str_from(field->fallback);
    double number;

    *ret_value = (struct rp_schema_value){0};
    if (text.len >= 2 && text.ptr[0] == '"' && memchr(text.ptr + 1, '"', text.len - 2) == NULL &&
        text.ptr[text.len - 1] == '"') {
        ret_value->want = RP_WANT_TEXT;
        ret_value->text = (struct rp_str){text.ptr + 1, text.len - 2};
    } else if (rp_str_is(text, "true") || rp_str_is(text, "false")) {
        ret_value->want = RP_WANT_BOOL;
        ret_value->number = text.len == 4;
    } else if (text.len > 0 && rp_number_parse(text, &number)) {
        ret_value->want = RP_WANT_NUMBER;
        ret_value->number = number;
    }
    return ret_value->want != 0;
}

bool rp_schema_wraps(const struct rp_schema_field *field)
{
    return (field->wants & RP_WANT_TEXT) &&
           ((field->wants & RP_WANT_TEXTS) || ((field->wants & RP_WANT_TABLE) && field->shape &&
                                               field->shape->item && !field->shape->fields));
}

const char *const rp_touch_names[] = {"first_touch", "last_touch", "lead_touch", "mql_touch", NULL};
const char *const rp_touch_fields[] = {"source",  "medium",  "campaign", "term",
                                       "content", "landing", "referrer", NULL};
const char *const rp_page_fallbacks[] = {"path", "url", "title", "referrer", "search", NULL};
