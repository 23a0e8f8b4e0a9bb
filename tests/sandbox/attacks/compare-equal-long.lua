-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local a, b = ("x"):rep(60000), ("x"):rep(60000) while true do if a ~= b then break end end
  end,
}
