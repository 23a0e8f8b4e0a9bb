rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
stages { "visitor", "lead", "mql" }
stage "lead" { enter = known() }
dimension "care" { }
score "care" { why = "c", on = "page", points = 5, dimension = "care" }
stage "mql" { enter = did "x", leave = below { care = 3 } }
