/* SPDX-License-Identifier: MIT */
/* The table of declarations of rule files. Data; the constructors stand in schema_calls.c, those of
 * ripen.lua in schema_config.c. Every field has its meaning in a sentence that is shown to rule
 * authors. */
#include "engine/schema.h"

#include "base/limits.h"

#include <string.h>

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

#define POINTS_BOUNDS .min = -RP_POINTS_MAX, .max = RP_POINTS_MAX

/* Fields that scores and fits share. */
#define RULE_FIELDS                                                                                \
    F("mode", RP_WANT_TEXT, "`shadow`: evaluated and recorded, gives nothing.",                    \
      .choices = "shadow|live", .fallback = "\"live\""),                                           \
        F("was", RP_WANT_TEXT, "The rule's former name: its counters and reports go on."),         \
        F("tags", RP_WANT_TEXTS, "Words to find the rule by."),                                    \
        F("author", RP_WANT_TEXT, "Who answers for the rule."),                                    \
        F("enabled", RP_WANT_BOOL, "`false` takes the rule out of action.", .fallback = "true")

/* ---- Parts of several declarations ----------------------------------------------------------- */

static const struct rp_schema_shape decay_shape = {
    .fields = MANY(F("half_life", RP_WANT_DURATION, "Half of the points are left after this time."),
                   F("linear", RP_WANT_DURATION, "The points shrink evenly to nothing over it."),
                   F("expire", RP_WANT_DURATION, "The points count in full, then not at all.")),
};

static const struct rp_schema_shape range_shape = {
    .item = ONE(F("bound", RP_WANT_NUMBER, "Lowest value, then highest.", POINTS_BOUNDS)),
    .item_min = 2,
};

static const struct rp_schema_shape points_shape = {
    .entry = ONE(F("points", RP_WANT_NUMBER, "Points for this dimension.", POINTS_BOUNDS)),
    .key = RP_REF_DIMENSION,
};

static const struct rp_schema_shape thresholds_shape = {
    .entry = ONE(F("value", RP_WANT_NUMBER, "Threshold.", POINTS_BOUNDS)),
    .key = RP_REF_DIMENSION_OR_TOTAL,
};

static const struct rp_schema_shape also_shape = {
    .item = ONE(
        F("event", RP_WANT_TEXT | RP_WANT_TABLE, "An event name that counts as this one.",
          .shape =
              SHAPE(.fields = MANY(F("where", RP_WANT_FIELDS, "Only events whose fields are so.")),
                    .item = ONE(F("event", RP_WANT_TEXT, "The event's name.")), .item_min = 1))),
};

static const struct rp_schema_shape limit_shape = {
    .fields = MANY(F("times", RP_WANT_NUMBER, "At most so many times a lead.", .min = 1,
                     .max = RP_WINDOW_ENTRIES_MAX, .whole = true, .required = true),
                   F("per", RP_WANT_DURATION, "Within this time; without it for life.")),
};

static const struct rp_schema_shape per_shape = {
    .fields = MANY(
        F("field", RP_WANT_TEXT, "The number that is counted out.", .required = true),
        F("each", RP_WANT_NUMBER, "So much of it gives the points once.", .min = 1e-9, .max = 1e12,
          .required = true),
        F("points", RP_WANT_NUMBER, "Points for each.", POINTS_BOUNDS, .required = true),
        F("max", RP_WANT_NUMBER, "At most so many points a hit.", .min = 0, .max = RP_POINTS_MAX)),
};

static const struct rp_schema_shape uses_shape = {
    .item = ONE(F("count", RP_WANT_COUNT, "past[1], past[2] … in `test`.")),
    .entry = ONE(F("count", RP_WANT_COUNT, "past.NAME in `test`.")),
};

static const struct rp_schema_shape bands_shape = {
    .item = ONE(F("band", RP_WANT_TABLE, "One band.",
                  .shape = SHAPE(.fields = MANY(F("below", RP_WANT_NUMBER,
                                                  "Values below this; the last band has none."),
                                                F("points", RP_WANT_NUMBER, "Points of the band.",
                                                  POINTS_BOUNDS, .required = true))))),
    .item_min = 1,
};

static const struct rp_schema_shape words_shape = {
    .item = ONE(F(
        "band", RP_WANT_TABLE, "One set of words.",
        .shape = SHAPE(.fields = MANY(F("any", RP_WANT_TEXT | RP_WANT_TEXTS,
                                        "One of these words stands in the text.", .required = true),
                                      F("not_any", RP_WANT_TEXT | RP_WANT_TEXTS,
                                        "None of these words stands in it."),
                                      F("points", RP_WANT_NUMBER, "Points.", POINTS_BOUNDS,
                                        .required = true))))),
    .item_min = 1,
};

static const struct rp_schema_shape values_shape = {
    .item = ONE(
        F("band", RP_WANT_TABLE, "One set of values.",
          .shape =
              SHAPE(.fields = MANY(
                        F("one_of", RP_WANT_TEXTS, "The value is one of these."),
                        F("none_of", RP_WANT_TEXTS, "The value is none of these."),
                        F("eq", RP_WANT_TEXT | RP_WANT_NUMBER | RP_WANT_BOOL, "The value is this."),
                        F("glob", RP_WANT_TEXT, "The value looks like this, * for any run."),
                        F("contains", RP_WANT_TEXT, "The value contains this."),
                        F("starts_with", RP_WANT_TEXT, "The value starts so."),
                        F("ends_with", RP_WANT_TEXT, "The value ends so."),
                        F("word", RP_WANT_TEXT, "The value has this word."),
                        F("in_list", RP_WANT_TEXT, "The value stands in this list.",
                          .ref = RP_REF_LIST),
                        F("points", RP_WANT_NUMBER, "Points.", POINTS_BOUNDS, .required = true)),
                    .item =
                        ONE(F("matcher", RP_WANT_MATCH, "Any matcher, instead of a named one."))))),
    .item_min = 1,
};

static const struct rp_schema_shape due_shape = {
    .fields = MANY(
        F("to", RP_WANT_TEXT, "Sales must have moved the lead to this stage.", .ref = RP_REF_STAGE,
          .required = true),
        F("within", RP_WANT_DURATION, "In this time.", .required = true),
        F("hours", RP_WANT_TEXT, "Only the time of this calendar counts.", .ref = RP_REF_CALENDAR)),
};

static const struct rp_schema_shape wake_shape = {
    .fields = MANY(F("on", RP_WANT_TEXT, "The property that holds the day."),
                   F("otherwise", RP_WANT_DURATION, "After this time when no day is known."),
                   F("to", RP_WANT_TEXT, "The status to wake up in.", .ref = RP_REF_STATUS)),
};

static const struct rp_schema_shape send_shape = {
    .fields =
        MANY(F("days", RP_WANT_TEXT | RP_WANT_TEXTS, "Days of the week: \"mon-fri\"."),
             F("from", RP_WANT_TEXT, "From this time of day: \"08:00\"."),
             F("to", RP_WANT_TEXT, "To this time of day: \"20:00\"."),
             F("tz", RP_WANT_TEXT | RP_WANT_TEXTS,
               "Time zone, or fields to look for it: { \"lead.timezone\", \"Europe/Paris\" }."),
             F("hours", RP_WANT_TEXT, "The hours of this calendar.", .ref = RP_REF_CALENDAR)),
};

/* Points of one rule: by dimension, or a list with a number for each band. */
static const struct rp_schema_shape model_points_shape = {
    .entry = ONE(F("points", RP_WANT_NUMBER, "Points.", POINTS_BOUNDS)),
    .key = RP_REF_DIMENSION,
    .item = ONE(F("points", RP_WANT_NUMBER, "Points.", POINTS_BOUNDS)),
};

static const struct rp_schema_shape caps_shape = {
    .fields =
        MANY(F("cap", RP_WANT_NUMBER, "Other upper bound.", .min = 0, .max = RP_POINTS_MAX),
             F("floor", RP_WANT_NUMBER, "Other lower bound.", .min = -RP_POINTS_MAX, .max = 0)),
};

static const struct rp_schema_shape stage_thresholds_shape = {
    .fields = MANY(
        F("enter", RP_WANT_TABLE, "Thresholds of at_least in `enter`.", .shape = &thresholds_shape),
        F("leave", RP_WANT_TABLE, "Thresholds of below in `leave`.", .shape = &thresholds_shape)),
};

/* ---- Declarations of rule files -------------------------------------------------------------- */

const struct rp_schema_decl rp_schema_decls[] = {
    {.name = "names",
     .doc = "Further spellings under which SDKs and forms send a trait.",
     .example = "names { [\"company.employees\"] = { \"effectif\" } }",
     .shape = {.entry = ONE(F("spellings", RP_WANT_TEXT | RP_WANT_TEXTS, "Other spellings."))}},
    {.name = "event",
     .doc = "Other names that an event arrives under.",
     .example = "event \"Demo Requested\" { also = { \"demande_demo\" } }",
     .named = true,
     .shape = {.fields =
                   MANY(F("also", RP_WANT_TABLE | RP_WANT_TEXT, "Events that count as this one.",
                          .shape = &also_shape, .required = true),
                        F("why", RP_WANT_TEXT, "What the event means."))}},
    {.name = "exclude",
     .doc = "Leads that are recorded, and neither scored nor contacted.",
     .example = "exclude \"staff\" { when = trait { email_domain = in_list \"own_domains\" } }",
     .named = true,
     .shape = {.fields = MANY(F("when", RP_WANT_WHEN, "Who is excluded.", .required = true),
                              F("why", RP_WANT_TEXT, "Why they are."))}},
    {.name = "lookup",
     .doc = "A table that adds facts to an event: event.NAME.column.",
     .example = "lookup \"content\" { file = \"lists/content.csv\", match = { path = \"glob\" }, "
                "gives = { \"topic\" } }",
     .named = true,
     .shape = {.fields = MANY(
                   F("file", RP_WANT_TEXT, "A CSV file with a first line of column names.",
                     .ref = RP_REF_FILE, .required = true),
                   F("match", RP_WANT_TABLE, "Columns and how they are compared.",
                     .shape = SHAPE(.entry = ONE(F("how", RP_WANT_TEXT, "How it is compared.",
                                                   .choices = "exact|glob|starts_with|ends_with|"
                                                              "contains|word"))),
                     .required = true),
                   F("gives", RP_WANT_TEXT | RP_WANT_TEXTS, "Columns that become facts.",
                     .required = true))}},
    {.name = "dimension",
     .doc = "One scale on which leads are measured.",
     .example = "dimension \"engagement\" { range = {0, 200}, half_life = \"21d\" }",
     .named = true,
     .ref = RP_REF_DIMENSION,
     .shape = {.fields = MANY(
                   F("range", RP_WANT_TABLE, "Lowest and highest value.", .shape = &range_shape),
                   F("half_life", RP_WANT_DURATION, "Half of the points are left after this time."),
                   F("decay", RP_WANT_TEXT | RP_WANT_TABLE, "Another way to fade, or \"none\".",
                     .choices = "none", .shape = &decay_shape),
                   F("kind", RP_WANT_TEXT,
                     "`state`: counted anew from the profile by `fit` rules; else it accumulates.",
                     .choices = "state|events", .fallback = "\"events\""),
                   F("by", RP_WANT_TEXT, "One score for each value of this field."),
                   F("why", RP_WANT_TEXT, "What it measures."))}},
    {.name = "total",
     .doc = "The weighted sum that is shown as the score.",
     .example = "total { fit = 1, engagement = 1 }",
     .once = true,
     .shape = {.entry = ONE(F("weight", RP_WANT_NUMBER, "Weight.", .min = -1000, .max = 1000)),
               .key = RP_REF_DIMENSION}},
    {.name = "grade",
     .doc = "Labels for the values of two dimensions: A1 to D4.",
     .example = "grade { fit = { A = 60, B = 0 }, engagement = { [\"1\"] = 50, [\"2\"] = 0 } }",
     .once = true,
     .shape = {.entry = ONE(F(
                   "labels", RP_WANT_TABLE, "Label and the value from which it holds.",
                   .shape = SHAPE(.entry = ONE(F("from", RP_WANT_NUMBER, "From this value on."))))),
               .key = RP_REF_DIMENSION}},
    {.name = "group",
     .doc = "A common bound for the points of several rules.",
     .example = "group \"web\" { dimension = \"engagement\", cap = 40, per = \"7d\" }",
     .named = true,
     .ref = RP_REF_GROUP,
     .shape = {.fields = MANY(F("dimension", RP_WANT_TEXT, "Whose points it bounds.",
                                .ref = RP_REF_DIMENSION, .fallback = "\"engagement\""),
                              F("cap", RP_WANT_NUMBER, "At most so many points.", .min = 0,
                                .max = RP_POINTS_MAX),
                              F("floor", RP_WANT_NUMBER, "At least so many (a negative number).",
                                .min = -RP_POINTS_MAX, .max = 0),
                              F("per", RP_WANT_DURATION,
                                "Within this time; without it the present value is bounded."),
                              F("why", RP_WANT_TEXT, "What it is for."))}},
    {.name = "score",
     .doc = "Points for something that a lead did.",
     .example = "score \"viewed_pricing\" { why = \"Looked at the pricing page\", on = \"page\", "
                "when = { path = glob \"/pricing*\" }, points = 10 }",
     .named = true,
     .ref = RP_REF_SCORE,
     .shape =
         {.fields = MANY(
              F("why", RP_WANT_TEXT, "The reason, as salespeople read it.", .placeholders = true),
              F("on", RP_WANT_TEXT | RP_WANT_TEXTS,
                "The event: page, screen, identify, group, a track's name, or \"*\".",
                .required = true),
              F("when", RP_WANT_WHEN, "Only events whose fields are so."),
              F("points", RP_WANT_NUMBER | RP_WANT_TABLE,
                "Points for a hit, or a table of dimensions.", .shape = &points_shape,
                POINTS_BOUNDS),
              F("per", RP_WANT_TABLE, "Points by a number in the event.", .shape = &per_shape),
              F("dimension", RP_WANT_TEXT, "Where the points go.", .ref = RP_REF_DIMENSION,
                .fallback = "that of the group, else \"engagement\""),
              F("group", RP_WANT_TEXT, "The group that bounds them.", .ref = RP_REF_GROUP),
              F("limit", RP_WANT_TABLE, "How often a lead can get them.", .shape = &limit_shape),
              F("cooldown", RP_WANT_DURATION, "Not again before this time has passed."),
              F("once", RP_WANT_BOOL, "Once a lead, for life.", .fallback = "false"),
              F("once_per", RP_WANT_TEXT, "Once for each value of this field."),
              F("decay", RP_WANT_TEXT | RP_WANT_TABLE, "How these points fade.", .choices = "none",
                .shape = &decay_shape, .fallback = "that of the dimension"),
              F("test", RP_WANT_FUNCTION,
                "function(event, lead, past): false, true or a share of 0 to 1, and evidence."),
              F("uses", RP_WANT_TABLE, "Counts of earlier events for `test`.",
                .shape = &uses_shape),
              RULE_FIELDS)}},
    {.name = "fit",
     .doc = "Points for what a lead is, counted anew from the profile.",
     .example = "fit \"size\" { why = \"Company size\", field = \"company.employees\", "
                "bands = { { below = 50, points = 0 }, { points = 15 } } }",
     .named = true,
     .ref = RP_REF_RULE,
     .shape = {.fields = MANY(
                   F("why", RP_WANT_TEXT, "The reason, as salespeople read it."),
                   F("field", RP_WANT_TEXT, "The field of the profile that is measured."),
                   F("count", RP_WANT_COUNT, "A count of events that is measured."),
                   F("dimension", RP_WANT_TEXT, "A dimension with kind = \"state\".",
                     .ref = RP_REF_DIMENSION, .fallback = "\"fit\""),
                   F("bands", RP_WANT_TABLE, "Points by number.", .shape = &bands_shape),
                   F("words", RP_WANT_TABLE, "Points by words in a text.", .shape = &words_shape),
                   F("values", RP_WANT_TABLE, "Points by value.", .shape = &values_shape),
                   F("when", RP_WANT_WHEN, "Points when the profile is so.", .lead = true),
                   F("points", RP_WANT_NUMBER, "Points of `when`.", POINTS_BOUNDS),
                   F("take", RP_WANT_TEXT, "Which of several that hold.", .choices = "first|best",
                     .fallback = "\"first\""),
                   F("missing", RP_WANT_NUMBER, "Points while the field is unknown.",
                     POINTS_BOUNDS),
                   F("other", RP_WANT_NUMBER, "Points when nothing holds.", POINTS_BOUNDS),
                   RULE_FIELDS)}},
    {.name = "stages",
     .doc = "The stages of the life cycle, in order, and those beside it.",
     .example = "stages { \"visitor\", \"lead\", \"mql\"; side = { \"recycled\" } }",
     .once = true,
     .shape = {.fields =
                   MANY(F("side", RP_WANT_TEXT | RP_WANT_TEXTS, "Stages beside the main road.")),
               .item = ONE(F("stage", RP_WANT_TEXT, "A stage's name.")),
               .item_min = 1}},
    {.name = "stage",
     .doc = "When a lead comes into a stage, and when it leaves.",
     .example = "stage \"mql\" { enter = at_least { fit = 30, engagement = 40 } }",
     .named = true,
     .shape = {.fields = MANY(
                   F("from", RP_WANT_TEXT | RP_WANT_TEXTS, "Stages from which it is entered.",
                     .ref = RP_REF_STAGE, .fallback = "every earlier main stage"),
                   F("enter", RP_WANT_WHEN, "When it is entered."),
                   F("leave", RP_WANT_WHEN, "When it is left again."),
                   F("leave_to", RP_WANT_TEXT, "The stage that follows then.", .ref = RP_REF_STAGE,
                     .fallback = "the main stage before it"),
                   F("status", RP_WANT_TEXT | RP_WANT_TEXTS,
                     "Statuses within the stage; the first on entry."),
                   F("due", RP_WANT_TABLE, "What sales owe a lead in this stage.",
                     .shape = &due_shape),
                   F("stay", RP_WANT_DURATION, "No other stage is entered for this time."),
                   F("terminal", RP_WANT_BOOL, "It is meant to be the last.", .fallback = "false"),
                   F("why", RP_WANT_TEXT, "What the stage means."))}},
    {.name = "status",
     .doc = "When a status of a stage begins.",
     .example = "status \"mql.attempting\" { enter = did \"Contact Attempted\" }",
     .named = true,
     .shape = {.fields = MANY(
                   F("enter", RP_WANT_WHEN, "When it begins."),
                   F("wake", RP_WANT_TABLE, "When it ends by itself.", .shape = &wake_shape))}},
    {.name = "reasons",
     .doc = "The reasons that an event may give.",
     .example = "reasons \"Lead Rejected\" { \"no_budget\", \"competitor\"; required = true }",
     .named = true,
     .shape = {.fields = MANY(
                   F("required", RP_WANT_BOOL, "The event must give one.", .fallback = "false")),
               .item = ONE(F("reason", RP_WANT_TEXT, "A reason.")),
               .item_min = 1}},
    {.name = "calendar",
     .doc = "Working hours.",
     .example = "calendar \"sales\" { days = \"mon-fri\", from = \"09:00\", to = \"18:00\", "
                "tz = \"Europe/Paris\" }",
     .named = true,
     .ref = RP_REF_CALENDAR,
     .shape = {.fields =
                   MANY(F("days", RP_WANT_TEXT | RP_WANT_TEXTS, "Days of the week.",
                          .fallback = "\"mon-fri\""),
                        F("from", RP_WANT_TEXT, "From this time of day.", .fallback = "\"00:00\""),
                        F("to", RP_WANT_TEXT, "To this time of day.", .fallback = "\"24:00\""),
                        F("tz", RP_WANT_TEXT, "Time zone.", .fallback = "\"UTC\""),
                        F("holidays", RP_WANT_TEXT, "A file with days off.", .ref = RP_REF_FILE))}},
    {.name = "segment",
     .doc = "A condition with a name.",
     .example = "segment \"regular\" { did(\"page\", { days = 3, within = \"30d\" }) }",
     .named = true,
     .ref = RP_REF_SEGMENT,
     .shape = {.fields = MANY(F("why", RP_WANT_TEXT, "Who belongs to it.")),
               .item = ONE(F("condition", RP_WANT_WHEN, "Who belongs to it.")),
               .item_min = 1}},
    {.name = "team",
     .doc = "People who take over leads.",
     .example = "team \"sdr\" { members = { \"lea@acme.test\" }, share = \"round_robin\" }",
     .named = true,
     .ref = RP_REF_TEAM,
     .shape = {.fields = MANY(
                   F("members", RP_WANT_TEXT | RP_WANT_TEXTS, "Their addresses.", .required = true),
                   F("share", RP_WANT_TEXT, "How leads are dealt out.",
                     .choices = "round_robin|least|first", .fallback = "\"round_robin\""),
                   F("hours", RP_WANT_TEXT, "When they work.", .ref = RP_REF_CALENDAR),
                   F("away", RP_WANT_TEXT, "A file with absences.", .ref = RP_REF_FILE))}},
    {.name = "action",
     .doc = "What happens when a lead gets somewhere.",
     .example = "action \"tell\" { on = entered \"mql\", notify { to = endpoint \"sales\", "
                "text = \"{lead.email}\" } }",
     .named = true,
     .shape = {.fields =
                   MANY(F("on", RP_WANT_TRIGGER, "What starts it.", .required = true),
                        F("when", RP_WANT_WHEN, "Only for leads that are so."),
                        F("why", RP_WANT_TEXT, "What it is for."),
                        F("even_when_passing", RP_WANT_BOOL,
                          "Also when the lead moves on in the same moment.", .fallback = "false"),
                        F("enabled", RP_WANT_BOOL, "`false` takes it out of action.",
                          .fallback = "true")),
               .item = ONE(F("part", RP_WANT_CALL, "webhook {…}, notify {…}, task {…} …",
                             .makes = RP_MAKES_PART)),
               .item_min = 1}},
    {.name = "sequence",
     .doc = "Messages and waits, step by step.",
     .example = "sequence \"welcome\" { start = entered \"lead\", steps = { step \"hello\" { email "
                "{ template = \"hello\" } } } }",
     .named = true,
     .shape = {.fields =
                   MANY(F("start", RP_WANT_TRIGGER, "What starts it.", .required = true),
                        F("exit", RP_WANT_TRIGGER | RP_WANT_WHEN, "What ends it early."),
                        F("reenter", RP_WANT_DURATION, "May start again after this time."),
                        F("purpose", RP_WANT_TEXT, "The consent that its mails need."),
                        F("send", RP_WANT_TABLE, "When mails may go out.", .shape = &send_shape),
                        F("steps", RP_WANT_TABLE, "The steps.",
                          .shape = SHAPE(.item = ONE(F("step", RP_WANT_CALL, "step \"name\" {…}",
                                                       .makes = RP_MAKES_STEP)),
                                         .item_min = 1),
                          .required = true),
                        F("why", RP_WANT_TEXT, "What it is for."),
                        F("enabled", RP_WANT_BOOL, "`false` starts none.", .fallback = "true"))}},
    {.name = "limits",
     .doc = "How many messages one lead may get.",
     .example = "limits { email = { per_lead = 2, per = \"7d\" } }",
     .once = true,
     .shape = {.fields = MANY(
                   F("email", RP_WANT_TABLE, "Bound for e-mail.",
                     .shape = SHAPE(.fields = MANY(F("per_lead", RP_WANT_NUMBER, "At most so many.",
                                                     .min = 0, .max = 1000, .whole = true,
                                                     .required = true),
                                                   F("per", RP_WANT_DURATION, "Within this time.",
                                                     .required = true)))))}},
    {.name = "model",
     .doc = "The same rules with other numbers.",
     .example = "model \"challenger\" { like = \"champion\", points = { viewed_pricing = 15 } }",
     .named = true,
     .ref = RP_REF_MODEL,
     .shape = {.fields = MANY(
                   F("like", RP_WANT_TEXT, "The model that it starts from.", .ref = RP_REF_MODEL),
                   F("points", RP_WANT_TABLE, "Other points of rules.",
                     .shape =
                         SHAPE(.entry = ONE(F("points", RP_WANT_NUMBER | RP_WANT_TABLE,
                                              "Points; by dimension or by band where the rule has "
                                              "several.",
                                              .shape = &model_points_shape, POINTS_BOUNDS)),
                               .key = RP_REF_RULE)),
                   F("group", RP_WANT_TABLE, "Other bounds of groups.",
                     .shape = SHAPE(.entry = ONE(F("bounds", RP_WANT_TABLE, "Bounds.",
                                                   .shape = &caps_shape)),
                                    .key = RP_REF_GROUP)),
                   F("stage", RP_WANT_TABLE, "Other thresholds of stages.",
                     .shape = SHAPE(.entry = ONE(F("thresholds", RP_WANT_TABLE, "Thresholds.",
                                                   .shape = &stage_thresholds_shape)),
                                    .key = RP_REF_STAGE)),
                   F("without", RP_WANT_TEXT | RP_WANT_TEXTS, "Rules that it leaves out.",
                     .ref = RP_REF_RULE),
                   F("files", RP_WANT_TEXT | RP_WANT_TEXTS,
                     "Rule files, or folders as \"learned/\", whose rules count for the models "
                     "that "
                     "name them alone."),
                   F("why", RP_WANT_TEXT, "What it tries."))}},
    {.name = "experiment",
     .doc = "Models compared on real leads.",
     .example = "experiment \"x\" { mode = \"shadow\", arms = { { \"champion\", 50 }, { "
                "\"challenger\", 50 } } }",
     .named = true,
     .shape =
         {.fields = MANY(
              F("mode", RP_WANT_TEXT, "`split`: act on the lead's arm; `shadow`: on the first.",
                .choices = "split|shadow", .required = true),
              F("arms", RP_WANT_TABLE, "Models and their shares.",
                .shape = SHAPE(.item = ONE(
                                   F("arm", RP_WANT_TABLE, "A model and its share.",
                                     .shape = SHAPE(.item = ONE(F("model or share",
                                                                  RP_WANT_TEXT | RP_WANT_NUMBER,
                                                                  "Model, then share.",
                                                                  .ref = RP_REF_MODEL)),
                                                    .item_min = 1))),
                               .item_min = 2),
                .required = true),
              F("by", RP_WANT_TEXT, "What is dealt out.", .choices = "lead|company",
                .fallback = "\"lead\""),
              F("salt", RP_WANT_TEXT, "Changing it deals anew."),
              F("share", RP_WANT_NUMBER,
                "Percent of all units that take part; the others stay with the first arm. A higher "
                "one moves units in, and none out.",
                .min = 0, .max = 100, .fallback = "100"),
              F("explore", RP_WANT_NUMBER,
                "Of leads that another arm alone would let in, this percentage enters the stage "
                "all "
                "the same, so that a shadow's report knows what becomes of such leads.",
                .min = 0, .max = 100, .fallback = "0"),
              F("hold_out", RP_WANT_NUMBER,
                "Percent for which no action goes out: a last arm, which the shares count in.",
                .min = 0, .max = 90, .fallback = "0"),
              F("slice", RP_WANT_TABLE,
                "Part of all units to choose from, as { from, to } in percent; experiments with "
                "slices apart share no unit.",
                .shape = SHAPE(.item = ONE(F("bound", RP_WANT_NUMBER, "A percentage.", .min = 0,
                                             .max = 100)),
                               .item_min = 2)),
              F("enabled", RP_WANT_BOOL, "`false`: it cannot be started, and is in nobody's way.",
                .fallback = "true"),
              F("why", RP_WANT_TEXT, "What it is to show."),
              F("success", RP_WANT_TABLE, "What counts as success.",
                .shape = SHAPE(.fields = MANY(F("reached", RP_WANT_TEXT, "This stage.",
                                                .ref = RP_REF_STAGE, .required = true),
                                              F("within", RP_WANT_DURATION, "In this time.")))),
              F("guard", RP_WANT_TABLE, "What must not get worse.",
                .shape = SHAPE(.item = ONE(
                                   F("guard", RP_WANT_TABLE, "One measure.",
                                     .shape = SHAPE(.fields = MANY(F("metric", RP_WANT_TEXT,
                                                                     "Its name.", .required = true),
                                                                   F("worse_than", RP_WANT_NUMBER,
                                                                     "Allowed ratio.", .min = 1,
                                                                     .max = 100))))))),
              F("decide", RP_WANT_TABLE, "When a winner may be named.",
                .shape = SHAPE(.fields = MANY(F("min_units", RP_WANT_NUMBER, "Units an arm.",
                                                .min = 1, .max = 1e9, .whole = true),
                                              F("max_days", RP_WANT_NUMBER, "Days at most.",
                                                .min = 1, .max = 3650, .whole = true)))))}},
    {.name = "test",
     .doc = "An example with its expected outcome.",
     .example = "test \"prices are read\" { at = \"2026-03-02T09:00:00Z\", play = { after(\"0s\") "
                "{ page { path = \"/pricing\" } }, after(\"1h\") { expect { fired = { "
                "viewed_pricing = 1 } } } } }",
     .named = true,
     .shape = {.fields = MANY(
                   F("at", RP_WANT_DATE, "The moment at which the test starts."),
                   F("given", RP_WANT_TABLE, "What is known before.",
                     .shape = SHAPE(.fields = MANY(F("lead", RP_WANT_VALUE, "The lead's traits."),
                                                   F("userId", RP_WANT_TEXT, "Its userId."),
                                                   F("stage", RP_WANT_TEXT, "Its stage.",
                                                     .ref = RP_REF_STAGE)))),
                   F("model", RP_WANT_TEXT, "The model that acts.", .ref = RP_REF_MODEL),
                   F("play", RP_WANT_TABLE, "What happens, and what is expected.",
                     .shape = SHAPE(.item = ONE(F("moment", RP_WANT_CALL, "after(\"1h\") {…}",
                                                  .makes = RP_MAKES_PLAY)),
                                    .item_min = 1),
                     .required = true))}},
    {.name = NULL},
};

const struct rp_schema_decl *rp_schema_decl(const char *name)
{
    for (const struct rp_schema_decl *decl = rp_schema_decls; decl->name; decl++)
        if (strcmp(decl->name, name) == 0)
            return decl;
    return NULL;
}
