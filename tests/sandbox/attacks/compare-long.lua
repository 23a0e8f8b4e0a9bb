-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local a, n = ("x"):rep(60000), 0 local b = a .. "y" while true do if a < b then n = n + 1 end end
  end,
}
