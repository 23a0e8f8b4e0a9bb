rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = "Prices", on = "page", points = 10, limit = { times = 0 }, when = { seconds = between(50, 10) } }
dimension "d" { range = { 5, 5 } }
score "d" { why = "d", on = "x", points = 1e9, dimension = "d" }
