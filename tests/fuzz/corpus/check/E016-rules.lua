rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
fit "job" { why = "x", field = "title", take = "wurst", words = { { any = "x", points = 1 } } }
