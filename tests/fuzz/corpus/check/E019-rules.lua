rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
total { engagement = 1 }
total { engagement = 2 }
score "used" { why = "Used", on = "Used", points = 1 }
