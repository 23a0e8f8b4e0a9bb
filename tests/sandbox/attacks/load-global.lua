-- expect: load E006
counter = 0
score "attack" { why = "Attack", on = "page", points = 1 }
