rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { on = "page", points = 5 }
