dimension "engagement" { range = { 0, 200 }, half_life = "21d" }
sequence "s" { start = did "x", steps = {
  step "ask" { task { note = "x" } },
  step "look" { branch { { when = known(), go = "ask" } } },
} }
score "used" { why = "Used", on = "Used", points = 1 }
