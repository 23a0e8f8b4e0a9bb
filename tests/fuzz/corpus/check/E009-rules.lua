rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing"
score "other" { why = "x", on = "page", points = 10 }
