-- expect: load E002 E004
local function f(n) return 1 + f(n) end f(1)
score "attack" { why = "Attack", on = "page", points = 1 }
