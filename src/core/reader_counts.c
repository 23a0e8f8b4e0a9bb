/* SPDX-License-Identifier: MIT */
/* A row for each score rule; rules that nothing asked yet have zeros. */
#include "core/reader_counts.h"

#include "core/reader_priv.h"
#include "store/rule_counts.h"

#include <inttypes.h>

static struct rp_rule_count count_of(const struct rp_rule_count_row *rows, size_t count,
                                     struct rp_str rule)
{
    for (size_t low = 0, high = count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = rp_str_cmp(rows[middle].rule, rule);

        if (order == 0) {
            return rows[middle].count;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return (struct rp_rule_count){0};
}

static const char *state_of(const struct rp_score *score)
{
    return score->disabled   ? "out of action"
           : !score->enabled ? "off"
           : score->shadow   ? "shadow"
                             : "on";
}

static void put(struct rp_jw *jw, const char *key, uint64_t number)
{
    rp_jw_put_int(jw, key, (int64_t)number);
}

static void put_json(const struct rp_score *score, const struct rp_rule_count *count,
                     struct rp_jw *jw)
{
    rp_jw_object(jw);
    rp_jw_put_str(jw, "rule", score->name);
    rp_jw_put_text(jw, "state", state_of(score));
    put(jw, "runs", count->runs);
    put(jw, "matches", count->hits);
    put(jw, "granted", count->granted);
    put(jw, "tests", count->tests);
    put(jw, "failures", count->faults);
    put(jw, "steps", count->steps);
    put(jw, "microseconds", count->test_ns / 1000);
    rp_jw_object_end(jw);
}

static void put_text(const struct rp_score *score, const struct rp_rule_count *count,
                     struct rp_buf *out)
{
    rp_buf_printf(out, "%-32.*s %-13s %10" PRIu64 " %10" PRIu64 " %10" PRIu64,
                  RP_STR_ARG(score->name), state_of(score), count->runs, count->hits,
                  count->granted);
    if (count->tests > 0) {
        rp_buf_printf(out, " %9" PRIu64 " %10" PRIu64 " %8.1f", count->faults,
                      count->steps / count->tests,
                      (double)count->test_ns / 1000 / (double)count->tests);
    }
    rp_buf_char(out, '\n');
}

int rp_reader_rule_counts(struct rp_reader *reader, enum rp_format format, struct rp_buf *out,
                          struct rp_err *err)
{
    struct rp_rule_count_row *rows = NULL;
    struct rp_jw jw = rp_jw(out);
    size_t count = 0;
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        status = rp_rule_count_list(&reader->arena, reader->store, &rows, &count, err);
    }
    if (status != 0) {
        return rp_reader_end(reader, status);
    }
    if (format == RP_FORMAT_JSON) {
        rp_jw_array(&jw);
    } else {
        rp_buf_printf(out, "%-32s %-13s %10s %10s %10s %9s %10s %9s\n", "rule", "state", "asked",
                      "matched", "gave", "failed", "steps/run", "µs/run");
    }
    for (uint32_t i = 0; i < reader->rules->score_count; i++) {
        const struct rp_score *score = &reader->rules->scores[i];
        struct rp_rule_count one = count_of(rows, count, score->name);

        if (format == RP_FORMAT_JSON) {
            put_json(score, &one, &jw);
        } else {
            put_text(score, &one, out);
        }
    }
    if (format == RP_FORMAT_JSON) {
        rp_jw_array_end(&jw);
    }
    return rp_reader_end(reader, 0);
}
