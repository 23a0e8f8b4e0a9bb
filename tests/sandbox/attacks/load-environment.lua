-- expect: load E011 E013 E051
score "x" { on = "page", why = "x", points = 1, when = _ENV }
score "attack" { why = "Attack", on = "page", points = 1 }
