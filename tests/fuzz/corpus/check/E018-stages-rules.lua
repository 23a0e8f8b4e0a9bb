rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
stages { "a", "b", "a" }
stage "b" { enter = known(), from = "a" }
score "used" { why = "Used", on = "Used", points = 1 }
