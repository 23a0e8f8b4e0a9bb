rdimension "engagement" { range = { 0, 100 } }
score "a" { why = "A } in a text", on = "page", points = , when = { path = "/x" } }
