rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
local deep = {}
for i = 1, 200 do deep = { deep } end
score "pricing" { why = "x", on = "page", points = 5, test = function() return deep[1] ~= nil end }
