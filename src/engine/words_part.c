/* SPDX-License-Identifier: MIT */
/* Parts of actions and steps in words, and values of any field. */
#include "base/num.h"
#include "engine/words.h"

static void put_due(struct rp_buf *out, const struct rp_node *fields)
{
    struct rp_str due = rp_node_text(fields, "due"), hours = rp_node_text(fields, "hours");

    if (due.len > 0) {
        rp_buf_text(out, ", due in ");
        rp_words_span(out, due);
    }
    if (hours.len > 0)
        rp_buf_printf(out, " of the calendar %.*s", RP_STR_ARG(hours));
}

static void put_quote(struct rp_buf *out, const char *before, struct rp_str text)
{
    if (text.len > 0)
        rp_buf_printf(out, "%s“%.*s”", before, RP_STR_ARG(text));
}

/* endpoint "crm" as crm. */
static struct rp_str receiver(const struct rp_node *fields)
{
    const struct rp_node *to = rp_node_get(fields, "to");

    if (to && to->type == RP_NODE_CALL && to->item_count > 0)
        return to->items[0].text;
    return to && to->type == RP_NODE_TEXT ? to->text : RP_STR("");
}

static void put_keys(struct rp_buf *out, const struct rp_node *table)
{
    for (uint32_t i = 0; table && i < table->field_count; i++)
        rp_buf_printf(out, "%s%.*s", i ? ", " : "", RP_STR_ARG(table->fields[i].key));
}

static void put_webhook(struct rp_buf *out, const struct rp_node *fields)
{
    rp_buf_printf(out, "sends to %.*s: ", RP_STR_ARG(receiver(fields)));
    put_keys(out, rp_node_get(fields, "body"));
}

static void put_notify(struct rp_buf *out, const struct rp_node *fields)
{
    rp_buf_printf(out, "tells %.*s", RP_STR_ARG(receiver(fields)));
    put_quote(out, ": ", rp_node_text(fields, "text"));
}

static void put_task(struct rp_buf *out, const struct rp_node *fields)
{
    struct rp_str team = rp_node_text(fields, "team"), to = receiver(fields);

    rp_buf_text(out, "gives a task to ");
    if (team.len > 0)
        rp_buf_printf(out, "the team %.*s", RP_STR_ARG(team));
    else if (to.len == 0 || rp_str_is(to, "owner"))
        rp_buf_text(out, "the owner");
    else
        rp_buf_str(out, to);
    put_due(out, fields);
    put_quote(out, ": ", rp_node_text(fields, "note"));
}

static void put_email(struct rp_buf *out, const struct rp_node *fields)
{
    const struct rp_node *template = rp_node_get(fields, "template");
    const struct rp_node *unless = rp_node_get(fields, "unless");

    rp_buf_text(out, "sends the mail ");
    if (template && template->type == RP_NODE_TABLE)
        rp_buf_printf(out, "that %.*s names (else %.*s)", RP_STR_ARG(rp_node_text(template, "by")),
                      RP_STR_ARG(rp_node_text(template, "default")));
    else
        put_quote(out, "", rp_node_text(fields, "template"));
    put_quote(out, ", subject ", rp_node_text(fields, "subject"));
    if (unless) {
        rp_buf_text(out, ", unless ");
        rp_words_condition(out, unless);
    }
}

static void put_assign(struct rp_buf *out, const struct rp_node *fields)
{
    struct rp_str team = rp_node_text(fields, "team");

    rp_buf_text(out, "gives the lead to ");
    if (team.len > 0)
        rp_buf_printf(out, "somebody of the team %.*s", RP_STR_ARG(team));
    else
        rp_buf_str(out, rp_node_text(fields, "to"));
    if (rp_node_flag(fields, "keep_owner", false))
        rp_buf_text(out, ", unless it has an owner");
    if (rp_node_text(fields, "not_to").len > 0)
        rp_buf_text(out, ", not to the one who refused it last");
}

static void put_set(struct rp_buf *out, const struct rp_node *fields)
{
    rp_buf_text(out, "notes about the lead: ");
    for (uint32_t i = 0; i < fields->field_count; i++) {
        rp_buf_printf(out, "%s%.*s = ", i ? ", " : "", RP_STR_ARG(fields->fields[i].key));
        rp_node_print(out, &fields->fields[i].value);
    }
}

static void put_crm(struct rp_buf *out, const struct rp_node *fields)
{
    rp_buf_text(out, "writes into the CRM: ");
    put_keys(out, rp_node_get(fields, "fields"));
}

static void put_wait_until(struct rp_buf *out, const struct rp_node *fields)
{
    struct rp_str timeout = rp_node_text(fields, "timeout");

    rp_buf_text(out, "waits until ");
    for (uint32_t i = 0; i < fields->item_count; i++) {
        rp_buf_text(out, i ? " and " : "");
        rp_words_condition(out, &fields->items[i]);
    }
    if (timeout.len > 0) {
        rp_buf_text(out, ", at most ");
        rp_words_span(out, timeout);
    }
}

static void put_branch(struct rp_buf *out, const struct rp_node *fields)
{
    struct rp_str otherwise = rp_node_text(fields, "otherwise");

    for (uint32_t i = 0; i < fields->item_count; i++) {
        const struct rp_node *when = rp_node_get(&fields->items[i], "when");

        put_quote(out, i ? "; goes on at " : "goes on at ", rp_node_text(&fields->items[i], "go"));
        rp_buf_text(out, " when ");
        if (when)
            rp_words_condition(out, when);
    }
    put_quote(out, "; otherwise at ", otherwise);
}

static const struct {
    const char *call;
    void (*put)(struct rp_buf *out, const struct rp_node *fields);
} parts[] = {
    {"webhook", put_webhook}, {"notify", put_notify},         {"task", put_task},
    {"email", put_email},     {"assign", put_assign},         {"set", put_set},
    {"crm", put_crm},         {"wait_until", put_wait_until}, {"branch", put_branch},
};

void rp_words_part(struct rp_buf *out, const struct rp_node *node)
{
    if (rp_node_is_call(node, "stop")) {
        rp_buf_text(out, "ends");
        return;
    }
    if (rp_node_is_call(node, "wait")) {
        rp_buf_text(out, "waits ");
        rp_words_span(out, node->items[0].text);
        return;
    }
    for (size_t i = 0; node->type == RP_NODE_CALL && i < RP_COUNT(parts); i++) {
        if (!rp_node_is_call(node, parts[i].call))
            continue;
        parts[i].put(out, &node->items[0]);
        return;
    }
    rp_node_print(out, node);
}

/* ---- Any value ------------------------------------------------------------------------------- */

static const struct rp_schema_field *find(const struct rp_schema_shape *shape, struct rp_str key)
{
    for (const struct rp_schema_field *field = shape->fields; field && field->name; field++)
        if (rp_str_is(key, field->name))
            return field;
    return shape->entry;
}

static void put_table(struct rp_buf *out, const struct rp_schema_shape *shape,
                      const struct rp_node *table)
{
    bool shown = false;

    for (uint32_t i = 0; i < table->item_count; i++) {
        bool inner = table->items[i].type == RP_NODE_TABLE;

        rp_buf_text(out, i ? ", " : "");
        rp_buf_text(out, inner ? "(" : "");
        if (shape->item)
            rp_words_value(out, shape->item, &table->items[i]);
        rp_buf_text(out, inner ? ")" : "");
        shown = true;
    }
    for (uint32_t i = 0; i < table->field_count; i++) {
        const struct rp_schema_field *field = find(shape, table->fields[i].key);

        rp_buf_printf(out, "%s%.*s ", shown ? ", " : "", RP_STR_ARG(table->fields[i].key));
        if (field)
            rp_words_value(out, field, &table->fields[i].value);
        shown = true;
    }
}

void rp_words_value(struct rp_buf *out, const struct rp_schema_field *field,
                    const struct rp_node *node)
{
    if (node->type == RP_NODE_TEXT && (field->wants & RP_WANT_DURATION))
        rp_words_span(out, node->text);
    else if (node->type == RP_NODE_TEXT)
        rp_buf_str(out, node->text);
    else if (field->wants & RP_WANT_TRIGGER)
        rp_words_trigger(out, node);
    else if (field->wants & (RP_WANT_WHEN | RP_WANT_FIELDS))
        rp_words_condition(out, node);
    else if (field->wants & RP_WANT_COUNT)
        rp_words_count(out, node);
    else if (node->type == RP_NODE_TABLE && (field->wants & RP_WANT_TABLE) && field->shape)
        put_table(out, field->shape, node);
    else if (node->type == RP_NODE_TABLE && (field->wants & RP_WANT_TEXTS))
        rp_words_list(out, node, ", ");
    else if (node->type == RP_NODE_FUNCTION)
        rp_buf_text(out, "a function");
    else
        rp_node_print(out, node);
}
