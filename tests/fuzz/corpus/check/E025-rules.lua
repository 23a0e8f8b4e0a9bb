rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
exclude "own" { when = trait { email_domain = in_list "own_domain" } }
score "used" { why = "Used", on = "Used", points = 1 }
