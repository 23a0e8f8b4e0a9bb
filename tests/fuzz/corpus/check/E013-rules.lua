rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = 5, on = "page", points = "10", once = "yes" }
