rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
stages { "visitor", "lead", "mql" }
stage "lead" { enter = known() }
stage "mql" { enter = did "x" }
score "used" { why = "Used", on = "Used", points = 1 }
