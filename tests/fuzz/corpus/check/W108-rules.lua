rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
group "web" { cap = 5 }
score "used" { why = "Used", on = "Used", points = 1 }
