/* SPDX-License-Identifier: MIT */
/* Learning from what the database holds, and the proof that a written card means what it says: the
 * file goes through the real engine, and each lead must get the points that the card gave it. */
#ifndef RP_CORE_LEARN_H
#define RP_CORE_LEARN_H

#include "base/err.h"
#include "core/reader.h"
#include "engine/load.h"
#include "model/learn.h"

/* Loads the text of a card's file, folds a profile with the row's values for each row and compares
 * the dimension with rp_learn_points. ERULE with the finding when the file does not load; ERULE
 * too, with the row when a score differs. Columns that count events are not for this. */
int rp_learn_check(const struct rp_learned *learned, const struct rp_learn_table *table,
                   struct rp_str dimension, struct rp_str lua, struct rp_err *err);

#endif
