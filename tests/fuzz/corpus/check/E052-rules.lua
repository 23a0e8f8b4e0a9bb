rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
action "a" { on = "x", task { note = "x" } }
action "b" { on = known(), task { note = "x" } }
score "used" { why = "Used", on = "Used", points = 1 }
