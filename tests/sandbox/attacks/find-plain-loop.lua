-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local s = ("a"):rep(200000) for i = 1, 1000 do s:find("b", 1, true) end
  end,
}
