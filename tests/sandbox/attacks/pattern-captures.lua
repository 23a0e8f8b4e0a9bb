-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return ("x"):find(("()"):rep(40)) ~= nil
  end,
}
