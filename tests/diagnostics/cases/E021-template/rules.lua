dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "page" { why = "A page", on = "page", points = 1 }
sequence "welcome" { start = did "Trial Started", exit = did "Meeting Booked", steps = { step "hello" { email { template = "hello", subject = "Hello" } } } }
