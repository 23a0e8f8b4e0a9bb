-- expect: ok
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return (("a"):rep(100000)):find(("a"):rep(20000) .. "b", 1, true) == nil
  end,
}
