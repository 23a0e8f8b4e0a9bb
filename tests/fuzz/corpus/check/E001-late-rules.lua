rdimension "engagement" { range = { 0, 100 } }
score "a" { why = "on = on", on = "page" points = 5, on = 3 }
