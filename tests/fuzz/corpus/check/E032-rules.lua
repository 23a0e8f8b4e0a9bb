rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
model "b" { like = "champion" }
score "used" { why = "Used", on = "Used", points = 1 }
