dimension "engagement" { range = { 0, 100 } }
score "a" { why = "x", on = "page", points = 5 }
