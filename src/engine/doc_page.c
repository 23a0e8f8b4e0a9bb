/* SPDX-License-Identifier: MIT */
/* The page in its two forms: Markdown and HTML. Knows marks, escapes and the style sheet; knows
 * nothing of rules. Invariant: no text of an author reaches the page unescaped. */
#include "base/html.h"
#include "base/num.h"
#include "engine/doc.h"

#define HTML(page) ((page)->form == RP_DOC_HTML)

/* ---- Escapes --------------------------------------------------------------------------------- */

static void put_markdown(struct rp_buf *out, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '\n' || c == '\r') {
            rp_buf_char(out, ' ');
            continue;
        }
        if (c != '\0' && strchr("\\`*_{}[]<>#|&~", c))
            rp_buf_char(out, '\\');
        rp_buf_char(out, c);
    }
}

static void put(struct rp_page *page, struct rp_str text)
{
    if (HTML(page))
        rp_html_escape(page->out, text);
    else
        put_markdown(page->out, text);
}

static void put_cell(struct rp_page *page)
{
    put(page, rp_buf_view(&page->cell));
    rp_buf_reset(&page->cell);
}

/* ---- Page ------------------------------------------------------------------------------------ */

static const char style[] =
    ":root{--ink:#1d2433;--soft:#5b6577;--line:#dfe3ea;--tint:#f5f7fa;--mark:#0b6b53}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:62rem;padding:3rem 1.5rem 4rem;color:var(--ink);background:#fff;"
    "font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}"
    "h1{font-size:2.1rem;line-height:1.2;margin:0 0 .5rem}"
    "h2{font-size:1.35rem;margin:3rem 0 .75rem;padding-top:.75rem;border-top:2px solid var(--ink)}"
    "h3{font-size:1.05rem;margin:1.75rem 0 .4rem}"
    "p{margin:.4rem 0 .8rem;max-width:48rem}"
    ".note,footer{color:var(--soft);font-size:.875rem}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.25rem;font-size:.925rem}"
    "th{text-align:left;font-weight:600;color:var(--soft);font-size:.8rem;"
    "border-bottom:1px solid var(--ink);padding:.35rem .75rem .35rem 0;vertical-align:bottom}"
    "td{border-bottom:1px solid var(--line);padding:.5rem .75rem .5rem 0;vertical-align:top;"
    "overflow-wrap:break-word}"
    "td.n,th.n{text-align:right;max-width:9rem;font-variant-numeric:tabular-nums;"
    "padding-right:1.25rem}"
    "td.n{font-weight:600;color:var(--mark)}td.less{color:#b3261e}"
    "td:last-child{color:var(--soft);font-size:.85rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:.4rem 0 1rem}"
    "dt{color:var(--soft);font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}"
    "footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.75rem}"
    "@media (max-width:40rem){dl{display:block}dd{margin:0 0 .5rem}table{font-size:.85rem}}"
    "@media print{body{padding:0;max-width:none;font-size:10.5pt}h2{break-after:avoid;"
    "margin-top:1.5rem}h3{break-after:avoid}tr,dl{break-inside:avoid}thead{display:"
    "table-header-group}}";

void rp_page_begin(struct rp_page *page, const char *title)
{
    if (!HTML(page)) {
        rp_buf_text(page->out, "# ");
        put(page, rp_str_from(title));
        rp_buf_text(page->out, "\n\n");
        return;
    }
    rp_buf_text(
        page->out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    put(page, rp_str_from(title));
    rp_buf_printf(page->out, "</title>\n<style>%s</style></head>\n<body>\n<h1>", style);
    put(page, rp_str_from(title));
    rp_buf_text(page->out, "</h1>\n");
}

void rp_page_end(struct rp_page *page, struct rp_str colophon)
{
    rp_buf_text(page->out, HTML(page) ? "<footer>" : "\n---\n\n");
    put(page, colophon);
    rp_buf_text(page->out, HTML(page) ? "</footer>\n</body></html>\n" : "\n");
    rp_buf_fini(&page->cell);
}

void rp_page_section(struct rp_page *page, const char *anchor, const char *title)
{
    if (HTML(page))
        rp_buf_printf(page->out, "<h2 id=\"%s\">", anchor);
    else
        rp_buf_text(page->out, "\n## ");
    put(page, rp_str_from(title));
    rp_buf_text(page->out, HTML(page) ? "</h2>\n" : "\n\n");
}

void rp_page_heading(struct rp_page *page, struct rp_str text)
{
    rp_buf_text(page->out, HTML(page) ? "<h3>" : "\n### ");
    put(page, text);
    rp_buf_text(page->out, HTML(page) ? "</h3>\n" : "\n\n");
}

void rp_page_paragraph(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "<p>" : "");
    put_cell(page);
    rp_buf_text(page->out, HTML(page) ? "</p>\n" : "\n\n");
}

void rp_page_note(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "<p class=\"note\">" : "*");
    put_cell(page);
    rp_buf_text(page->out, HTML(page) ? "</p>\n" : "*\n\n");
}

/* ---- Tables ---------------------------------------------------------------------------------- */

void rp_page_table_begin(struct rp_page *page, const char *columns)
{
    struct rp_buf rule = {0};

    rp_buf_text(page->out, HTML(page) ? "<table><thead><tr>" : "|");
    for (const char *at = columns; *at;) {
        bool number = *at == '#';
        size_t len;

        at += number;
        len = strcspn(at, "|");
        rp_buf_text(page->out, !HTML(page) ? " " : number ? "<th class=\"n\">" : "<th>");
        put(page, (struct rp_str){at, len});
        rp_buf_text(page->out, HTML(page) ? "</th>" : " |");
        rp_buf_text(&rule, number ? "---:|" : "---|");
        at += len + (at[len] == '|');
    }
    if (HTML(page))
        rp_buf_text(page->out, "</tr></thead><tbody>\n");
    else
        rp_buf_printf(page->out, "\n|%s\n", rule.ptr);
    rp_buf_fini(&rule);
}

void rp_page_table_end(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "</tbody></table>\n" : "\n");
}

void rp_page_row_begin(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "<tr>" : "|");
}

void rp_page_row_end(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "</tr>\n" : "\n");
}

void rp_page_cell(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "<td>" : " ");
    put_cell(page);
    rp_buf_text(page->out, HTML(page) ? "</td>" : " |");
}

void rp_page_number(struct rp_page *page)
{
    bool taken = page->cell.len > 0 && page->cell.ptr[0] == '-';

    rp_buf_text(page->out, !HTML(page) ? " "
                           : taken     ? "<td class=\"n less\">"
                                       : "<td class=\"n\">");
    put_cell(page);
    rp_buf_text(page->out, HTML(page) ? "</td>" : " |");
}

/* ---- Terms ----------------------------------------------------------------------------------- */

void rp_page_terms_begin(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "<dl>" : "");
}

/* Nothing gathered: no term. */
void rp_page_term(struct rp_page *page, const char *name)
{
    if (page->cell.len == 0)
        return;
    rp_buf_text(page->out, HTML(page) ? "<dt>" : "- **");
    put(page, rp_str_from(name));
    rp_buf_text(page->out, HTML(page) ? "</dt><dd>" : "**: ");
    put_cell(page);
    rp_buf_text(page->out, HTML(page) ? "</dd>\n" : "\n");
}

void rp_page_terms_end(struct rp_page *page)
{
    rp_buf_text(page->out, HTML(page) ? "</dl>\n" : "\n");
}

void rp_page_points(struct rp_page *page, double points)
{
    if (points > 0)
        rp_buf_char(&page->cell, '+');
    rp_number_print(&page->cell, points);
}
