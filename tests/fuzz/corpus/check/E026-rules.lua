rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
action "a" { on = did "x", notify { to = endpoint "saels", text = "x" } }
score "used" { why = "Used", on = "Used", points = 1 }
