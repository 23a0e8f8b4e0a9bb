-- expect: load E015
score "x" { on = "page", why = "x", points = 1 / 0 }
score "attack" { why = "Attack", on = "page", points = 1 }
