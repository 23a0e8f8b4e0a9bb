-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 5000 do t[i] = -i end table.sort(t) while true do end
  end,
}
