rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
sequence "s" { start = did "x", steps = { step "a" { email { template = "helo" } } } }
score "used" { why = "Used", on = "Used", points = 1 }
