/* SPDX-License-Identifier: MIT */
/* A page of a rule set for those who work with leads: every rule with its why, points, caps, decay
 * and thresholds, stages and actions in words. Markdown, or one HTML file without anything from
 * outside. The same rules give the same bytes. */
#ifndef RP_ENGINE_DOC_H
#define RP_ENGINE_DOC_H

#include "engine/export.h"

enum rp_doc_form { RP_DOC_MARKDOWN, RP_DOC_HTML };
void rp_doc(struct rp_buf *out, const struct rp_shown *shown, enum rp_doc_form form,
            const char *title);

/* doc_page.c: the page that doc.c writes on, in either form. All texts are escaped there. */
struct rp_page {
    struct rp_buf *out;
    enum rp_doc_form form;
    struct rp_buf cell; /* what is gathered for the next place */
};
void rp_page_begin(struct rp_page *page, const char *title);
void rp_page_end(struct rp_page *page, struct rp_str colophon);
void rp_page_section(struct rp_page *page, const char *anchor, const char *title);
void rp_page_heading(struct rp_page *page, struct rp_str text);
/* These take what was gathered in `cell`, and empty it. */
void rp_page_paragraph(struct rp_page *page);
void rp_page_note(struct rp_page *page); /* smaller */
void rp_page_row_begin(struct rp_page *page);
void rp_page_cell(struct rp_page *page);
void rp_page_number(struct rp_page *page); /* a cell to the right */
void rp_page_row_end(struct rp_page *page);
/* Columns by name, "a|b|c"; one that begins with '#' holds numbers. */
void rp_page_table_begin(struct rp_page *page, const char *columns);
void rp_page_table_end(struct rp_page *page);
/* A name and what it says, one below the other. */
void rp_page_terms_begin(struct rp_page *page);
void rp_page_term(struct rp_page *page, const char *name);
void rp_page_terms_end(struct rp_page *page);
/* Points with their sign: "+10". */
void rp_page_points(struct rp_page *page, double points);

/* doc_rest.c: declarations without a section of their own, each kind under its name. */
void rp_doc_rest(struct rp_page *page, const struct rp_shown *shown);

/* doc_life.c: stages, actions, sequences. */
void rp_doc_stages(struct rp_page *page, const struct rp_shown *shown);
void rp_doc_actions(struct rp_page *page, const struct rp_shown *shown);
void rp_doc_sequences(struct rp_page *page, const struct rp_shown *shown);

/* The next declaration of that kind behind *at; NULL at the end. Start with *at = 0. */
const struct rp_declared *rp_doc_next(const struct rp_shown *shown, const char *decl, uint32_t *at);
/* "30-engagement.lua:12" into the cell. */
void rp_doc_place(struct rp_page *page, const struct rp_shown *shown,
                  const struct rp_declared *declared);

#endif
