rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
score "pricing" { why = "Prices", on = "page", points = 10, once = true, limit = { times = 3 } }
score "b" { why = "b", on = "x", points = 1, per = { field = "price", each = 1, points = 1 } }
fit "v" { why = "v", dimension = "fit", count = visits {}, field = "x", bands = { { points = 1 } } }
