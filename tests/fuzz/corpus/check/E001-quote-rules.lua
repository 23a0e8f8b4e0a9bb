rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "pricing" { why = "Looked at prices, on = "page", points = 10 }
