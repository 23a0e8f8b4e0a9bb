dimension "engagement" { range = { 0, 100 } }
group "web" { cap = 20 }
score "a" { why = "x", on = "page", points = 5, group = web }
