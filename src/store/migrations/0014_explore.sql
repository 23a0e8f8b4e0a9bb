-- SPDX-License-Identifier: MIT
-- Leads that an experiment hands on although the control would not, by chance. chance: how likely that
-- was when another model alone let the lead in; NULL: nothing was left to chance. explored: it was so.
ALTER TABLE entry_rows ADD COLUMN chance REAL;
ALTER TABLE entry_rows ADD COLUMN explored INTEGER NOT NULL DEFAULT 0;
