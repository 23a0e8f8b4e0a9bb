rdimension "engagement" { range = { 0, 100 } }
local sizes = { small = 1, large = 3, small = 2 }
score "a" { why = "A", on = "page", points = sizes.small,
  when = { path = "/a", ["path"] = "/b", any { did("page", { times = 2, within = "7d", times = 3 }) } } }
score "b" { why = "B", on = "Visit Ended", points = 5,
  test = function(event)
    local weights = { first = { x = 1, x = 2 }, second = 2, ["second"] = 3 }
    for k, v in pairs({ a = 1, b = 1, a = 1 }) do if weights[k] == v then return true end end
    return weights.second > 2
  end }
