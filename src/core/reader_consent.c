/* SPDX-License-Identifier: MIT */
/* What a lead agreed to, in its view, and the suppression list as people and scripts read it. */
#include "base/json_write.h"
#include "base/when.h"
#include "core/reader_priv.h"
#include "model/consent.h"
#include "store/suppressions.h"

int rp_view_load_suppressed(struct rp_reader *reader, struct rp_view *view, struct rp_err *err)
{
    enum rp_suppression reason;
    int found = 0;

    for (size_t i = 0; i < view->node_count && found == 0; i++) {
        if (view->nodes[i].kind == RP_NODE_EMAIL) {
            found = rp_suppression_find(reader->store, view->nodes[i].value, &reason, err);
        }
    }
    view->suppressed = found == 1 ? rp_suppression_name(reason) : NULL;
    return found < 0 ? found : 0;
}

void rp_view_consent_json(const struct rp_view *view, struct rp_jw *jw)
{
    struct rp_consent_entry entry;
    uint32_t at = 0;

    rp_jw_key(jw, "consent");
    rp_jw_object(jw);
    while (rp_consent_next(&view->lead, &at, &entry)) {
        rp_jw_key_str(jw, entry.purpose);
        rp_jw_object(jw);
        rp_jw_put_text(jw, "state", rp_consent_name(entry.consent));
        rp_jw_put_time(jw, "since", entry.at_ms);
        rp_jw_object_end(jw);
    }
    rp_jw_object_end(jw);
    rp_jw_key(jw, "suppressed");
    view->suppressed ? rp_jw_str(jw, rp_str_from(view->suppressed)) : rp_jw_null(jw);
}

void rp_view_consent_text(const struct rp_view *view, struct rp_buf *out)
{
    struct rp_consent_entry entry;
    struct rp_buf time = {0};
    uint32_t at = 0;

    while (rp_consent_next(&view->lead, &at, &entry)) {
        bool objected =
            rp_str_is(entry.purpose, RP_CONSENT_PROFILING) && entry.consent == RP_CONSENT_WITHDRAWN;

        rp_buf_reset(&time);
        rp_time_print(&time, entry.at_ms);
        rp_buf_printf(out, "  consent to %.*s: %s since %.10s%s\n", RP_STR_ARG(entry.purpose),
                      rp_consent_name(entry.consent), time.ptr,
                      objected ? "; events give no points since then" : "");
    }
    if (view->suppressed) {
        rp_buf_printf(out, "  suppressed: gets no e-mail (%s)\n", view->suppressed);
    }
    rp_buf_fini(&time);
}

/* ---- The list -------------------------------------------------------------------------------- */

static void row_json(const struct rp_suppression_row *row, struct rp_jw *jw)
{
    rp_jw_object(jw);
    row->address.len ? rp_jw_put_str(jw, "address", row->address)
                     : rp_jw_put_text(jw, "address", NULL);
    rp_jw_put_str(jw, "digest", row->digest);
    rp_jw_put_text(jw, "reason", rp_suppression_name(row->reason));
    rp_jw_put_str(jw, "source", row->source);
    rp_jw_put_time(jw, "at", row->at_ms);
    rp_jw_object_end(jw);
}

static void row_text(const struct rp_suppression_row *row, struct rp_buf *out)
{
    struct rp_buf time = {0};

    rp_time_print(&time, row->at_ms);
    rp_buf_printf(out, "%.10s  %-15s  %.*s%s%.*s\n", time.ptr, rp_suppression_name(row->reason),
                  RP_STR_ARG(row->address.len ? row->address : RP_STR("(forgotten)")),
                  row->source.len ? "  by " : "", RP_STR_ARG(row->source));
    rp_buf_fini(&time);
}

int rp_reader_suppressions(struct rp_reader *reader, size_t limit, enum rp_format format,
                           struct rp_buf *out, struct rp_err *err)
{
    struct rp_suppression_row *rows;
    struct rp_jw jw = rp_jw(out);
    size_t count = 0;
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        status = rp_suppression_list(&reader->arena, reader->store, limit, &rows, &count, err);
    }
    if (format == RP_FORMAT_JSON) {
        rp_jw_array(&jw);
    }
    for (size_t i = 0; i < count && status == 0; i++) {
        format == RP_FORMAT_JSON ? row_json(&rows[i], &jw) : row_text(&rows[i], out);
    }
    if (format == RP_FORMAT_JSON) {
        rp_jw_array_end(&jw);
        rp_buf_char(out, '\n');
    } else if (count == 0) {
        rp_buf_text(out, "nobody is suppressed\n");
    }
    return rp_reader_end(reader, status);
}
