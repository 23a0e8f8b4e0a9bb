-- expect: load E018 ok
score "x\0y" { on = "page", why = "x", points = 1 }
score "attack" { why = "Attack", on = "page", points = 1 }
