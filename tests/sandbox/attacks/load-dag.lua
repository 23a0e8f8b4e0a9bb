-- expect: load E059 E003
local t = {} for i = 1, 40 do t = { t, t } end score "x" { on = "page", why = "x", points = 1, when = t }
score "attack" { why = "Attack", on = "page", points = 1 }
