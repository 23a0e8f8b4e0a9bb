/* SPDX-License-Identifier: MIT */
/* The CSV reader: bytes through a buffer, one record at a time into the caller's arena. Blank lines
 * are no records. A quote inside an unquoted field is a character like any other.
 *
 *   FIELD_START --quote--> QUOTED      FIELD_START --other--> PLAIN      QUOTED --quote--> QUOTE
 *   QUOTE --quote--> QUOTED (one '"')  QUOTE --delimiter, line end--> field done */
#include "base/csv.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

#define BUFFER_SIZE (64 * 1024)

enum { AT_END = -1, AT_ERROR = -2 };

struct rp_csv {
    rp_read_fn *read;
    void *ctx;
    size_t at, len;
    bool ended;
    char delimiter; /* 0 until the first line was looked at */
    int line;       /* being read */
    int record_line;
    struct rp_buf text; /* the record's fields, one behind the other */
    size_t *ends;       /* where each field ends in it */
    size_t count, cap;
    char bytes[BUFFER_SIZE];
};

struct rp_csv *rp_csv_new(rp_read_fn *read, void *ctx)
{
    struct rp_csv *csv = rp_malloc(sizeof(*csv));

    RP_ASSERT(read != NULL);
    memset(csv, 0, offsetof(struct rp_csv, bytes));
    csv->read = read;
    csv->ctx = ctx;
    csv->line = 1;
    return csv;
}

void rp_csv_free(struct rp_csv *csv)
{
    if (!csv)
        return;
    rp_buf_fini(&csv->text);
    free(csv->ends);
    free(csv);
}

int rp_csv_line(const struct rp_csv *csv)
{
    return csv->record_line;
}

/* Reads until the buffer is full or the stream ends. False on an error of the stream. */
static bool fill(struct rp_csv *csv)
{
    while (!csv->ended && csv->len < BUFFER_SIZE) {
        int64_t n = csv->read(csv->ctx, csv->bytes + csv->len, BUFFER_SIZE - csv->len);
        if (n < 0)
            return false;
        RP_ASSERT((uint64_t)n <= BUFFER_SIZE - csv->len);
        csv->len += (size_t)n;
        csv->ended = n == 0;
    }
    return true;
}

/* The next byte without taking it. */
static int peek(struct rp_csv *csv)
{
    if (csv->at == csv->len) {
        csv->at = csv->len = 0;
        if (!fill(csv))
            return AT_ERROR;
        if (csv->len == 0)
            return AT_END;
    }
    return (unsigned char)csv->bytes[csv->at];
}

/* Skips a byte-order mark and takes the most frequent delimiter of the first line. */
static bool start(struct rp_csv *csv)
{
    static const char delimiters[] = ",;\t";
    size_t counts[3] = {0}, best = 0;
    bool quoted = false;

    if (!fill(csv))
        return false;
    if (csv->len >= 3 && memcmp(csv->bytes, "\xef\xbb\xbf", 3) == 0)
        csv->at = 3;
    for (size_t i = csv->at; i < csv->len && (quoted || csv->bytes[i] != '\n'); i++) {
        if (csv->bytes[i] == '"')
            quoted = !quoted;
        for (size_t d = 0; d < RP_COUNT(counts); d++)
            counts[d] += !quoted && csv->bytes[i] == delimiters[d];
    }
    for (size_t d = 1; d < RP_COUNT(counts); d++) {
        if (counts[d] > counts[best])
            best = d;
    }
    csv->delimiter = delimiters[best];
    return true;
}

static void end_field(struct rp_csv *csv)
{
    csv->ends = rp_grow(csv->ends, &csv->cap, csv->count + 1, sizeof(*csv->ends));
    csv->ends[csv->count++] = csv->text.len;
}

/* Takes a line end when one is next: LF, CRLF or CR. */
static bool take_line_end(struct rp_csv *csv, int c)
{
    if (c != '\n' && c != '\r')
        return false;
    csv->at++;
    if (c == '\r' && peek(csv) == '\n')
        csv->at++;
    csv->line++;
    return true;
}

static int read_quoted(struct rp_csv *csv, struct rp_err *err)
{
    int opened = csv->line;

    csv->at++;
    for (;;) {
        int c = peek(csv);
        if (c == AT_ERROR)
            return rp_err_set(err, RIPEN_EIO, "the file could not be read on");
        if (c == AT_END)
            return rp_err_at(err, RIPEN_EINPUT, RP_STR(""), opened,
                             "the quote that opens on line %d is never closed", opened);
        csv->at++;
        if (c == '"') {
            if (peek(csv) != '"')
                break;
            csv->at++;
        }
        csv->line += c == '\n';
        rp_buf_char(&csv->text, (char)c);
        if (csv->text.len > RP_CSV_RECORD_MAX)
            return RIPEN_ELIMIT;
    }
    int c = peek(csv);
    if (c >= 0 && c != csv->delimiter && c != '\n' && c != '\r')
        return rp_err_at(err, RIPEN_EINPUT, RP_STR(""), csv->line,
                         "text behind a closing quote on line %d; a quote inside a quoted field is "
                         "written twice",
                         csv->line);
    return RIPEN_OK;
}

static int read_plain(struct rp_csv *csv, struct rp_err *err)
{
    for (;;) {
        int c = peek(csv);
        if (c == AT_ERROR)
            return rp_err_set(err, RIPEN_EIO, "the file could not be read on");
        if (c == AT_END || c == csv->delimiter || c == '\n' || c == '\r')
            return RIPEN_OK;
        csv->at++;
        rp_buf_char(&csv->text, (char)c);
        if (csv->text.len > RP_CSV_RECORD_MAX)
            return RIPEN_ELIMIT;
    }
}

/* Reads the fields of one record, which does not start at the end. */
static int read_record(struct rp_csv *csv, struct rp_err *err)
{
    csv->record_line = csv->line;
    csv->text.len = csv->count = 0;
    for (;;) {
        int rc = peek(csv) == '"' ? read_quoted(csv, err) : read_plain(csv, err);
        if (rc != RIPEN_OK)
            return rc;
        end_field(csv);
        int c = peek(csv);
        if (c == csv->delimiter)
            csv->at++;
        else if (c == AT_END || take_line_end(csv, c))
            return RIPEN_OK;
        else
            return rp_err_set(err, RIPEN_EIO, "the file could not be read on");
        if (csv->count >= RP_CSV_RECORD_MAX / 16)
            return RIPEN_ELIMIT;
    }
}

int rp_csv_next(struct rp_arena *arena, struct rp_csv *csv, struct rp_str **ret_fields,
                size_t *ret_count, struct rp_err *err)
{
    int c;

    if (csv->delimiter == 0 && !start(csv))
        return rp_err_set(err, RIPEN_EIO, "the file could not be read");
    do
        c = peek(csv);
    while (take_line_end(csv, c));
    if (c == AT_END)
        return 0;
    int rc = c == AT_ERROR ? rp_err_set(err, RIPEN_EIO, "the file could not be read on")
                           : read_record(csv, err);
    if (rc == RIPEN_ELIMIT)
        return rp_err_at(err, rc, RP_STR(""), csv->record_line,
                         "the record on line %d is larger than %d bytes; is a quote missing?",
                         csv->record_line, RP_CSV_RECORD_MAX);
    if (rc != RIPEN_OK)
        return rc;
    if (!rp_utf8_valid(rp_buf_view(&csv->text)))
        return rp_err_at(err, RIPEN_EINPUT, RP_STR(""), csv->record_line,
                         "line %d is not UTF-8; save the file as CSV UTF-8", csv->record_line);
    struct rp_str text = rp_arena_str(arena, rp_buf_view(&csv->text));
    struct rp_str *fields = RP_ARENA_ARRAY(arena, struct rp_str, csv->count);
    for (size_t i = 0, from = 0; i < csv->count; from = csv->ends[i++])
        fields[i] = (struct rp_str){text.ptr + from, csv->ends[i] - from};
    *ret_fields = fields;
    *ret_count = csv->count;
    return 1;
}
