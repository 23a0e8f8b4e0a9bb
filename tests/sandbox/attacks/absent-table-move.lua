-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return table.move({}, 1, 1 << 52, 2)
  end,
}
