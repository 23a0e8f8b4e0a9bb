-- expect: load E057
score "x" { on = "page", why = function() end, points = 1 }
score "attack" { why = "Attack", on = "page", points = 1 }
