/* SPDX-License-Identifier: MIT */
/* Checked trees in plain English, for the page of `ripen rules doc`: conditions, triggers, counts,
 * parts of actions. Every constructor has its words here; a test asks for each of them. */
#ifndef RP_ENGINE_WORDS_H
#define RP_ENGINE_WORDS_H

#include "engine/tree.h"

/* "fit is at least 30 and engagement is at least 40". `node`: a condition, a table of fields, a
 * trigger or a list of them. */
void rp_words_condition(struct rp_buf *out, const struct rp_node *node);
/* "path looks like "/pricing*"": a matcher or value beside its field's name. */
void rp_words_match(struct rp_buf *out, struct rp_str field, const struct rp_node *node);
/* "number of visits within 30 days". */
void rp_words_count(struct rp_buf *out, const struct rp_node *node);
/* "when a lead enters mql". */
void rp_words_trigger(struct rp_buf *out, const struct rp_node *node);
/* What a part of an action or of a step does, as a sentence without its full stop. */
void rp_words_part(struct rp_buf *out, const struct rp_node *node);
/* A value of any field of the schema: conditions and durations in words, lists with commas. */
void rp_words_value(struct rp_buf *out, const struct rp_schema_field *field,
                    const struct rp_node *node);
/* "30d" as "30 days"; what is no duration as it is. */
void rp_words_span(struct rp_buf *out, struct rp_str text);
/* "at most once", "at least 3 times". */
void rp_words_times(struct rp_buf *out, const char *before, double times);
/* "a", "b" or "c" of a text or a list of texts; `join`: " or ", " and ". */
void rp_words_list(struct rp_buf *out, const struct rp_node *list, const char *join);

#endif
