rdimension "engagement" { range = { 0, 100 }, half_life = "21d" }
score "page" { why = "A page", on = "page", points = 1 }
stages { "visitor", "lead", "mql" }
stage "lead" { enter = known() }
stage "mql" { from = "visitor", enter = all { in_stage("lead", { at_least = "1d" }), did "Demo Requested" }, leave = did "Deal Lost", leave_to = "lead" }
