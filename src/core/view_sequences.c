/* SPDX-License-Identifier: MIT */
/* The sequences of a lead, as text and as JSON: where each stands and which steps it came to. A
 * running one whose step the rules do not have is shown as paused, with the reason: it rests. */
#include "core/view_sequences.h"

#include "core/reader_priv.h"

static const struct rp_sequence *sequence_named(const struct rp_rules *rules, struct rp_str name)
{
    uint32_t index = rp_rules_sequence(rules, name);

    return index == RP_NONE ? NULL : &rules->sequences[index];
}

static bool has_step(const struct rp_sequence *sequence, struct rp_str step)
{
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        if (rp_str_eq(sequence->steps[i].name, step)) {
            return true;
        }
    }
    return false;
}

struct rp_sequence_shown rp_sequence_shown(const struct rp_rules *rules, struct rp_str name,
                                           struct rp_str step, enum rp_instance_state state,
                                           struct rp_str reason)
{
    const struct rp_sequence *sequence = sequence_named(rules, name);
    struct rp_sequence_shown shown = {rp_str_from(rp_instance_state_name(state)), reason, false};

    if (!rp_instance_is_live(state)) {
        return shown;
    }
    shown.stuck = !sequence || !has_step(sequence, step);
    if (shown.stuck) {
        shown.state = RP_STR("paused");
        shown.reason = sequence ? RP_STR("the rules do not have this step any more")
                                : RP_STR("the rules do not have this sequence any more");
    }
    return shown;
}

int rp_view_load_sequences(struct rp_reader *reader, int64_t lead, int64_t at_ms,
                           struct rp_view_sequences *ret_sequences, struct rp_err *err)
{
    struct rp_view_sequences *all = ret_sequences;
    int status =
        rp_sequence_list(&reader->arena, reader->store, lead, &all->rows, &all->count, err);

    if (status == 0 && all->count > 0) {
        status = rp_sequence_steps(&reader->arena, reader->store, lead, &all->steps,
                                   &all->step_count, err);
    }
    while (status == 0 && all->count > 0 && all->rows[all->count - 1].in.started_ms > at_ms) {
        all->count--;
    }
    while (status == 0 && all->step_count > 0 && all->steps[all->step_count - 1].at_ms > at_ms) {
        all->step_count--;
    }
    return status;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_steps(const struct rp_view_sequences *all, const struct rp_sequence_row *row,
                      struct rp_jw *jw)
{
    rp_jw_key(jw, "steps");
    rp_jw_array(jw);
    for (size_t i = 0; i < all->step_count; i++) {
        if (all->steps[i].instance != row->id) {
            continue;
        }
        rp_jw_object(jw);
        rp_jw_put_str(jw, "step", all->steps[i].step);
        rp_jw_put_time(jw, "at", all->steps[i].at_ms);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

void rp_view_put_sequences(const struct rp_rules *rules, const struct rp_view_sequences *all,
                           struct rp_jw *jw)
{
    rp_jw_array(jw);
    for (size_t i = 0; i < all->count; i++) {
        const struct rp_sequence_row *row = &all->rows[i];
        bool live = rp_instance_is_live(row->in.state);
        struct rp_sequence_shown shown = rp_sequence_shown(
            rules, row->sequence, row->step, (enum rp_instance_state)row->in.state, row->reason);

        rp_jw_object(jw);
        rp_jw_put_str(jw, "sequence", row->sequence);
        rp_jw_put_int(jw, "number", row->in.number);
        rp_jw_put_str(jw, "state", shown.state);
        rp_jw_put_str(jw, "step", row->step);
        rp_jw_put_str(jw, "startedBy", row->started_by);
        rp_jw_put_time(jw, "started", row->in.started_ms);
        rp_jw_put_time(jw, "due", live && row->in.due_ms ? row->in.due_ms : RP_NEVER);
        rp_jw_put_time(jw, "ended", live ? RP_NEVER : row->in.entered_ms);
        rp_jw_put_known(jw, "reason", shown.reason);
        put_steps(all, row, jw);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* "2026-03-02 09:00" */
static void time_minutes(struct rp_buf *out, int64_t ms)
{
    struct rp_buf text = {0};

    rp_time_print(&text, ms);
    rp_buf_printf(out, "%.10s %.5s", text.ptr, text.ptr + 11);
    rp_buf_fini(&text);
}

static void text_state(const struct rp_sequence_row *row, const struct rp_sequence_shown *shown,
                       struct rp_buf *out)
{
    static const char *const waits[] = {"", "until", "for something, at most until",
                                        "for the hours in which it may send, until"};

    rp_buf_printf(out, "  %.*s", RP_STR_ARG(shown->state));
    if (rp_instance_is_live(row->in.state)) {
        rp_buf_printf(out, " at %.*s", RP_STR_ARG(row->step));
    } else {
        rp_buf_char(out, ' ');
        time_minutes(out, row->in.entered_ms);
    }
    if (shown->reason.len > 0) {
        rp_buf_printf(out, ": %.*s", RP_STR_ARG(shown->reason));
    } else if (row->in.state == RP_INSTANCE_RUNNING && row->in.due_ms) {
        rp_buf_printf(out, ", waits %s ", waits[row->in.waits]);
        time_minutes(out, row->in.due_ms);
    } else if (row->in.state == RP_INSTANCE_RUNNING && row->in.waits == RP_WAIT_UNTIL) {
        rp_buf_text(out, ", waits for something");
    }
    rp_buf_char(out, '\n');
}

void rp_view_text_sequences(const struct rp_rules *rules, const struct rp_view_sequences *all,
                            struct rp_buf *out)
{
    rp_buf_text(out, all->count ? "\nSequences\n" : "");
    for (size_t i = 0; i < all->count; i++) {
        const struct rp_sequence_row *row = &all->rows[i];
        struct rp_sequence_shown shown = rp_sequence_shown(
            rules, row->sequence, row->step, (enum rp_instance_state)row->in.state, row->reason);

        rp_buf_text(out, "  ");
        time_minutes(out, row->in.started_ms);
        rp_buf_printf(out, "  %.*s", RP_STR_ARG(row->sequence));
        if (row->in.number > 1) {
            rp_buf_printf(out, " (%u)", row->in.number);
        }
        text_state(row, &shown, out);
        if (row->started_by.len > 0) {
            rp_buf_printf(out, "                      started by %.*s\n",
                          RP_STR_ARG(row->started_by));
        }
        for (size_t s = 0; s < all->step_count; s++) {
            if (all->steps[s].instance == row->id) {
                rp_buf_text(out, "    ");
                time_minutes(out, all->steps[s].at_ms);
                rp_buf_printf(out, "  %.*s\n", RP_STR_ARG(all->steps[s].step));
            }
        }
    }
}
