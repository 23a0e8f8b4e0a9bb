rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
bonus = 5
score "pricing" { why = "x", on = "page", points = bonus }
