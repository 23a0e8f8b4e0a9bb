rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
fit "n" { why = "x", count = known(), bands = { { points = 5 } } }
