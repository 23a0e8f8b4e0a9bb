r-- Your settings, apart from the rules: take the two dashes away, change the number, check.
-- A number here wins over the number in the rule, and an update of the rules never touches this file.
return {
  -- viewed_pricing = 12,                                    -- points of a rule (10)
  -- ebook = 5,                                              -- (8)
  -- ["group:web"] = { cap = 30 },                           -- most points of a group (40)
  -- ["stage:mql"] = { enter = { engagement = 55 } },        -- fewer and better MQLs (40)
  -- ["stage:mql"] = { enter = { fit = 20, engagement = 30 } },   -- more and weaker ones (30, 40)
}
