rmodel "champion"   { }
model "challenger" { like = "champion", points = { viewed_pricing = 15 }, stage = { mql = { enter = { engagement = 50 } } }, without = { "read_case" } }
experiment "pricing_weight" {
  mode = "split",                                  -- "split": act on the lead's arm; "shadow": score with all arms, act on the first
  arms = { { "champion", 50 }, { "challenger", 50 } }, by = "lead", salt = "2026-q4", success = { reached = "sql", within = "45d" },
  guard = { { metric = "unsubscribe_rate", worse_than = 1.2 } }, decide = { min_units = 2000, max_days = 60 },
}
