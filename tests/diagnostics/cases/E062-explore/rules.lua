dimension "engagement" { decay = "none" }
score "page" { why = "A page", on = "page", points = 1 }
stages { "visitor", "sql" }
stage "sql" { enter = did "Asked", terminal = true }
model "a" { }
model "b" { points = { page = 2 } }
experiment "x" { mode = "shadow", arms = { { "a", 50 }, { "b", 50 } }, explore = 3 }
experiment "y" { mode = "split", arms = { { "a", 50 }, { "b", 50 } }, explore = 3 }
