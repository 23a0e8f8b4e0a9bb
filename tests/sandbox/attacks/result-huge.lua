-- expect: ok
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return 1e308 * 10
  end,
}
