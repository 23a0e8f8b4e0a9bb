-- expect: load E059 E003 E051 E004
local t = {} for i = 1, 300000 do t[i] = {} end score "x" { on = "page", why = "x", points = 1, when = t }
score "attack" { why = "Attack", on = "page", points = 1 }
