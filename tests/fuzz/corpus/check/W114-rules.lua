rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "all" { why = "x", on = "*", points = 1 }
