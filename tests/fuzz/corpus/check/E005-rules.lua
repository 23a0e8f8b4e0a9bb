rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
scoer "pricing" { why = "x", on = "page", points = 10 }
score "other" { why = "x", on = "page", points = 1, when = { path = glbo "/x" } }
