-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 30 do t[i] = ("x"):rep(2000) end while true do local s = table.concat(t) end
  end,
}
