dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
score "used" { why = "Used", on = "Used", points = 1 }
action "news" { on = did "x", email { template = "hello" } }
action "receipt" { on = did "x", email { template = "hello", purpose = "transactional" } }
sequence "welcome" { start = did "x", steps = { step "one" { email { template = "hello" } } } }
sequence "papers" { start = did "x", purpose = "transactional", steps = { step "one" { email { template = "hello" } } } }
