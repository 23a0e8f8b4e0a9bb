dimension "engagement" { range = { 0, 100 } }
score "bounce" { why = "x", on = "page", points = −5 }
