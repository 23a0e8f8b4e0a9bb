-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return ("x"):find(("x"):rep(300) .. "*") ~= nil
  end,
}
