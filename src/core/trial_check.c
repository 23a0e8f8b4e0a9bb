/* SPDX-License-Identifier: MIT */
/* Compares what is expected with what is. Tables are partial unless they are exactly {…}; every
 * difference becomes one failure with both values as people read them. Changes nothing. */
#include "base/hash.h"
#include "base/num.h"
#include "core/trial_priv.h"

static struct rp_str quoted(struct rp_playing *p, struct rp_str text)
{
    if (text.ptr == NULL)
        return RP_STR("unknown");
    return rp_arena_printf(&p->result->arena, "\"%.*s\"", RP_STR_ARG(text));
}

static struct rp_str milli_text(struct rp_playing *p, int64_t milli)
{
    struct rp_buf out = {0};
    struct rp_str text;

    rp_milli_print(&out, milli);
    text = rp_arena_str(&p->result->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    return text;
}

static struct rp_str times_text(struct rp_playing *p, uint32_t count)
{
    if (count == 0)
        return RP_STR("never");
    return rp_arena_printf(&p->result->arena, "%u time%s", count, count == 1 ? "" : "s");
}

void rp_trial_fail(struct rp_playing *p, struct rp_place place, int64_t after_ms,
                   struct rp_str what, struct rp_str expected, struct rp_str actual)
{
    struct rp_trial_test *out = p->out;
    struct rp_arena *arena = &p->result->arena;
    struct rp_buf moment = {0};

    if (out->failure_count == p->failure_cap) {
        size_t cap = p->failure_cap ? p->failure_cap * 2 : 4;
        struct rp_trial_failure *wider = RP_ARENA_ARRAY(arena, struct rp_trial_failure, cap);

        if (out->failure_count > 0)
            memcpy(wider, out->failures, out->failure_count * sizeof(*wider));
        out->failures = wider;
        p->failure_cap = cap;
    }
    rp_duration_print(&moment, after_ms);
    out->failures[out->failure_count++] =
        (struct rp_trial_failure){.file = rp_arena_str(arena, p->rules.sources[place.file].path),
                                  .line = place.line,
                                  .what = rp_arena_str(arena, what),
                                  .expected = rp_arena_str(arena, expected),
                                  .actual = rp_arena_str(arena, actual),
                                  .moment = rp_arena_str(arena, rp_buf_view(&moment))};
    out->ok = false;
    rp_buf_fini(&moment);
}

/* ---- One value ------------------------------------------------------------------------------- */

static void check_text(struct rp_playing *p, const struct rp_test_moment *moment,
                       const struct rp_expect *expect, struct rp_look *look, struct rp_str actual)
{
    if (!rp_test_text_holds(&look->view.fold, &expect->match, actual))
        rp_trial_fail(p, expect->place, moment->after_ms, expect->name, expect->text,
                      quoted(p, actual));
}

static struct rp_str stage_of(const struct rp_look *look)
{
    struct rp_str stage = rp_view_stage(&look->view);

    return stage.len ? stage : (struct rp_str){0};
}

static struct rp_str status_of(const struct rp_playing *p, const struct rp_look *look)
{
    struct rp_str status = rp_status_name(&p->rules, &look->view.lead);

    return status.len ? status : (struct rp_str){0};
}

static struct rp_str because_of(const struct rp_look *look)
{
    size_t count = look->view.move_count;

    return count > look->first_move ? look->view.moves[count - 1].because : (struct rp_str){0};
}

static void check_score(struct rp_playing *p, const struct rp_test_moment *moment,
                        const struct rp_expect *expect, struct rp_look *look)
{
    struct rp_view *view = &look->view;
    int64_t value = rp_lead_score(&view->fold, &view->lead, p->test->model, expect->dim, p->now_ms);

    if (!rp_test_milli_holds(&view->fold, &expect->match, value))
        rp_trial_fail(p, expect->place, moment->after_ms, expect->name, expect->text,
                      milli_text(p, value));
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static void fail_entry(struct rp_playing *p, const struct rp_test_moment *moment,
                       const struct rp_expect *expect, const struct rp_expect_entry *entry,
                       struct rp_str expected, struct rp_str actual)
{
    struct rp_str what = rp_arena_printf(&p->result->arena, "%.*s %.*s", RP_STR_ARG(expect->name),
                                         RP_STR_ARG(entry->name));

    rp_trial_fail(p, entry->place, moment->after_ms, what, expected, actual);
}

static void check_count(struct rp_playing *p, const struct rp_test_moment *moment,
                        const struct rp_expect *expect, const struct rp_expect_entry *entry,
                        struct rp_look *look, uint32_t count)
{
    bool never = expect->op == RP_EXPECT_NOT_FIRED || expect->op == RP_EXPECT_NOT_SENT;
    bool holds;

    if (never)
        holds = count == 0;
    else if (entry->once_at_least)
        holds = count > 0;
    else
        holds = rp_test_milli_holds(&look->view.fold, &entry->match, (int64_t)count * RP_MILLI);
    if (!holds)
        fail_entry(p, moment, expect, entry,
                   never                  ? RP_STR("never")
                   : entry->once_at_least ? RP_STR("at least once")
                                          : entry->text,
                   times_text(p, count));
}

static bool has_entry(const struct rp_expect *expect, uint32_t index)
{
    for (uint32_t i = 0; i < expect->entry_count; i++)
        if (expect->entries[i].index == index)
            return true;
    return false;
}

static void check_counts(struct rp_playing *p, const struct rp_test_moment *moment,
                         const struct rp_expect *expect, struct rp_look *look)
{
    bool rules = expect->op == RP_EXPECT_FIRED || expect->op == RP_EXPECT_NOT_FIRED;
    const uint32_t *counts = rules ? look->fired : look->sent;
    uint32_t total = rules ? p->rules.score_count : p->rules.action_count;

    for (uint32_t i = 0; i < expect->entry_count; i++)
        check_count(p, moment, expect, &expect->entries[i], look, counts[expect->entries[i].index]);
    for (uint32_t i = 0; expect->exactly && i < total; i++) {
        struct rp_expect_entry other = {.name = rules ? p->rules.scores[i].name
                                                      : p->rules.actions[i].name,
                                        .place = expect->place};

        if (counts[i] > 0 && !has_entry(expect, i))
            fail_entry(p, moment, expect, &other, RP_STR("never (exactly)"),
                       times_text(p, counts[i]));
    }
}

static void check_started(struct rp_playing *p, const struct rp_test_moment *moment,
                          const struct rp_expect *expect, const struct rp_look *look)
{
    const struct rp_view_sequences *all = &look->view.sequences;

    for (uint32_t i = 0; i < expect->entry_count; i++) {
        bool started = false;

        for (size_t q = 0; q < all->count; q++)
            started |= rp_str_eq(all->rows[q].sequence, expect->entries[i].name);
        if (!started)
            fail_entry(p, moment, expect, &expect->entries[i], RP_STR("started"),
                       RP_STR("not started"));
    }
}

/* The raw value of a trait that no rule reads: of the last identify that brings it. */
static struct rp_str raw_trait(const struct rp_look *look, struct rp_str key)
{
    struct rp_buf path = {0};
    struct rp_str found = {0};

    rp_buf_text(&path, "traits.");
    rp_buf_str(&path, key);
    for (size_t i = look->view.history.count; i-- > 0 && found.ptr == NULL;) {
        const struct rp_event *event = &look->view.history.events[i];
        const struct rp_prop *prop =
            event->type == RP_IDENTIFY ? rp_event_get(event, rp_path_of(rp_buf_view(&path))) : NULL;

        if (prop && prop->type != RP_OBJECT && prop->type != RP_ARRAY)
            found = prop->text;
    }
    rp_buf_fini(&path);
    return found;
}

static void check_traits(struct rp_playing *p, const struct rp_test_moment *moment,
                         const struct rp_expect *expect, struct rp_look *look)
{
    struct rp_view *view = &look->view;

    for (uint32_t i = 0; i < expect->entry_count; i++) {
        const struct rp_expect_entry *entry = &expect->entries[i];
        struct rp_str actual = {0};

        if (!rp_test_trait(&view->fold, &view->lead, entry->name, p->now_ms, &actual))
            actual = raw_trait(look, entry->name);
        if (!rp_test_text_holds(&view->fold, &entry->match, actual))
            fail_entry(p, moment, expect, entry, entry->text, quoted(p, actual));
    }
}

static void check_by(struct rp_playing *p, const struct rp_test_moment *moment,
                     const struct rp_expect *expect, struct rp_look *look)
{
    struct rp_view *view = &look->view;

    for (uint32_t i = 0; i < expect->entry_count; i++) {
        const struct rp_expect_entry *entry = &expect->entries[i];

        if (rp_str_is(entry->name, "top")) {
            struct rp_str top = rp_test_top(&view->fold, &view->lead, expect->dim, p->now_ms);

            if (!rp_test_text_holds(&view->fold, &entry->match, top))
                fail_entry(p, moment, expect, entry, entry->text, quoted(p, top));
        } else {
            int64_t value =
                rp_test_by(&view->fold, &view->lead, expect->dim, entry->name, p->now_ms);

            if (!rp_test_milli_holds(&view->fold, &entry->match, value))
                fail_entry(p, moment, expect, entry, entry->text, milli_text(p, value));
        }
    }
}

/* ---- expect {…} ------------------------------------------------------------------------------ */

static void check_one(struct rp_playing *p, const struct rp_test_moment *moment,
                      const struct rp_expect *expect, struct rp_look *look)
{
    switch (expect->op) {
    case RP_EXPECT_STAGE:
        check_text(p, moment, expect, look, stage_of(look));
        return;
    case RP_EXPECT_STATUS:
        check_text(p, moment, expect, look, status_of(p, look));
        return;
    case RP_EXPECT_OWNER: {
        struct rp_str owner = rp_view_owner(&look->view);

        check_text(p, moment, expect, look, owner.len ? owner : (struct rp_str){0});
        return;
    }
    case RP_EXPECT_GRADE:
        check_text(p, moment, expect, look,
                   rp_lead_grade(&look->view.fold, &look->view.lead, p->test->model, p->now_ms));
        return;
    case RP_EXPECT_BECAUSE:
        check_text(p, moment, expect, look, because_of(look));
        return;
    case RP_EXPECT_DIMENSION:
        check_score(p, moment, expect, look);
        return;
    case RP_EXPECT_FIRED:
    case RP_EXPECT_NOT_FIRED:
    case RP_EXPECT_SENT:
    case RP_EXPECT_NOT_SENT:
        check_counts(p, moment, expect, look);
        return;
    case RP_EXPECT_STARTED:
        check_started(p, moment, expect, look);
        return;
    case RP_EXPECT_TRAITS:
        check_traits(p, moment, expect, look);
        return;
    case RP_EXPECT_BY:
        check_by(p, moment, expect, look);
        return;
    }
    RP_UNREACHABLE();
}

void rp_trial_check(struct rp_playing *p, const struct rp_test_moment *moment, struct rp_look *look)
{
    if (look == NULL) {
        rp_trial_fail(p, moment->place, moment->after_ms, RP_STR("expect"), RP_STR("a lead"),
                      RP_STR("nobody yet: play an event, or give a lead"));
        return;
    }
    for (uint32_t i = 0; i < moment->expect_count; i++)
        check_one(p, moment, &moment->expects[i], look);
}
