/* SPDX-License-Identifier: MIT */
/* The back-test as one page that needs nothing else: styles and pictures (SVG) stand in it, no
 * request leaves it, and it prints well. Whatever comes from rules or people is escaped. */
#include "base/html.h"
#include "core/backtest_draw.h"
#include "core/backtest_priv.h"
#include "core/report_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { WIDTH = 720, HEIGHT = 200, LEFT = 46, BOTTOM = 34, TOP = 8 };

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Back-test</title>\n<style>\n"
    ":root{--ink:#1c2430;--soft:#667085;--line:#d9dee7;--a:#8a94a6;--c:#2563eb;--good:#067647;"
    "--bad:#b42318;--page:#fff;--card:#f7f8fa}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa4b5;--line:#343c4a;"
    "--a:#7b8698;--c:#6ea0ff;--good:#47cd89;--bad:#f97066;--page:#14181f;--card:#1c222b}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);"
    "max-width:780px;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}\n"
    "p{margin:.4rem 0}.soft{color:var(--soft);font-size:.9em}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:right;"
    "vertical-align:top}\n"
    "th:first-child,td:first-child{text-align:left}th{font-weight:600}\n"
    "td.words,th.words{text-align:left}tr.sub td:first-child{padding-left:1.5rem}\n"
    ".cards{display:flex;flex-wrap:wrap;gap:.7rem;margin:1rem 0}\n"
    ".card{background:var(--card);border-radius:8px;padding:.7rem 1rem;flex:1 1 140px}\n"
    ".card b{display:block;font-size:1.35rem}.good{color:var(--good)}.bad{color:var(--bad)}\n"
    "svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:11px system-ui,"
    "sans-serif}\n"
    ".a{fill:var(--a)}.c{fill:var(--c)}.axis{stroke:var(--line)}\n"
    ".key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .3em 0 .8em}\n"
    "details{margin:.4rem 0}summary{cursor:pointer}\n"
    "@media print{body{max-width:none}details>*{display:block}}\n"
    "</style></head><body>\n";

static void escaped_text(struct rp_buf *out, const char *text)
{
    rp_html_escape(out, rp_str_from(text ? text : ""));
}

/* ---- Pictures -------------------------------------------------------------------------------- */

/* Two bars a place, of values [2 * place + side]. */
struct bars {
    const int64_t *values;
    size_t places;
    const char *label;
    void (*name)(const void *ctx, size_t place, struct rp_buf *out);
    const void *ctx;
};

static int64_t highest(const struct bars *bars)
{
    int64_t most = 1;

    for (size_t i = 0; i < 2 * bars->places; i++) {
        most = bars->values[i] > most ? bars->values[i] : most;
    }
    return most;
}

static void draw_axis(struct rp_buf *out, int64_t most)
{
    for (int part = 0; part <= 2; part++) {
        double y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - part / 2.0);

        rp_buf_printf(out,
                      "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.9g</text>\n",
                      LEFT, WIDTH, y, y, LEFT - 6, y + 4, (double)most * part / 2);
    }
}

static void draw_bars(struct rp_buf *out, const struct bars *bars)
{
    static const char *const classes[] = {"a", "c"};
    static const char *const words[] = {"active", "candidate"};
    int64_t most = highest(bars);
    double place = (double)(WIDTH - LEFT) / (double)(bars->places ? bars->places : 1);
    size_t every = bars->places > 9 ? (bars->places + 8) / 9 : 1;
    double wide = place * 0.42;

    rp_buf_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    escaped_text(out, bars->label);
    rp_buf_text(out, "\">\n");
    draw_axis(out, most);
    for (size_t i = 0; i < bars->places; i++) {
        struct rp_buf name = {0};

        bars->name(bars->ctx, i, &name);
        for (size_t s = 0; s < RP_BT_SIDES; s++) {
            double tall =
                (double)(HEIGHT - TOP - BOTTOM) * (double)bars->values[2 * i + s] / (double)most;

            rp_buf_printf(out,
                          "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
                          "<title>%.*s: %" PRId64 " (%s)</title></rect>",
                          classes[s], LEFT + place * (double)i + place * 0.06 + wide * (double)s,
                          HEIGHT - BOTTOM - tall, wide, tall, RP_STR_ARG(rp_buf_view(&name)),
                          bars->values[2 * i + s], words[s]);
        }
        if (i % every == 0) {
            rp_buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.*s</text>",
                          LEFT + place * ((double)i + 0.5), HEIGHT - BOTTOM + 16,
                          RP_STR_ARG(rp_buf_view(&name)));
        }
        rp_buf_char(out, '\n');
        rp_buf_fini(&name);
    }
    rp_buf_text(out, "</svg>\n<p class=\"soft\"><span class=\"key\" style=\"background:var(--a)\">"
                     "</span>active<span class=\"key\" style=\"background:var(--c)\"></span>"
                     "candidate</p>\n");
}

static void name_week(const void *ctx, size_t place, struct rp_buf *out)
{
    const struct rp_backtest *b = ctx;

    rp_table_day(out, b->weeks[place].monday_ms);
}

static void name_bin(const void *ctx, size_t place, struct rp_buf *out)
{
    const struct rp_bt_bins *bins = ctx;

    rp_buf_printf(out, "%.6g", bins->low + bins->width * (double)place);
}

static void draw_weeks(const struct rp_backtest *b, struct rp_buf *out)
{
    struct rp_arena arena;
    int64_t *values;

    rp_arena_init(&arena);
    values = RP_ARENA_ARRAY(&arena, int64_t, 2 * b->week_count + 1);
    for (size_t i = 0; i < b->week_count; i++) {
        values[2 * i] = b->weeks[i].entered[b->stage * RP_BT_SIDES];
        values[2 * i + 1] = b->weeks[i].entered[b->stage * RP_BT_SIDES + 1];
    }
    draw_bars(out, &(struct bars){values, b->week_count, "decisions a week", name_week, b});
    rp_arena_fini(&arena);
}

static void draw_scores(const struct rp_backtest *b, struct rp_buf *out)
{
    int64_t values[2 * RP_BT_BINS_MAX];
    struct rp_bt_bins bins;

    rp_bt_bins(b, &bins);
    for (size_t i = 0; i < bins.count; i++) {
        values[2 * i] = bins.leads[i][RP_BT_ACTIVE];
        values[2 * i + 1] = bins.leads[i][RP_BT_CANDIDATE];
    }
    draw_bars(out, &(struct bars){values, bins.count, "leads by score", name_bin, &bins});
}

/* An interval as a line with a dot, on a scale of 0 to 1 from `low` on. */
static void draw_interval(struct rp_buf *out, int y, const char *class, const char *label,
                          double value, struct rp_interval ci, double low)
{
    double span = (double)(WIDTH - 170);
    double scale = 1 - low;

    rp_buf_printf(out,
                  "<text x=\"0\" y=\"%d\">%s</text><line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" "
                  "y2=\"%d\" stroke=\"var(--%s)\" stroke-width=\"3\"/><circle class=\"%s\" "
                  "cx=\"%.1f\" cy=\"%d\" r=\"5\"/><text x=\"%d\" y=\"%d\" text-anchor=\"end\">"
                  "%.3f</text>\n",
                  y + 4, label, 110 + span * (ci.lo - low) / scale,
                  110 + span * (ci.hi - low) / scale, y, y, class, class,
                  110 + span * (value - low) / scale, y, WIDTH, y + 4, value);
}

static void draw_auc(const struct rp_bt_auc *auc, const char *title, struct rp_buf *out)
{
    const struct rp_delong *d = &auc->delong;
    double lowest, low;

    rp_buf_printf(out, "<h3 class=\"soft\">%s</h3>\n", title);
    if (!auc->defined) {
        rp_buf_printf(out, "<p>Too few leads of both outcomes: %.0f leads, %.0f right.</p>\n",
                      auc->leads, auc->converted);
        return;
    }
    lowest = fmin(d->ci_1.lo, d->ci_2.lo);
    low = lowest < 0.5 ? 0 : 0.5;
    rp_buf_printf(out,
                  "<svg viewBox=\"0 0 %d 66\" role=\"img\" aria-label=\"AUC\">\n"
                  "<line class=\"axis\" x1=\"110\" x2=\"%d\" y1=\"56\" y2=\"56\"/>"
                  "<text x=\"110\" y=\"65\">%.1f</text><text x=\"%d\" y=\"65\" "
                  "text-anchor=\"end\">1</text>\n",
                  WIDTH, WIDTH - 60, low, WIDTH - 60);
    draw_interval(out, 16, "a", "active", d->auc_2, d->ci_2, low);
    draw_interval(out, 40, "c", "candidate", d->auc_1, d->ci_1, low);
    rp_buf_printf(out,
                  "</svg>\n<p class=\"soft\">%.0f leads, %.0f of them right; difference "
                  "%+.3f (%+.3f to %+.3f), p = %.3g (paired, DeLong)</p>\n",
                  auc->leads, auc->converted, d->auc_1 - d->auc_2, d->diff.lo, d->diff.hi, d->p);
}

/* ---- Tables ---------------------------------------------------------------------------------- */

/* unit "": a number of leads, else a share in which more is better. */
static void card(struct rp_buf *out, const char *label, double active, double candidate,
                 const char *unit)
{
    double change = candidate - active;
    bool share = unit[0] != '\0';
    const char *class = !share || change == 0 ? "" : change > 0 ? "good" : "bad";
    int digits = share ? 1 : 0;

    rp_buf_printf(out,
                  "<div class=\"card\"><span class=\"soft\">%s</span><b>%.*f%s</b>"
                  "<span class=\"%s\">%+.*f%s</span> <span class=\"soft\">from %.*f%s"
                  "</span></div>\n",
                  label, digits, candidate, unit, class, digits, change, share ? " points" : "",
                  digits, active, unit);
}

static void row(struct rp_buf *out, const char *class, const char *label, double active,
                double candidate)
{
    rp_buf_printf(out, "<tr class=\"%s\"><td>%s</td><td>%.0f</td><td>%.0f</td></tr>\n", class,
                  label, active, candidate);
}

static void rate_row(struct rp_buf *out, const char *label, const double *x, const double *n,
                     const struct rp_interval *ci)
{
    rp_buf_printf(out, "<tr><td>%s</td>", label);
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        if (n[s] > 0) {
            rp_buf_printf(out, "<td>%.1f %% <span class=\"soft\">%.1f–%.1f</span></td>",
                          100 * x[s] / n[s], 100 * ci[s].lo, 100 * ci[s].hi);
        } else {
            rp_buf_text(out, "<td>–</td>");
        }
    }
    rp_buf_text(out, "</tr>\n");
}

static void quality_html(const struct rp_backtest *b, struct rp_buf *out)
{
    const struct rp_bt_quality *a = &b->quality[RP_BT_ACTIVE];
    const struct rp_bt_quality *c = &b->quality[RP_BT_CANDIDATE];
    const double right[] = {a->right, c->right}, mature[] = {a->mature, c->mature};
    const double found[] = {a->found, c->found}, outcomes[] = {a->outcomes, c->outcomes};
    const struct rp_interval precision[] = {a->precision, c->precision};
    const struct rp_interval recall[] = {a->recall, c->recall};

    rp_buf_text(out, "<div class=\"cards\">\n");
    card(out, "decisions", a->decisions, c->decisions, "");
    if (a->mature > 0 && c->mature > 0) {
        card(out, "precision", 100 * a->right / a->mature, 100 * c->right / c->mature, " %");
    }
    if (a->outcomes > 0) {
        card(out, "recall", 100 * a->found / a->outcomes, 100 * c->found / c->outcomes, " %");
    }
    rp_buf_text(out, "</div>\n<table><tr><th></th><th>active</th><th>candidate</th></tr>\n");
    row(out, "", "decisions", a->decisions, c->decisions);
    row(out, "sub", "whose window is over", a->mature, c->mature);
    row(out, "sub", "right", a->right, c->right);
    rate_row(out, "precision", right, mature, precision);
    row(out, "", "outcomes on record", a->outcomes, c->outcomes);
    rate_row(out, "recall", found, outcomes, recall);
    rp_buf_text(out, "</table>\n");
}

static void change_row(const struct rp_backtest *b, const struct rp_bt_change *change,
                       struct rp_buf *out)
{
    rp_buf_text(out, "<tr><td>");
    escaped_text(out, change->email[0] ? change->email : change->public_id);
    if (change->outcome_ms != RP_NEVER) {
        rp_buf_text(out, "<br><span class=\"good\">");
        rp_html_escape(out, b->stages[b->outcome]);
        rp_buf_text(out, "</span>");
    }
    rp_buf_text(out, "</td>");
    for (size_t s = 0; s < RP_BT_SIDES; s++) {
        rp_buf_text(out, "<td class=\"words\">");
        if (change->at_ms[s] != RP_NEVER) {
            rp_buf_text(out, "<b>");
            rp_table_day(out, change->at_ms[s]);
            rp_buf_text(out, "</b> ");
        } else {
            rp_buf_text(out, "<b>no:</b> ");
        }
        escaped_text(out, change->why[s]);
        rp_buf_text(out, " <span class=\"soft\">now ");
        rp_html_escape(out, b->stages[change->end[s]]);
        rp_buf_text(out, "</span></td>");
    }
    rp_buf_text(out, "</tr>\n");
}

static void changes_html(const struct rp_backtest *b, struct rp_buf *out)
{
    static const char *const titles[RP_BT_KINDS] = {"chosen no more", "chosen newly", "earlier",
                                                    "later", "another stage in the end"};

    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        size_t told = 0;

        if (b->kinds[k] == 0) {
            continue;
        }
        rp_buf_printf(out,
                      "<details%s><summary>%" PRId64 " %s</summary>\n<table><tr><th>lead</th>"
                      "<th class=\"words\">active</th><th class=\"words\">candidate</th>"
                      "</tr>\n",
                      k <= RP_BT_GAINED && b->kinds[k] <= 20 ? " open" : "", b->kinds[k],
                      titles[k]);
        for (size_t i = 0; i < b->change_count; i++) {
            if (b->changes[i].kind == (enum rp_bt_kind)k) {
                change_row(b, &b->changes[i], out);
                told++;
            }
        }
        rp_buf_text(out, "</table>\n");
        if ((int64_t)told < b->kinds[k]) {
            rp_buf_printf(out, "<p class=\"soft\">… and %" PRId64 " more</p>\n",
                          b->kinds[k] - (int64_t)told);
        }
        rp_buf_text(out, "</details>\n");
    }
}

static void rules_html(const struct rp_backtest *b, struct rp_buf *out)
{
    rp_buf_text(out, "<table><tr><th>rule</th><th>events</th><th>leads</th><th>in decisions</th>"
                     "<th>needed by</th></tr>\n");
    for (uint32_t i = 0; i < b->rule_count[RP_BT_CANDIDATE]; i++) {
        const struct rp_bt_rule *rule = &b->rules[RP_BT_CANDIDATE][i];

        rp_buf_text(out, "<tr><td>");
        rp_html_escape(out, rule->name);
        rp_buf_text(out, rule->off                   ? " <span class=\"soft\">off</span>"
                         : rp_bt_never_fired(rule)   ? " <span class=\"bad\">never fires</span>"
                         : rp_bt_never_decided(rule) ? " <span class=\"bad\">never decides</span>"
                                                     : "");
        if (rule->fit) {
            rp_buf_text(out, "</td><td>–</td>");
        } else {
            rp_buf_printf(out, "</td><td>%" PRId64 "</td>", rule->events);
        }
        rp_buf_printf(out, "<td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 "</td></tr>\n",
                      rule->leads, rule->decisions, rule->needed);
    }
    rp_buf_text(out, "</table>\n");
}

static void caveats_html(const struct rp_backtest *b, struct rp_buf *out)
{
    struct rp_buf text = {0};

    rp_bt_caveats(b, &text);
    rp_buf_text(out, "<p class=\"soft\">");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            rp_buf_text(out, "<br>");
        } else {
            rp_html_escape(out, (struct rp_str){text.ptr + i, 1});
        }
    }
    rp_buf_text(out, "</p>\n");
    rp_buf_fini(&text);
}

void rp_backtest_html(const struct rp_backtest *b, struct rp_buf *out)
{
    struct rp_buf arms = {0};

    rp_buf_text(out, head);
    rp_buf_text(out, "<h1>Back-test</h1>\n<p>");
    rp_html_escape(out, b->names[RP_BT_CANDIDATE]);
    rp_buf_text(out, " against ");
    rp_html_escape(out, b->names[RP_BT_ACTIVE]);
    rp_buf_printf(out, "</p>\n<p class=\"soft\">%" PRId64 " leads, %" PRId64 " events up to ",
                  b->leads, b->events);
    rp_table_day(out, b->now_ms);
    rp_buf_printf(out,
                  "; a decision is the entry into <b>%.*s</b>, right when <b>%.*s</b> follows "
                  "within %.0f days</p>\n",
                  RP_STR_ARG(b->stages[b->stage]), RP_STR_ARG(b->stages[b->outcome]),
                  (double)b->window_ms / (double)RP_DAY);
    rp_bt_arms(b, &arms);
    if (arms.len > 0) {
        rp_buf_text(out, "<p class=\"soft\">");
        rp_html_escape(out, rp_buf_view(&arms));
        rp_buf_text(out, "</p>\n");
    }
    rp_buf_fini(&arms);
    quality_html(b, out);
    rp_buf_text(out, "<h2>How well the scores rank</h2>\n");
    draw_auc(&b->at_decision, "Leads chosen by the active rules, at that moment", out);
    draw_auc(&b->at_age, "All leads, when 14 days old", out);
    rp_buf_text(out, "<h2>Decisions a week</h2>\n");
    draw_weeks(b, out);
    rp_buf_text(out, "<h2>Who changes</h2>\n");
    changes_html(b, out);
    rp_buf_text(out, "<h2>Scores now</h2>\n");
    draw_scores(b, out);
    rp_buf_text(out, "<h2>Rules of the candidate</h2>\n");
    rules_html(b, out);
    caveats_html(b, out);
    rp_buf_text(out, "</body></html>\n");
}
