-- expect: load E013
score "x" { on = "page", why = "x", points = math }
score "attack" { why = "Attack", on = "page", points = 1 }
