-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 40 do t[i] = ("x"):rep(5000 - i) end while true do table.sort(t) end
  end,
}
