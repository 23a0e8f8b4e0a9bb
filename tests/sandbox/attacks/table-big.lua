-- expect: budget memory
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 200 do local u = {} for j = 1, 40 do u[j] = ("x"):rep(500) .. i .. j end t[i] = u end local s = {} for i = 1, 30 do local z = "y" for k = 1, 19 do z = z .. z end s[i] = z .. i end return #s > 0
  end,
}
