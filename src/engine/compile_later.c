/* SPDX-License-Identifier: MIT */
/* Declarations that are read and checked, and act with a later part of Ripen: sequences and
 * experiments. Their conditions, texts and references are compiled into nothing, so that mistakes
 * show. */
#include "engine/compile.h"

static void check_step_names(struct rp_compile *compile, const struct rp_node *steps)
{
    struct rp_map names = {0};

    for (uint32_t i = 0; i < steps->item_count; i++) {
        const struct rp_node *name = &steps->items[i].items[0];

        if (rp_map_get(&names, name->text) != RP_MAP_NONE)
            rp_compile_report(compile, RP_CODE_DUPLICATE_NAME, steps->items[i].place,
                              rp_node_width(&steps->items[i]), RP_STR("rename one of them"),
                              "%.*s has two steps \"%.*s\"", RP_STR_ARG(compile->what),
                              RP_STR_ARG(name->text));
        rp_map_put(compile->arena, &names, name->text, i);
    }
}

static void need_step(struct rp_compile *compile, const struct rp_node *steps,
                      const struct rp_node *name)
{
    struct rp_guess guess;

    if (name == NULL || name->type != RP_NODE_TEXT)
        return;
    guess = rp_guess(name->text);
    for (uint32_t i = 0; i < steps->item_count; i++) {
        if (rp_str_eq(steps->items[i].items[0].text, name->text))
            return;
        rp_guess_offer(&guess, steps->items[i].items[0].text);
    }
    rp_compile_report(compile, RP_CODE_NO_STEP, name->place, rp_node_width(name),
                      rp_guess_hint(compile->arena, &guess), "%.*s has no step \"%.*s\"",
                      RP_STR_ARG(compile->what), RP_STR_ARG(name->text));
}

static void check_text(struct rp_compile *compile, const struct rp_node *node)
{
    struct rp_template scratch;

    if (node && node->type == RP_NODE_TEXT)
        rp_compile_template(compile, node, &scratch);
}

/* Texts with placeholders, conditions and jumps of one element of a step. */
static void check_part(struct rp_compile *compile, const struct rp_node *steps,
                       const struct rp_node *part)
{
    static const char *const texts[] = {"subject", "note", "text", "from", "reply_to"};
    const struct rp_node *fields = part->item_count > 0 ? &part->items[0] : NULL;

    if (rp_node_is_call(part, "branch")) {
        for (uint32_t i = 0; i < fields->item_count; i++) {
            (void)rp_compile_cond(compile, rp_node_get(&fields->items[i], "when"), RP_BARE_EVENT);
            need_step(compile, steps, rp_node_get(&fields->items[i], "go"));
        }
        need_step(compile, steps, rp_node_get(fields, "otherwise"));
        return;
    }
    if (rp_node_is_call(part, "wait_until")) {
        (void)rp_compile_cond(compile, &fields->items[0], RP_BARE_EVENT);
        return;
    }
    if (fields == NULL || fields->type != RP_NODE_TABLE)
        return;
    for (size_t i = 0; i < RP_COUNT(texts); i++)
        check_text(compile, rp_node_get(fields, texts[i]));
    (void)rp_compile_cond(compile, rp_node_get(fields, "unless"), RP_BARE_EVENT);
}

static void check_sequences(struct rp_compile *compile)
{
    struct rp_declared *declared;
    uint32_t at = 0;

    while ((declared = rp_compile_next(compile, "sequence", &at)) != NULL) {
        const struct rp_node *steps = rp_node_get(&declared->body, "steps");

        check_step_names(compile, steps);
        for (uint32_t i = 0; i < steps->item_count; i++)
            for (uint32_t j = 0; j < steps->items[i].items[1].item_count; j++)
                check_part(compile, steps, &steps->items[i].items[1].items[j]);
    }
}

static void check_models(struct rp_compile *compile)
{
    struct rp_declared *declared;
    uint32_t at = 0;

    while ((declared = rp_compile_next(compile, "model", &at)) != NULL) {
        const struct rp_node *like = rp_node_get(&declared->body, "like");

        if (like && rp_str_eq(like->text, declared->name))
            rp_compile_report(compile, RP_CODE_SELF, like->place, rp_node_width(like),
                              RP_STR("name another model"), "%.*s is like itself",
                              RP_STR_ARG(compile->what));
    }
}

void rp_compile_later(struct rp_compile *compile)
{
    check_sequences(compile);
    check_models(compile);
}
