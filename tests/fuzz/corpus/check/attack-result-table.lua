r-- expect: result
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return {}
  end,
}
