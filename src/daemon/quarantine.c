/* SPDX-License-Identifier: MIT */
/* An errand asks the core which rules keep failing; what it finds becomes one request to reload.
 * Each generation is asked about once with success: the next one is without the rule, or the
 * request failed for a reason that a repetition would not mend. */
#include "daemon/quarantine.h"

#include "base/mem.h"
#include "core/counts.h"

#include <stdlib.h>

enum { RULES_MAX = 16 };

struct rp_quarantine {
    struct rp_writer *writer;
    struct rp_reload *reload;
    struct rp_errand errand;
    struct rp_arena arena;
    struct rp_buf names, reason; /* what the errand found */
    uint32_t generation;         /* in which it was found */
    uint32_t asked;              /* the generation that was asked about */
    bool out;                    /* the errand is on its way */
};

/* Writer thread. */
static int find_failing(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct rp_quarantine *q = ctx;
    const struct rp_rules *rules = rp_core_active(core);
    uint32_t failing[RULES_MAX];
    uint32_t count = rp_core_rules_failing(core, failing, RULES_MAX);

    (void)err;
    q->generation = rules->number;
    for (uint32_t i = 0; i < count; i++) {
        struct rp_str why = rp_core_failing_reason(&q->arena, core, failing[i]);
        struct rp_str name = rules->scores[failing[i]].name;

        rp_buf_printf(&q->names, "%.*s\n", RP_STR_ARG(name));
        rp_buf_printf(&q->reason, "%s\"%.*s\" is out of action: %.*s",
                      q->reason.len > 0 ? "; " : "", RP_STR_ARG(name), RP_STR_ARG(why));
    }
    return 0;
}

static void on_found(struct rp_errand *errand)
{
    struct rp_quarantine *q = errand->ctx;
    struct rp_reload_ask ask = {.stored = true,
                                .generation = q->generation,
                                .force = true,
                                .disable = rp_buf_view(&q->names),
                                .reason = rp_buf_view(&q->reason),
                                .author = RP_STR("ripen")};

    q->out = false;
    if (q->names.len > 0 && q->asked != q->generation &&
        q->generation == rp_reload_active(q->reload)->number) {
        q->asked = q->generation;
        rp_reload_ask(q->reload, &ask);
    }
    rp_arena_reset(&q->arena);
}

struct rp_quarantine *rp_quarantine_new(struct rp_writer *writer, struct rp_reload *reload)
{
    struct rp_quarantine *q = rp_calloc(1, sizeof(*q));

    q->writer = writer;
    q->reload = reload;
    rp_arena_init(&q->arena);
    return q;
}

void rp_quarantine_look(struct rp_quarantine *q)
{
    if (q->out) {
        return;
    }
    q->out = true;
    rp_buf_reset(&q->names);
    rp_buf_reset(&q->reason);
    q->errand = (struct rp_errand){.run = find_failing, .done = on_found, .ctx = q};
    rp_writer_ask(q->writer, &q->errand);
}

void rp_quarantine_free(struct rp_quarantine *q)
{
    if (!q) {
        return;
    }
    rp_arena_fini(&q->arena);
    rp_buf_fini(&q->names);
    rp_buf_fini(&q->reason);
    free(q);
}
