dimension "engagement" { decay = "none" }
score "page" { why = "A page", on = "page", points = 1 }
stages { "visitor", "sql" }
stage "sql" { enter = did "Asked", terminal = true }
model "a" { }
model "b" { points = { page = 2 } }
experiment "x" { mode = "split", arms = { { "a", 50 }, { "b", 50 } }, slice = { 0, 50 } }
experiment "y" { mode = "split", arms = { { "a", 50 }, { "b", 50 } }, slice = { 50, 100 } }
experiment "off" { mode = "split", arms = { { "a", 50 }, { "b", 50 } }, enabled = false }
experiment "z" { mode = "split", arms = { { "a", 50 }, { "b", 50 } }, slice = { 40, 60 } }
