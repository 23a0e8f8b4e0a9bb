-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 100000 do table.insert(t, 1, i) end
  end,
}
