rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
action "a" { on = fired "priicing", task { note = "x" } }
score "pricing" { why = "Prices", on = "page", points = 10 }
