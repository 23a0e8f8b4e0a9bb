rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
score "pricing" { why = "x", on = "page", points = 5, dimension = "fit" }
fit "used_fit" { why = "Used", field = "x", words = { { any = "y", points = 10 } } }
