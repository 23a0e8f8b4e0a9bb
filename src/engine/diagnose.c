/* SPDX-License-Identifier: MIT */
/* The table of codes and the collector of findings, and their two printed forms. Knows places and
 * texts; knows neither Lua nor what a rule means. Invariant: a finding is complete when it is
 * added; at most `max` errors and `max` warnings are kept after sorting, the rest is counted in
 * `more`. */
#include "engine/diagnose.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT_MAX 2000 /* gathered before sorting; more can only come from a generated directory */

#define LINE_MAX_SHOWN 240  /* bytes of a source line */
#define LINE_MIN_SHOWN 40   /* also in a terminal that has hardly any columns */
#define ROOM_AROUND    10   /* columns: the gutter and two … */
#define LINE_MAX_KEPT  4000 /* longer ones are no reading, in JSON */
#define GUESSES_MAX    200  /* by name, each among all names */

#define RP_CODE_ROW(name, code, title, cause, remedy)                                              \
    [RP_CODE_##name] = {code, title, cause, remedy,                                                \
                        (code)[0] == 'E' ? RP_SEVERITY_ERROR : RP_SEVERITY_WARNING},
static const struct rp_code_info codes[RP_CODE_COUNT] = {RP_CODE_MAP(RP_CODE_ROW)};

const struct rp_code_info *rp_code_info(enum rp_code code)
{
    RP_ASSERT((unsigned)code < RP_CODE_COUNT);
    return &codes[code];
}

static struct rp_str format(struct rp_arena *arena, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static struct rp_str format(struct rp_arena *arena, const char *fmt, va_list args)
{
    char text[1024];
    int len = vsnprintf(text, sizeof text, fmt, args);

    if (len < 0)
        len = 0;
    if ((size_t)len >= sizeof text)
        len = sizeof text - 1;
    return rp_arena_str(arena, (struct rp_str){text, (size_t)len});
}

/* Without a better place, the caret stands where the line begins; 0: it is empty. */
static int first_column(struct rp_str line)
{
    size_t blank = 0;

    while (blank < line.len && (line.ptr[blank] == ' ' || line.ptr[blank] == '\t'))
        blank++;
    return blank < line.len ? (int)blank + 1 : 0;
}

void rp_diagnose(struct rp_diagnosis *diagnosis, enum rp_code code, struct rp_place place,
                 int width, struct rp_str hint, const char *fmt, ...)
{
    struct rp_findings *findings = diagnosis->findings;
    const struct rp_code_info *info = rp_code_info(code);
    struct rp_finding *finding;
    va_list args;

    if (info->severity == RP_SEVERITY_ERROR)
        findings->errors++;
    else
        findings->warnings++;
    if (findings->count >= KEPT_MAX) {
        findings->more++;
        return;
    }
    if (findings->count == findings->cap) {
        size_t cap = findings->cap ? findings->cap * 2 : 16;
        struct rp_finding *wider = RP_ARENA_ARRAY(diagnosis->arena, struct rp_finding, cap);

        if (findings->count > 0)
            memcpy(wider, findings->items, findings->count * sizeof *wider);
        findings->items = wider;
        findings->cap = cap;
    }
    finding = &findings->items[findings->count++];
    *finding = (struct rp_finding){.code = rp_str_from(info->code),
                                   .severity = info->severity,
                                   .line = place.line,
                                   .column = place.column,
                                   .hint = hint.len > 0 ? rp_arena_str(diagnosis->arena, hint)
                                                        : rp_str_from(info->remedy),
                                   .width = width > 0 ? width : 1};
    if (place.file < diagnosis->files->count) {
        const struct rp_source *source = &diagnosis->files->items[place.file];

        finding->file = rp_arena_str(diagnosis->arena, source->path);
        finding->source = rp_arena_str(diagnosis->arena, rp_source_line(source->text, place.line));
        if (finding->column == 0)
            finding->column = first_column(finding->source);
    }
    va_start(args, fmt);
    finding->message = format(diagnosis->arena, fmt, args);
    va_end(args);
}

/* ---- Did you mean ---------------------------------------------------------------------------- */

struct rp_guess rp_guess(struct rp_str wanted)
{
    int max = (int)(wanted.len / 3);

    return (struct rp_guess){.wanted = wanted, .distance = (max > 3 ? 3 : max < 1 ? 1 : max) + 1};
}

bool rp_guess_pays(const struct rp_diagnosis *diagnosis)
{
    return diagnosis->findings->errors < GUESSES_MAX;
}

void rp_guess_offer(struct rp_guess *guess, struct rp_str name)
{
    int distance = rp_text_distance(guess->wanted, name, guess->distance - 1);

    if (distance < guess->distance) {
        guess->distance = distance;
        guess->best = name;
    }
}

struct rp_str rp_guess_hint(struct rp_arena *arena, const struct rp_guess *guess)
{
    if (guess->best.len == 0)
        return RP_STR("");
    return rp_arena_printf(arena, "did you mean '%.*s'?", RP_STR_ARG(guess->best));
}

/* ---- Order ----------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    const struct rp_finding *a = left, *b = right;
    int order = rp_str_cmp(a->file, b->file);

    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    if (order == 0)
        order = (a->column > b->column) - (a->column < b->column);
    if (order == 0)
        order = rp_str_cmp(a->code, b->code);
    return order != 0 ? order : rp_str_cmp(a->message, b->message);
}

static void uncount(struct rp_findings *findings, const struct rp_finding *finding)
{
    if (finding->severity == RP_SEVERITY_ERROR)
        findings->errors--;
    else
        findings->warnings--;
}

void rp_findings_sort(struct rp_findings *findings)
{
    size_t kept = 0, errors = 0, warnings = 0;
    size_t max = findings->max > 0 ? findings->max : RP_FINDINGS_MAX;

    if (findings->count > 1)
        qsort(findings->items, findings->count, sizeof *findings->items, compare);
    for (size_t i = 0; i < findings->count; i++) {
        struct rp_finding *finding = &findings->items[i];
        bool error = finding->severity == RP_SEVERITY_ERROR;

        if (kept > 0 && compare(&findings->items[kept - 1], finding) == 0) {
            uncount(findings, finding);
            continue;
        }
        if ((error ? errors : warnings) == max) {
            findings->more++;
            continue;
        }
        errors += error;
        warnings += !error;
        findings->items[kept++] = *finding;
    }
    findings->count = kept;
}

/* ---- Printing -------------------------------------------------------------------------------- */

/* The part of a long line around the caret. */
struct shown {
    struct rp_str text;
    int column; /* in it */
    bool cut_before, cut_behind;
};

static bool is_inside(struct rp_str text, size_t at)
{
    return at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80;
}

static struct shown shown_of(const struct rp_finding *finding, size_t most)
{
    struct rp_str line = finding->source;
    struct shown shown = {.text = line, .column = finding->column};
    size_t at = 0, start, end;
    int column = 1;

    if (line.len <= most)
        return shown;
    for (; at < line.len && column < finding->column; at++)
        column += !is_inside(line, at + 1);
    start = at > most / 2 ? at - most / 2 : 0;
    if (start > line.len - most)
        start = line.len - most;
    end = line.len - start > most ? start + most : line.len;
    while (is_inside(line, start))
        start++;
    while (is_inside(line, end))
        end++;
    shown.text = (struct rp_str){line.ptr + start, end - start};
    shown.cut_before = start > 0;
    shown.cut_behind = end < line.len;
    if (finding->column > 0) {
        shown.column = 1 + shown.cut_before;
        for (size_t i = start; i < at; i++)
            shown.column += !is_inside(line, i);
    }
    return shown;
}

static void print_caret(struct rp_buf *out, const struct shown *shown, int width, int gutter)
{
    int at = 1 + shown->cut_before;

    rp_buf_printf(out, "%*s | %s", gutter, "", shown->cut_before ? " " : "");
    for (size_t i = 0; i < shown->text.len && at < shown->column; i++) {
        if (is_inside(shown->text, i))
            continue;
        rp_buf_char(out, shown->text.ptr[i] == '\t' ? '\t' : ' ');
        at++;
    }
    for (int i = 0; i < width && i < 60; i++)
        rp_buf_char(out, '^');
}

/* What an author's file holds must not steer the terminal: control characters are shown as ?. A tab
 * stays. */
static void put_visible(struct rp_buf *out, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        bool c1 = byte == 0xc2 && i + 1 < text.len && (unsigned char)text.ptr[i + 1] < 0xa0;

        i += c1;
        rp_buf_char(out, c1 || (byte < 0x20 && byte != '\t') || byte == 0x7f ? '?' : (char)byte);
    }
}

/* Below the caret's line when it would not fit behind the caret. */
static void print_hint(struct rp_buf *out, const struct rp_findings *findings,
                       const struct rp_finding *finding, size_t used)
{
    size_t width = 0;

    for (size_t i = 0; i < finding->hint.len; i++)
        width += !is_inside(finding->hint, i);
    if (findings->columns > 0 && used + 1 + width > findings->columns)
        rp_buf_printf(out, "\n     ");
    rp_buf_text(out, finding->hint.len > 0 ? " " : "");
    put_visible(out, finding->hint);
    rp_buf_char(out, '\n');
}

/* From the current folder, so that a terminal or an editor opens it. */
static void print_path(struct rp_buf *out, const struct rp_findings *findings,
                       const struct rp_finding *finding)
{
    struct rp_str folder = findings->folder;

    if (finding->file.len == 0)
        return;
    if (folder.len > 0) {
        rp_buf_str(out, folder);
        rp_buf_text(out, rp_str_ends(folder, RP_STR("/")) ? "" : "/");
    }
    rp_buf_str(out, finding->file);
}

static void print_one(struct rp_buf *out, const struct rp_findings *findings,
                      const struct rp_finding *finding, bool colour)
{
    bool error = finding->severity == RP_SEVERITY_ERROR;
    const char *on = !colour ? "" : error ? "\x1b[31m" : "\x1b[33m";
    const char *off = colour ? "\x1b[0m" : "";
    size_t room =
        findings->columns > ROOM_AROUND ? findings->columns - ROOM_AROUND : LINE_MIN_SHOWN;
    struct shown shown =
        shown_of(finding, findings->columns > 0 && room < LINE_MAX_SHOWN ? room : LINE_MAX_SHOWN);

    print_path(out, findings, finding);
    if (finding->line > 0)
        rp_buf_printf(out, ":%d", finding->line);
    if (finding->line > 0 && finding->column > 0)
        rp_buf_printf(out, ":%d", finding->column);
    rp_buf_printf(out, "%s%s%s %.*s%s: ", finding->file.len > 0 ? ": " : "", on,
                  error ? "error" : "warning", RP_STR_ARG(finding->code), off);
    put_visible(out, finding->message);
    rp_buf_char(out, '\n');
    if (finding->line > 0 && finding->source.len > 0) {
        int gutter = snprintf(NULL, 0, "%d", finding->line);

        gutter = gutter < 5 ? 5 : gutter;
        rp_buf_printf(out, "%*d | %s", gutter, finding->line, shown.cut_before ? "…" : "");
        put_visible(out, shown.text);
        rp_buf_text(out, shown.cut_behind ? "…\n" : "\n");
        if (finding->column > 0) {
            size_t start = out->len;

            print_caret(out, &shown, finding->width, gutter);
            print_hint(out, findings, finding, out->len - start);
            return;
        }
    }
    if (finding->hint.len > 0) {
        rp_buf_text(out, "      ");
        put_visible(out, finding->hint);
        rp_buf_char(out, '\n');
    }
}

void rp_findings_print(struct rp_buf *out, const struct rp_findings *findings, bool colour)
{
    for (size_t i = 0; i < findings->count; i++)
        print_one(out, findings, &findings->items[i], colour);
    if (findings->more > 0)
        rp_buf_printf(out, "… and %zu more; `ripen check --all` shows them\n", findings->more);
}

static void put_finding(struct rp_jw *jw, const struct rp_findings *findings,
                        const struct rp_finding *finding)
{
    struct rp_buf path = {0};

    print_path(&path, findings, finding);
    rp_jw_object(jw);
    rp_jw_put_str(jw, "code", finding->code);
    rp_jw_put_text(jw, "severity", finding->severity == RP_SEVERITY_ERROR ? "error" : "warning");
    rp_jw_put_str(jw, "file", finding->file);
    if (findings->folder.len > 0)
        rp_jw_put_str(jw, "path", rp_buf_view(&path));
    rp_jw_put_int(jw, "line", finding->line);
    rp_jw_put_int(jw, "column", finding->column);
    rp_jw_put_int(jw, "width", finding->width);
    rp_jw_put_str(jw, "message", finding->message);
    rp_jw_put_str(jw, "hint", finding->hint);
    rp_jw_put_str(jw, "source", finding->source.len > LINE_MAX_KEPT ? RP_STR("") : finding->source);
    rp_jw_object_end(jw);
    rp_buf_fini(&path);
}

void rp_findings_members(struct rp_jw *jw, const struct rp_findings *findings)
{
    rp_jw_put_bool(jw, "ok", findings->errors == 0);
    rp_jw_put_int(jw, "errors", (int64_t)findings->errors);
    rp_jw_put_int(jw, "warnings", (int64_t)findings->warnings);
    rp_jw_key(jw, "findings");
    rp_jw_array(jw);
    for (size_t i = 0; i < findings->count; i++)
        put_finding(jw, findings, &findings->items[i]);
    rp_jw_array_end(jw);
    if (findings->more > 0)
        rp_jw_put_int(jw, "more", (int64_t)findings->more);
}

void rp_findings_json(struct rp_buf *out, const struct rp_findings *findings)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_findings_members(&jw, findings);
    rp_jw_object_end(&jw);
    rp_buf_char(out, '\n');
}
