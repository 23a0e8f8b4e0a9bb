-- expect: load E003 E004
local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(100) .. i end
score "attack" { why = "Attack", on = "page", points = 1 }
