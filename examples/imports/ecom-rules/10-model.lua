-- A shop's click stream without prices and names: taste over a season, desire for a few days, loyalty
-- for a year.
dimension "taste"   { range = { 0, 100 }, half_life = "30d" }
dimension "desire"  { range = { 0, 100 }, half_life = "4d" }
dimension "loyalty" { range = { 0, 100 }, decay = { linear = "365d" } }
dimension "trouble" { range = { 0, 30 }, half_life = "7d" }          -- shown, but no part of the total
dimension "known"   { range = { 0, 20 }, kind = "state" }

total { taste = 1, desire = 1, loyalty = 1, known = 1 }
grade { known = { A = 10, B = 0 }, desire = { ["1"] = 25, ["2"] = 10, ["3"] = 0 } }

group "browsing" { dimension = "taste", cap = 20, per = "7d" }

fit "lifecycle" { why = "Customer for how long", dimension = "known", field = "lifecycle", missing = 0, other = 0,
  values = { { one_of = { "loyal" }, points = 15 }, { one_of = { "returning" }, points = 10 } } }
