/* SPDX-License-Identifier: MIT */
/* `ripen sequence list` and `show`: how many leads are where in each sequence, and what one lead is
 * in. Read from the file; what the active rules do not know is shown as paused. */
#include "core/reader_sequences.h"

#include "core/reader_priv.h"
#include "core/view_sequences.h"
#include "store/reports.h"

#include <string.h>

enum { PLACES_MAX = 2000 };

/* How many are somewhere, or ended in a way. */
struct place {
    struct rp_str sequence, step; /* step "": ended ones */
    enum rp_instance_state state;
    int64_t count;
};

struct listing {
    struct rp_arena *arena;
    struct place *places;
    size_t count;
};

static void take(void *ctx, const struct rp_sequence_count *count)
{
    struct listing *listing = ctx;

    if (listing->count < PLACES_MAX) {
        listing->places[listing->count++] =
            (struct place){count->sequence, count->step, count->state, count->count};
    }
}

static int read_places(struct rp_reader *reader, struct listing *listing, struct rp_err *err)
{
    int status;

    listing->places = RP_ARENA_ARRAY(&reader->arena, struct place, PLACES_MAX);
    status = rp_sequence_live_counts(reader->store, take, listing, err);
    return status == 0 ? rp_sequence_ended_counts(reader->store, take, listing, err) : status;
}

static struct rp_str state_of(const struct rp_reader *reader, const struct place *place,
                              struct rp_str *ret_reason)
{
    struct rp_sequence_shown shown =
        rp_sequence_shown(reader->rules, place->sequence, place->step, place->state, RP_STR(""));

    *ret_reason = shown.reason;
    return shown.state;
}

static void list_json(const struct rp_reader *reader, const struct listing *listing,
                      struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_array(&jw);
    for (size_t i = 0; i < listing->count; i++) {
        const struct place *place = &listing->places[i];
        struct rp_str reason, state = state_of(reader, place, &reason);

        rp_jw_object(&jw);
        rp_jw_put_str(&jw, "sequence", place->sequence);
        rp_jw_put_str(&jw, "state", state);
        place->step.len ? rp_jw_put_str(&jw, "step", place->step)
                        : rp_jw_put_text(&jw, "step", NULL);
        rp_jw_put_int(&jw, "leads", place->count);
        reason.len ? rp_jw_put_str(&jw, "reason", reason) : rp_jw_put_text(&jw, "reason", NULL);
        rp_jw_object_end(&jw);
    }
    rp_jw_array_end(&jw);
    rp_buf_char(out, '\n');
}

static void list_text(const struct rp_reader *reader, const struct listing *listing,
                      struct rp_buf *out)
{
    if (listing->count == 0) {
        rp_buf_text(out, reader->rules->sequence_count
                             ? "No lead is in a sequence yet.\n"
                             : "No lead is in a sequence, and the rules have none.\n");
        return;
    }
    rp_buf_printf(out, "%-20s  %-10s  %-20s  %9s\n", "sequence", "state", "step", "leads");
    for (size_t i = 0; i < listing->count; i++) {
        const struct place *place = &listing->places[i];
        struct rp_str reason, state = state_of(reader, place, &reason);

        rp_buf_printf(out, "%-20.*s  %-10.*s  %-20.*s  %9lld", RP_STR_ARG(place->sequence),
                      RP_STR_ARG(state), RP_STR_ARG(place->step), (long long)place->count);
        if (reason.len > 0) {
            rp_buf_printf(out, "  %.*s", RP_STR_ARG(reason));
        }
        rp_buf_char(out, '\n');
    }
}

int rp_reader_sequences(struct rp_reader *reader, enum rp_format format, struct rp_buf *out,
                        struct rp_err *err)
{
    struct listing listing = {0};
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        status = read_places(reader, &listing, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        list_json(reader, &listing, out);
    } else if (status == 0) {
        list_text(reader, &listing, out);
    }
    return rp_reader_end(reader, status);
}

int rp_reader_sequence(struct rp_reader *reader, struct rp_str lead, enum rp_format format,
                       struct rp_buf *out, struct rp_err *err)
{
    struct rp_view_sequences all = {0};
    int64_t id;
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        status = rp_lead_find(reader->store, lead, &id, err);
    }
    if (status == 0) {
        status = rp_view_load_sequences(reader, id, INT64_MAX, &all, err);
    }
    if (status == 0 && format == RP_FORMAT_JSON) {
        struct rp_jw jw = rp_jw(out);

        rp_view_put_sequences(reader->rules, &all, &jw);
        rp_buf_char(out, '\n');
    } else if (status == 0 && all.count == 0) {
        rp_buf_printf(out, "%.*s never was in a sequence.\n", RP_STR_ARG(lead));
    } else if (status == 0) {
        rp_view_text_sequences(reader->rules, &all, out);
    }
    return rp_reader_end(reader, status);
}
