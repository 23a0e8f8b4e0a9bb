-- expect: budget error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    return #(("x"):rep(2000):gsub("x", ("y"):rep(1000))) > 0
  end,
}
