rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score { why = "x", on = "page", points = 10 }
