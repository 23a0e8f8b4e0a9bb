r-- expect: load E059 E050
local t = {} t.when = t score "x" { on = "page", why = "x", points = 1, when = t }
score "attack" { why = "Attack", on = "page", points = 1 }
