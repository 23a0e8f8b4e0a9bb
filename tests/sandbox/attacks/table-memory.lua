-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 1e9 do t[i] = {} end
  end,
}
