rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
stages { "visitor", "lead", "mql" }
stage "lead" { enter = known() }
status "mql.opne" { enter = did "x" }
stage "mql" { enter = did "y", status = { "open" }, terminal = true }
score "used" { why = "Used", on = "Used", points = 1 }
