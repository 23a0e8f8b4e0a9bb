rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
fit "a" { why = "x", field = "title" }
fit "b" { why = "x", field = "title", words = { { any = "x", points = 1 } }, bands = { { points = 1 } } }
fit "c" { why = "x", when = { title = "x" } }
