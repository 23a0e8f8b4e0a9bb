rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
sequence "s" { start = did "x", steps = {
  step "look" { branch { { when = known(), go = "humen" } } },
  step "human" { task { note = "x" } },
} }
score "used" { why = "Used", on = "Used", points = 1 }
