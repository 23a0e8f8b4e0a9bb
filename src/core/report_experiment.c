/* SPDX-License-Identifier: MIT */
/* ripen report experiment NAME: which experiment, which period of it; then numbers, the word, and
 * the page. */
#include "core/report_experiment.h"

#include "base/mem.h"
#include "core/reader_priv.h"

#include <stdlib.h>

/* The newest of that name, one that runs before others. */
static int find(struct rp_reader *reader, struct rp_str name, struct rp_x_report *r,
                struct rp_err *err)
{
    struct rp_experiment_row *rows;
    const struct rp_experiment_row *found = NULL;
    size_t count;
    int status = rp_experiment_list(&reader->arena, reader->store, &rows, &count, err);

    for (size_t i = 0; status == 0 && i < count; i++) {
        if (rp_str_eq(rows[i].name, name) && (!found || found->state != RP_EXPERIMENT_RUNNING ||
                                              rows[i].state == RP_EXPERIMENT_RUNNING)) {
            found = &rows[i];
        }
    }
    if (status != 0) {
        return status;
    }
    if (!found && rp_rules_experiment(reader->rules, name) != RP_NONE) {
        return rp_err_set(err, RIPEN_ENOTFOUND,
                          "experiment \"%.*s\" was not started yet; `ripen experiment start %.*s` "
                          "does",
                          RP_STR_ARG(name), RP_STR_ARG(name));
    }
    if (!found) {
        return rp_err_set(err, RIPEN_ENOTFOUND,
                          "there is no experiment \"%.*s\"; `ripen experiment list` shows them",
                          RP_STR_ARG(name));
    }
    r->row = *found;
    return 0;
}

static int choose_period(struct rp_reader *reader, struct rp_x_report *r, struct rp_err *err)
{
    struct rp_period_row *rows;
    size_t count;
    int status = rp_period_list(&reader->arena, reader->store, r->row.id, &rows, &count, err);

    if (status != 0) {
        return status;
    }
    if (count == 0 || rp_x_def_parse(&reader->arena, r->row.definition, &r->def) != 0) {
        return rp_err_set(err, RIPEN_ESTORE,
                          "experiment \"%.*s\" cannot be read; restore the file from a backup",
                          RP_STR_ARG(r->row.name));
    }
    r->period = rows[count - 1];
    r->data.earlier_periods = count - 1;
    if (r->def.split && r->period.ended_ms != RP_NEVER && r->period.ended_ms < r->now_ms) {
        r->now_ms = r->period.ended_ms; /* behind it the arms do not act any more */
    }
    r->days = (double)((r->period.ended_ms == RP_NEVER ? r->now_ms : r->period.ended_ms) -
                       r->period.started_ms) /
              (double)RP_DAY;
    return 0;
}

int rp_report_experiment(struct rp_reader *reader, const struct rp_report_query *query,
                         enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    struct rp_x_report *r = rp_calloc(1, sizeof(*r));
    int status = rp_reader_begin(reader, err);

    r->arena = &reader->arena;
    r->query = query;
    r->now_ms = query->now_ms;
    if (status == 0 && query->name.len == 0) {
        status =
            rp_err_set(err, RIPEN_EINPUT, "which experiment? `ripen experiment list` shows them");
    }
    if (status == 0) {
        status = find(reader, query->name, r, err);
    }
    if (status == 0) {
        status = choose_period(reader, r, err);
    }
    if (status == 0) {
        status = rp_x_read(reader->store, r, err);
    }
    if (status == 0) {
        rp_x_split(r);
        rp_x_cuped(r);
        rp_x_shadow(r);
        rp_x_decide(r);
        rp_x_print(r, format, out);
    }
    rp_x_data_fini(&r->data);
    free(r);
    return rp_reader_end(reader, status);
}
