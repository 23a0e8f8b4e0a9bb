/* SPDX-License-Identifier: MIT */
/* reasons "Lead Rejected" { … }: what a person may give as the reason of an event, and the verdict
 * on an event that had to give one. Reasons are compared as all texts are: without case. */
#include "base/hash.h"
#include "base/text.h"
#include "engine/compile.h"

static void compile_one(struct rp_compile *compile, const struct rp_declared *declared,
                        struct rp_reasons *reasons)
{
    const struct rp_node *body = &declared->body;

    *reasons = (struct rp_reasons){.event = rp_compile_keep(compile, declared->name),
                                   .required = rp_node_flag(body, "required", false)};
    reasons->items = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, body->item_count + 1);
    reasons->folded = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, body->item_count + 1);
    for (uint32_t i = 0; i < body->item_count; i++) {
        struct rp_str text = rp_compile_keep(compile, body->items[i].text);

        reasons->items[reasons->count] = text;
        reasons->folded[reasons->count++] = rp_text_fold(&compile->rules->arena, text);
    }
}

void rp_compile_reasons(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    const struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "reasons", &at))
        count++;
    rules->reasons = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_reasons, count + 1);
    at = 0;
    while ((declared = rp_compile_next(compile, "reasons", &at)) != NULL)
        compile_one(compile, declared, &rules->reasons[rules->reasons_count++]);
}

static struct rp_str message_of(struct rp_arena *arena, const struct rp_reasons *reasons,
                                struct rp_str given)
{
    enum { SHOWN = 60 };
    struct rp_buf out = {0};
    struct rp_str message;

    if (given.len == 0)
        rp_buf_printf(&out, "\"%.*s\" has no reason", RP_STR_ARG(reasons->event));
    else
        rp_buf_printf(&out, "\"%.*s\" is not a reason of \"%.*s\"",
                      (int)(given.len < SHOWN ? given.len : SHOWN), given.ptr,
                      RP_STR_ARG(reasons->event));
    rp_buf_text(&out, "; write one of these into properties.reason: ");
    for (uint32_t i = 0; i < reasons->count; i++)
        rp_buf_printf(&out, "%s%.*s", i ? ", " : "", RP_STR_ARG(reasons->items[i]));
    message = rp_arena_str(arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return message;
}

bool rp_rules_reason(const struct rp_rules *rules, struct rp_arena *arena,
                     const struct rp_event *event, struct rp_str *ret_message)
{
    const struct rp_reasons *reasons = NULL;
    const struct rp_prop *prop;
    struct rp_str given, folded;

    if (rules->reasons_count == 0 || event->type != RP_TRACK ||
        (event->flags & (RP_EVENT_PUBLIC | RP_EVENT_IMPORTED)))
        return true;
    for (uint32_t i = 0; i < rules->reasons_count && !reasons; i++) {
        if (rp_str_eq(rules->reasons[i].event, event->name))
            reasons = &rules->reasons[i];
    }
    if (!reasons || !reasons->required)
        return true;
    prop = rp_event_get(event, rp_path_of(RP_STR("properties.reason")));
    given = prop && prop->type == RP_STRING ? prop->text : RP_STR("");
    folded = rp_text_fold(arena, given);
    for (uint32_t i = 0; i < reasons->count; i++) {
        if (rp_str_eq(reasons->folded[i], folded))
            return true;
    }
    *ret_message = message_of(arena, reasons, given);
    return false;
}
