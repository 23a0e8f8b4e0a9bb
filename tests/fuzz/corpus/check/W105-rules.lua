rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { range = { 0, 100 }, kind = "state" }
stages { "visitor", "lead", "mql" }
stage "lead" { enter = known() }
stage "mql" { enter = at_least { engagement = 250, fit = 60 }, leave = inactive "9d" }
score "used" { why = "Used", on = "Used", points = 1 }
fit "used_fit" { why = "Used", field = "x", words = { { any = "y", points = 10 } } }
