rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
stages { "visitor", "lead", "mql" }
stage "lead" { enter = known() }
stage "mqll" { enter = known() }
action "a" { on = entered "leda", task { note = "x" } }
score "used" { why = "Used", on = "Used", points = 1 }
