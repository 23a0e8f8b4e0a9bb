-- expect: load E015
score "x" { on = "page", why = "x", points = 0 / 0 }
score "attack" { why = "Attack", on = "page", points = 1 }
