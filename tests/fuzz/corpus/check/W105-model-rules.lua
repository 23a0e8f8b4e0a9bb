rdimension "engagement" { decay = "none" }
score "demo" { why = "Demo", on = "Demo Requested", points = 30, once = true }
score "trial" { why = "Trial", on = "Trial Started", points = 30, once = true }
stages { "visitor", "mql" }
stage "mql" { enter = at_least { engagement = 50 }, terminal = true }
model "champion" {}
model "careful" { like = "champion", points = { demo = 10 } }
experiment "points" { mode = "split", arms = { { "champion", 50 }, { "careful", 50 } }, by = "lead", salt = "a", success = { reached = "mql", within = "45d" } }
