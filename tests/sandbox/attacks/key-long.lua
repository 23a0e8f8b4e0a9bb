-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local a, b, t = ("x"):rep(60000), ("x"):rep(60000), {} t[a] = 1 while t[b] do end
  end,
}
