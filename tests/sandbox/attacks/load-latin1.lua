-- expect: load E068
score "x" { on = "page", why = "café", points = 1 }
