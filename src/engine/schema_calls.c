/* SPDX-License-Identifier: MIT */
/* The table of constructors: matchers, conditions, counts, triggers, parts of actions, steps, what
 * tests play, and the secrets of ripen.lua. Data only. */
#include "base/limits.h"
#include "engine/schema.h"

#define F(field_name, field_wants, ...)                                                            \
    {                                                                                              \
        .name = (field_name), .wants = (field_wants), .doc = __VA_ARGS__                           \
    } /* doc, then the rest */
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }
#define ONE(...)   (&(const struct rp_schema_field)__VA_ARGS__)
#define MANY(...)  ((const struct rp_schema_field[]){__VA_ARGS__, END})
#define SHAPE(...) (&(const struct rp_schema_shape){__VA_ARGS__})

#define NEEDED .required = true
#define EVENTS                                                                                     \
    F("events", RP_WANT_TEXT | RP_WANT_TEXTS, "Event name, or several of which any counts.", NEEDED)
#define WHERE  F("where", RP_WANT_FIELDS, "Only events whose fields are so.")
#define WITHIN F("within", RP_WANT_DURATION, "Within this time.")
#define TIMES(most)                                                                                \
    F("times", RP_WANT_NUMBER, "At least so many times.", .min = 1, .max = (most), .whole = true,  \
      .fallback = "1")

static const struct rp_schema_shape did_shape = {
    .fields =
        MANY(WHERE, TIMES(RP_WINDOW_ENTRIES_MAX),
             F("days", RP_WANT_NUMBER, "On at least so many different days.", .min = 1,
               .max = RP_WINDOW_ENTRIES_MAX, .whole = true),
             WITHIN, F("ever", RP_WANT_BOOL, "At any time, not only since entering the stage.")),
};
static const struct rp_schema_shape visits_shape = {
    .fields = MANY(TIMES(RP_WINDOW_ENTRIES_MAX), WITHIN),
};
static const struct rp_schema_shape count_shape = {.fields = MANY(WHERE, WITHIN)};
static const struct rp_schema_shape within_shape = {.fields = MANY(WHERE, WITHIN)};
static const struct rp_schema_shape filled_shape = {
    .fields = MANY(F("at_least", RP_WANT_NUMBER, "So many of them; without it all.", .min = 1,
                     .max = 1000, .whole = true)),
    .item = ONE(F("field", RP_WANT_TEXT, "A field of the lead.")),
    .item_min = 1,
};
static const struct rp_schema_shape bounds_shape = {
    .fields = MANY(F("held", RP_WANT_DURATION, "For this long without a break.")),
    .entry =
        ONE(F("value", RP_WANT_NUMBER, "The bound.", .min = -RP_POINTS_MAX, .max = RP_POINTS_MAX)),
    .key = RP_REF_DIMENSION_OR_TOTAL,
};
static const struct rp_schema_shape at_least_shape = {
    .entry =
        ONE(F("value", RP_WANT_NUMBER, "The bound.", .min = -RP_POINTS_MAX, .max = RP_POINTS_MAX)),
    .key = RP_REF_DIMENSION_OR_TOTAL,
};
static const struct rp_schema_shape in_stage_shape = {
    .fields = MANY(F("at_least", RP_WANT_DURATION, "For at least this long.")),
};
static const struct rp_schema_shape value_shape = {
    .entry = ONE(
        F("value", RP_WANT_VALUE, "A value; texts may hold placeholders.", .placeholders = true)),
};

#define TO_ENDPOINT                                                                                \
    F("to", RP_WANT_CALL, "endpoint \"name\" of ripen.lua.", .makes = RP_MAKES_ENDPOINT, NEEDED)

static const struct rp_schema_shape webhook_shape = {
    .fields = MANY(TO_ENDPOINT,
                   F("body", RP_WANT_VALUE, "What is sent, as JSON; texts may hold placeholders.",
                     .placeholders = true)),
};
static const struct rp_schema_shape notify_shape = {
    .fields =
        MANY(TO_ENDPOINT, F("text", RP_WANT_TEXT, "What it says.", .placeholders = true, NEEDED)),
};
static const struct rp_schema_shape task_shape = {
    .fields = MANY(
        F("to", RP_WANT_TEXT, "`owner`, or an address.", .fallback = "\"owner\""),
        F("team", RP_WANT_TEXT, "Somebody of this team.", .ref = RP_REF_TEAM),
        F("due", RP_WANT_DURATION, "To be done in this time."),
        F("hours", RP_WANT_TEXT, "Only the time of this calendar counts.", .ref = RP_REF_CALENDAR),
        F("note", RP_WANT_TEXT, "What is to be done.", .placeholders = true, NEEDED)),
};
static const struct rp_schema_shape email_shape = {
    .fields = MANY(
        F("template", RP_WANT_TEXT | RP_WANT_TABLE,
          "The template's name, or one chosen by a field.", .ref = RP_REF_TEMPLATE,
          .shape = SHAPE(.fields = MANY(F("by", RP_WANT_TEXT, "The field that names it.", NEEDED),
                                        F("default", RP_WANT_TEXT, "When there is no such one.",
                                          .ref = RP_REF_TEMPLATE))),
          NEEDED),
        F("subject", RP_WANT_TEXT, "Subject line.", .placeholders = true),
        F("from", RP_WANT_TEXT, "Sender; without it that of ripen.lua.", .placeholders = true),
        F("reply_to", RP_WANT_TEXT, "Where answers go.", .placeholders = true),
        F("purpose", RP_WANT_TEXT, "The consent that it needs; `transactional` needs none.",
          .fallback = "\"marketing\""),
        F("track", RP_WANT_BOOL,
          "`true` follows opens and clicks, as marketing mails are followed anyway.",
          .fallback = "false"),
        F("unless", RP_WANT_WHEN, "Not sent when this holds.")),
};
static const struct rp_schema_shape assign_shape = {
    .fields =
        MANY(F("team", RP_WANT_TEXT, "The team.", .ref = RP_REF_TEAM),
             F("to", RP_WANT_TEXT, "One person's address; may be a field's: {event.account.owner}.",
               .placeholders = true),
             F("keep_owner", RP_WANT_BOOL, "Leaves a lead with its owner.", .fallback = "false"),
             F("not_to", RP_WANT_TEXT, "Who shall not get it.", .choices = "last_refuser")),
};
static const struct rp_schema_shape crm_shape = {
    .fields =
        MANY(TO_ENDPOINT,
             F("object", RP_WANT_TEXT,
               "What is written there: lead, contact, or the CRM's own name of an object.",
               .fallback = "\"lead\""),
             F("match", RP_WANT_TEXT,
               "What the record is found by: email, or one of `fields` that is unique there.",
               .fallback = "\"email\""),
             F("fields", RP_WANT_TABLE,
               "Its fields, by the CRM's names. What is unknown is not written, and what a person "
               "edited there is left alone.",
               .shape = &value_shape, NEEDED),
             F("owned", RP_WANT_TEXTS,
               "Fields that are Ripen's own: they are written whatever stands there."),
             F("create", RP_WANT_BOOL, "`false`: only records that are there are written.",
               .fallback = "true")),
};
static const struct rp_schema_shape step_shape = {
    .item = ONE(F("part", RP_WANT_CALL, "An action, wait, wait_until, branch or stop().",
                  .makes = RP_MAKES_IN_STEP)),
    .item_min = 1,
};
static const struct rp_schema_shape wait_until_shape = {
    .fields = MANY(F("timeout", RP_WANT_DURATION, "Goes on after this time anyway.")),
    .item = ONE(F("condition", RP_WANT_WHEN, "What is waited for.")),
    .item_min = 1,
};
static const struct rp_schema_shape branch_shape = {
    .fields = MANY(F("otherwise", RP_WANT_TEXT, "The step when no condition holds.")),
    .item =
        ONE(F("way", RP_WANT_TABLE, "A condition and a step.",
              .shape = SHAPE(.fields = MANY(F("when", RP_WANT_WHEN, "If this holds …", NEEDED),
                                            F("go", RP_WANT_TEXT, "… to this step.", NEEDED))))),
    .item_min = 1,
};
static const struct rp_schema_shape after_shape = {
    .item = ONE(F("moment", RP_WANT_CALL, "An event, or expect {…}.", .makes = RP_MAKES_MOMENT)),
    .item_min = 1,
};
static const struct rp_schema_shape played_shape = {
    .fields = MANY(
        F("userId", RP_WANT_TEXT, "Who it is."),
        F("anonymousId", RP_WANT_TEXT, "The browser; without it the same one all through a test."),
        F("messageId", RP_WANT_TEXT, "Two events with the same one are one."),
        F("context", RP_WANT_VALUE, "The event's context: { campaign = { source = \"ads\" } }."),
        F("ago", RP_WANT_DURATION, "It happened so long before it arrived.")),
};
#define EXPECTED (RP_WANT_VALUE | RP_WANT_MATCH)
static const struct rp_schema_shape expect_shape = {
    .entry = ONE(F("expected", EXPECTED, "A dimension by its name: value or matcher.")),
    .fields =
        MANY(F("stage", EXPECTED, "The lead's stage."), F("status", EXPECTED, "The lead's status."),
             F("owner", EXPECTED, "Who owns the lead."),
             F("because", EXPECTED, "The condition that moved the lead last."),
             F("total", EXPECTED, "The score."), F("grade", EXPECTED, "The lead's grade."),
             F("fired", EXPECTED, "Rules that gave points since the start, and how often."),
             F("not_fired", EXPECTED, "Rules that gave none."),
             F("sent", EXPECTED, "Actions that were caused since the start, and how often."),
             F("not_sent", EXPECTED, "Actions that were not."),
             F("started", EXPECTED, "Sequences that were started."),
             F("traits", EXPECTED, "What is known of the lead: fields with values or matchers.")),
};

#define MATCHER RP_MAKES_MATCH
#define ANY_OF  (RP_MAKES_MATCH | RP_MAKES_COND | RP_MAKES_TRIGGER)
#define ACTS    (RP_MAKES_PART | RP_MAKES_IN_STEP)
#define MOMENT  RP_MAKES_MOMENT

#define NUMBER_CALL(call, text)                                                                    \
    {                                                                                              \
        .name = (call), .makes = MATCHER, .doc = (text), .example = call "(5)", .params = {        \
            F("number", RP_WANT_NUMBER, "The number.", NEEDED)                                     \
        }                                                                                          \
    }
#define TEXT_CALL(call, text, sample)                                                              \
    {                                                                                              \
        .name = (call), .makes = MATCHER, .doc = (text), .example = (sample), .texts = true,       \
        .params = {                                                                                \
            F("text", RP_WANT_TEXT, "The text.", NEEDED)                                           \
        }                                                                                          \
    }
#define TABLE_CALL(call, what, text, sample, table_shape)                                          \
    {                                                                                              \
        .name = (call), .makes = (what), .doc = (text), .example = call " " sample, .params = {    \
            F("fields", RP_WANT_TABLE, "Its fields.", .shape = (table_shape), NEEDED)              \
        }                                                                                          \
    }
#define PLAYED F("options", RP_WANT_TABLE, "Who, where and when.", .shape = &played_shape)
#define EVENT_CALL(call, text, sample)                                                             \
    {                                                                                              \
        .name = (call), .makes = MOMENT, .doc = (text), .example = call " " sample, .params = {    \
            F("values", RP_WANT_VALUE, "Its values."),                                             \
            PLAYED                                                                                 \
        }                                                                                          \
    }

const struct rp_schema_call rp_schema_calls[] = {
    /* Matchers. */
    {.name = "eq",
     .makes = MATCHER,
     .doc = "Equal; the same as the bare value.",
     .example = "eq(\"demo\")",
     .params = {F("value", RP_WANT_TEXT | RP_WANT_NUMBER | RP_WANT_BOOL, "The value.", NEEDED)}},
    {.name = "exact",
     .makes = MATCHER,
     .doc = "Equal letter for letter, with case and accents.",
     .example = "exact \"ABC\"",
     .params = {F("value", RP_WANT_TEXT | RP_WANT_NUMBER | RP_WANT_BOOL, "The value.", NEEDED)}},
    {.name = "ne",
     .makes = MATCHER,
     .doc = "Known, and not equal.",
     .example = "ne \"suspect\"",
     .params = {F("value", RP_WANT_TEXT | RP_WANT_NUMBER | RP_WANT_BOOL, "The value.", NEEDED)}},
    NUMBER_CALL("gt", "Greater than."),
    NUMBER_CALL("gte", "Greater than or equal to."),
    NUMBER_CALL("lt", "Less than."),
    NUMBER_CALL("lte", "Less than or equal to."),
    {.name = "between",
     .makes = MATCHER,
     .doc = "From the first to the second number, both included.",
     .example = "between(50, 200)",
     .params = {F("low", RP_WANT_NUMBER, "The lowest.", NEEDED),
                F("high", RP_WANT_NUMBER, "The highest.", NEEDED)}},
    {.name = "one_of",
     .makes = MATCHER,
     .doc = "Equal to one of the values.",
     .example = "one_of { \"demo\", \"trial\" }",
     .params = {F("values", RP_WANT_TABLE, "The values.",
                  .shape =
                      SHAPE(.item = ONE(F("value", RP_WANT_TEXT | RP_WANT_NUMBER | RP_WANT_BOOL,
                                          "A value.")),
                            .item_min = 1),
                  NEEDED)}},
    {.name = "none_of",
     .makes = MATCHER,
     .doc = "Known, and equal to none of the values.",
     .example = "none_of { \"student\" }",
     .params = {F("values", RP_WANT_TABLE, "The values.",
                  .shape =
                      SHAPE(.item = ONE(F("value", RP_WANT_TEXT | RP_WANT_NUMBER | RP_WANT_BOOL,
                                          "A value.")),
                            .item_min = 1),
                  NEEDED)}},
    TEXT_CALL("glob", "Looks like the pattern: * is any run, ? any character.",
              "glob \"/pricing*\""),
    TEXT_CALL("contains", "Contains the text.", "contains \"demo\""),
    TEXT_CALL("starts_with", "Starts with the text.", "starts_with \"/blog/\""),
    TEXT_CALL("ends_with", "Ends with the text.", "ends_with \".pdf\""),
    TEXT_CALL("word", "Has the word or words as whole words.", "word \"vp\""),
    {.name = "in_list",
     .makes = MATCHER,
     .doc = "Stands in lists/NAME.txt.",
     .example = "in_list \"free_mail_domains\"",
     .params = {F("list", RP_WANT_TEXT, "The list.", .ref = RP_REF_LIST, NEEDED)}},
    {.name = "exists", .makes = MATCHER, .doc = "Is known.", .example = "exists()"},
    {.name = "missing", .makes = MATCHER, .doc = "Is not known.", .example = "missing()"},
    {.name = "before_date",
     .makes = MATCHER,
     .doc = "A date before this one.",
     .example = "before_date \"2026-01-01\"",
     .params = {F("date", RP_WANT_DATE, "The date.", NEEDED)}},
    {.name = "after_date",
     .makes = MATCHER,
     .doc = "A date at or after this one.",
     .example = "after_date \"2026-01-01\"",
     .params = {F("date", RP_WANT_DATE, "The date.", NEEDED)}},

    /* Joins of matchers, conditions, triggers. */
    {.name = "any",
     .makes = ANY_OF,
     .doc = "One of them at least.",
     .example = "any { did \"page\", known() }",
     .params = {F("of", RP_WANT_SAME, "What is joined.", NEEDED)}},
    {.name = "all",
     .makes = RP_MAKES_MATCH | RP_MAKES_COND,
     .doc = "All of them.",
     .example = "all { known(), did \"page\" }",
     .params = {F("of", RP_WANT_SAME, "What is joined.", NEEDED)}},
    {.name = "none",
     .makes = RP_MAKES_MATCH | RP_MAKES_COND,
     .doc = "None of them; unknown when one is unknown.",
     .example = "none { did \"Unsubscribed\" }",
     .params = {F("of", RP_WANT_SAME, "What is joined.", NEEDED)}},
    {.name = "some",
     .makes = RP_MAKES_COND,
     .doc = "At least so many of them.",
     .example = "some(2, { did \"page\", known(), grade_in { \"A1\" } })",
     .params = {F("times", RP_WANT_NUMBER, "How many.", .min = 1, .max = 1000, .whole = true,
                  NEEDED),
                F("of", RP_WANT_SAME, "What is joined.", NEEDED)}},

    /* Conditions and counts. */
    {.name = "did",
     .makes = RP_MAKES_COND | RP_MAKES_TRIGGER,
     .doc = "The event happened; without `within` or `ever` since the present stage was entered.",
     .example =
         "did(\"page\", { where = { path = glob \"/pricing*\" }, days = 3, within = \"30d\" })",
     .params = {EVENTS, F("options", RP_WANT_TABLE, "How often and when.", .shape = &did_shape)}},
    {.name = "visits",
     .makes = RP_MAKES_COND | RP_MAKES_COUNT,
     .doc = "Visits: page and screen events with gaps of less than 30 minutes.",
     .example = "visits { times = 3, within = \"90d\" }",
     .params = {F("options", RP_WANT_TABLE, "How many and when.", .shape = &visits_shape)}},
    {.name = "at_least",
     .makes = RP_MAKES_COND,
     .doc = "All of these scores are reached.",
     .example = "at_least { fit = 30, engagement = 40 }",
     .params = {F("bounds", RP_WANT_TABLE, "Dimensions and values.", .shape = &at_least_shape,
                  NEEDED)}},
    {.name = "below",
     .makes = RP_MAKES_COND,
     .doc = "All of these scores are below the values.",
     .example = "below { engagement = 20, held = \"14d\" }",
     .params = {F("bounds", RP_WANT_TABLE, "Dimensions and values.", .shape = &bounds_shape,
                  NEEDED)}},
    {.name = "grade_in",
     .makes = RP_MAKES_COND,
     .doc = "The grade is one of these.",
     .example = "grade_in { \"A1\", \"A2\" }",
     .params = {F("grades", RP_WANT_TEXT | RP_WANT_TEXTS, "Grades.", NEEDED)}},
    {.name = "in_stage",
     .makes = RP_MAKES_COND,
     .doc = "The lead is in this stage.",
     .example = "in_stage(\"customer\", { at_least = \"60d\" })",
     .params = {F("stage", RP_WANT_TEXT, "The stage.", .ref = RP_REF_STAGE, NEEDED),
                F("options", RP_WANT_TABLE, "For how long.", .shape = &in_stage_shape)}},
    {.name = "in_status",
     .makes = RP_MAKES_COND,
     .doc = "The lead is in this status.",
     .example = "in_status \"mql.attempting\"",
     .params = {F("status", RP_WANT_TEXT, "The status.", .ref = RP_REF_STATUS, NEEDED)}},
    {.name = "in_segment",
     .makes = RP_MAKES_COND,
     .doc = "The lead belongs to the segment.",
     .example = "in_segment \"regular_on_price\"",
     .params = {F("segment", RP_WANT_TEXT, "The segment.", .ref = RP_REF_SEGMENT, NEEDED)}},
    {.name = "inactive",
     .makes = RP_MAKES_COND,
     .doc = "No page, screen or event of the lead's own for this long.",
     .example = "inactive \"30d\"",
     .params = {F("span", RP_WANT_DURATION, "For how long.", NEEDED)}},
    {.name = "known",
     .makes = RP_MAKES_COND,
     .doc = "The lead has a userId or an e-mail.",
     .example = "known()"},
    {.name = "trait",
     .makes = RP_MAKES_COND,
     .doc = "Fields of the lead.",
     .example = "trait { title = contains \"director\" }",
     .params = {F("fields", RP_WANT_FIELDS, "Fields and matchers.", .lead = true, NEEDED)}},
    {.name = "context",
     .makes = RP_MAKES_COND,
     .doc = "Fields of the event's context.",
     .example = "context { userAgent = contains \"bot\" }",
     .params = {F("fields", RP_WANT_FIELDS, "Fields and matchers.", .context = true, NEEDED)}},
    {.name = "filled",
     .makes = RP_MAKES_COND | RP_MAKES_COUNT,
     .doc = "How many of these fields of the lead are known.",
     .example = "filled { \"title\", \"phone\", \"company.name\"; at_least = 2 }",
     .params = {F("fields", RP_WANT_TABLE, "Fields of the lead.", .shape = &filled_shape, NEEDED)}},
    {.name = "count",
     .makes = RP_MAKES_COUNT,
     .doc = "How many such events.",
     .example = "count(\"page\", { within = \"30d\" })",
     .params = {EVENTS, F("options", RP_WANT_TABLE, "Which and when.", .shape = &count_shape)}},
    {.name = "days",
     .makes = RP_MAKES_COUNT,
     .doc = "On how many different days.",
     .example = "days(\"page\", { within = \"30d\" })",
     .params = {EVENTS, F("options", RP_WANT_TABLE, "Which and when.", .shape = &count_shape)}},
    {.name = "distinct",
     .makes = RP_MAKES_COUNT,
     .doc = "How many different values of a field.",
     .example = "distinct(\"page\", \"path\", { within = \"30d\" })",
     .params = {EVENTS, F("field", RP_WANT_TEXT, "The field.", NEEDED),
                F("options", RP_WANT_TABLE, "Which and when.", .shape = &within_shape)}},
    {.name = "days_since",
     .makes = RP_MAKES_COUNT,
     .doc = "Days since the newest such event.",
     .example = "days_since \"page\"",
     .params = {EVENTS}},
    {.name = "years_since",
     .makes = RP_MAKES_COUNT,
     .doc = "Full years since a date of the profile.",
     .example = "years_since \"birthday\"",
     .params = {F("field", RP_WANT_TEXT, "A field of the lead.", NEEDED)}},

    /* Triggers. */
    {.name = "entered",
     .makes = RP_MAKES_TRIGGER,
     .doc = "The lead entered the stage.",
     .example = "entered \"mql\"",
     .params = {F("stage", RP_WANT_TEXT, "The stage.", .ref = RP_REF_STAGE, NEEDED)}},
    {.name = "left",
     .makes = RP_MAKES_TRIGGER,
     .doc = "The lead left the stage.",
     .example = "left \"mql\"",
     .params = {F("stage", RP_WANT_TEXT, "The stage.", .ref = RP_REF_STAGE, NEEDED)}},
    {.name = "fired",
     .makes = RP_MAKES_TRIGGER,
     .doc = "The score rule gave points.",
     .example = "fired \"asked_for_demo\"",
     .params = {F("rule", RP_WANT_TEXT, "The rule.", .ref = RP_REF_SCORE, NEEDED)}},
    {.name = "crossed",
     .makes = RP_MAKES_TRIGGER,
     .doc = "The score went up past a value.",
     .example = "crossed(\"engagement\", 80)",
     .params = {F("dimension", RP_WANT_TEXT, "The dimension.", .ref = RP_REF_DIMENSION_OR_TOTAL,
                  NEEDED),
                F("value", RP_WANT_NUMBER, "The value.", .min = -RP_POINTS_MAX,
                  .max = RP_POINTS_MAX, NEEDED)}},
    {.name = "late",
     .makes = RP_MAKES_TRIGGER,
     .doc = "What is `due` in the stage did not come in time.",
     .example = "late \"mql\"",
     .params = {F("stage", RP_WANT_TEXT, "The stage.", .ref = RP_REF_STAGE, NEEDED)}},
    {.name = "entered_status",
     .makes = RP_MAKES_TRIGGER,
     .doc = "The lead entered the status.",
     .example = "entered_status \"mql.bad_timing\"",
     .params = {F("status", RP_WANT_TEXT, "The status.", .ref = RP_REF_STATUS, NEEDED)}},

    /* Parts of actions and steps. */
    {.name = "endpoint",
     .makes = RP_MAKES_ENDPOINT,
     .doc = "A receiver of ripen.lua.",
     .example = "endpoint \"crm\"",
     .params = {F("name", RP_WANT_TEXT, "Its name.", .ref = RP_REF_ENDPOINT, NEEDED)}},
    TABLE_CALL(
        "webhook", ACTS, "Sends JSON to an endpoint.",
        "{ to = endpoint \"crm\", body = { email = \"{lead.email}\", score = \"{score.total}\" } }",
        &webhook_shape),
    TABLE_CALL("notify", ACTS, "Sends a text to an endpoint.",
               "{ to = endpoint \"sales_channel\", text = \"{lead.email} raised a hand\" }",
               &notify_shape),
    TABLE_CALL("task", ACTS, "Gives somebody something to do.",
               "{ to = \"owner\", due = \"4h\", note = \"Call {lead.email}\" }", &task_shape),
    TABLE_CALL("set", ACTS, "Sets facts of the lead: lead.NAME.", "{ vip = true }", &value_shape),
    TABLE_CALL("email", ACTS, "Sends a mail to the lead.",
               "{ template = \"hello\", subject = \"Welcome\" }", &email_shape),
    TABLE_CALL("assign", ACTS, "Gives the lead an owner.", "{ team = \"sdr\", keep_owner = true }",
               &assign_shape),
    TABLE_CALL("crm", ACTS, "Writes into a CRM: makes the lead's record there, or changes it.",
               "{ to = endpoint \"crm\", fields = { ripen_score = \"{score.total}\" } }",
               &crm_shape),
    {.name = "step",
     .makes = RP_MAKES_STEP,
     .doc = "One step of a sequence.",
     .example = "step \"hello\" { email { template = \"hello\" } }",
     .curried = true,
     .params = {F("name", RP_WANT_TEXT, "Its name.", NEEDED),
                F("parts", RP_WANT_TABLE, "What it does.", .shape = &step_shape, NEEDED)}},
    {.name = "wait",
     .makes = RP_MAKES_IN_STEP,
     .doc = "Waits.",
     .example = "wait \"1d\"",
     .params = {F("span", RP_WANT_DURATION, "For how long.", NEEDED)}},
    {.name = "wait_until",
     .makes = RP_MAKES_IN_STEP,
     .doc = "Waits for something.",
     .example = "wait_until { did \"Feature Used\", timeout = \"3d\" }",
     .params = {F("condition", RP_WANT_TABLE, "For what, and how long at most.",
                  .shape = &wait_until_shape, NEEDED)}},
    {.name = "branch",
     .makes = RP_MAKES_IN_STEP,
     .doc = "Goes on at another step.",
     .example = "branch { { when = did \"Feature Used\", go = \"human\" }, otherwise = \"tips\" }",
     .params = {F("ways", RP_WANT_TABLE, "Conditions and steps.", .shape = &branch_shape, NEEDED)}},
    {.name = "stop", .makes = RP_MAKES_IN_STEP, .doc = "Ends the sequence.", .example = "stop()"},

    /* What tests play. */
    {.name = "after",
     .makes = RP_MAKES_PLAY,
     .doc = "What happens at this time after the test's start.",
     .example = "after(\"1h\") { page { path = \"/pricing\" } }",
     .curried = true,
     .params = {F("span", RP_WANT_DURATION, "After this time.", NEEDED),
                F("moments", RP_WANT_TABLE, "Events and expectations.", .shape = &after_shape,
                  NEEDED)}},
    EVENT_CALL("page", "A page view.", "{ path = \"/pricing\" }"),
    EVENT_CALL("screen", "A screen view.", "{ name = \"Prices\" }"),
    EVENT_CALL("identify", "Traits of the lead.", "{ email = \"ana@globex.test\" }"),
    EVENT_CALL("account", "Traits of the lead's company (a group call).",
               "{ name = \"Globex\", employees = 500 }"),
    EVENT_CALL("alias", "The lead's new userId.", "{ userId = \"ana\" }"),
    {.name = "track",
     .makes = MOMENT,
     .doc = "An event with a name.",
     .example = "track(\"Webinar Attended\", { title = \"Scoring\" })",
     .params = {F("event", RP_WANT_TEXT, "Its name.", NEEDED),
                F("properties", RP_WANT_VALUE, "Its properties."), PLAYED}},
    TABLE_CALL("expect", MOMENT, "What must hold now.",
               "{ stage = \"mql\", engagement = between(43, 44), fired = { viewed_pricing = 2 } }",
               &expect_shape),
    {.name = "exactly",
     .makes = RP_MAKES_EXPECTED | MATCHER,
     .doc = "Nothing more and nothing less.",
     .example = "exactly { viewed_pricing = 2 }",
     .params = {F("values", RP_WANT_VALUE, "The values.", NEEDED)}},
    {.name = NULL},
};

const struct rp_schema_call rp_schema_config_calls[] = {
    {.name = "env",
     .makes = RP_MAKES_SECRET,
     .doc = "The value of an environment variable.",
     .example = "env \"CRM_SECRET\"",
     .params = {F("name", RP_WANT_TEXT, "Its name.", NEEDED)}},
    {.name = "file",
     .makes = RP_MAKES_SECRET,
     .doc = "The first line of a file.",
     .example = "file \"/run/secrets/smtp\"",
     .params = {F("path", RP_WANT_TEXT, "Its path.", NEEDED)}},
    {.name = NULL},
};

const struct rp_schema_call *rp_schema_call(const char *name)
{
    for (const struct rp_schema_call *call = rp_schema_calls; call->name; call++)
        if (rp_str_is(rp_str_from(call->name), name))
            return call;
    return NULL;
}
