r-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local s for i = 1, 1000000 do s = ("%99.99f"):format(1e300) end return #s > 0
  end,
}
