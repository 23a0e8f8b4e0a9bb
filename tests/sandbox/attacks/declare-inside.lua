-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    score "more" { on = "page", points = 1 }
  end,
}
