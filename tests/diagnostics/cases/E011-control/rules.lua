dimension "engagement" { range = { 0, 100 } }
score "a" { why = "[31m", on = "page", point = 5 }
