rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "intent" { half_life = "7d" }
score "used" { why = "Used", on = "Used", points = 1 }
