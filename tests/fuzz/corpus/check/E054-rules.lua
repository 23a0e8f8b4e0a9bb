rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
sequence "s" { start = did "x", steps = { email { template = "hello" } } }
score "used" { why = "Used", on = "Used", points = 1 }
