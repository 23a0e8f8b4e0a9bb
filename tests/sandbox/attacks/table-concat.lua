-- expect: budget error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} local s = ("x"):rep(100000) for i = 1, 20 do t[i] = s end return #table.concat(t) > 0
  end,
}
