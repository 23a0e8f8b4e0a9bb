r-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 4000 do t[i] = i end while #t > 0 do table.remove(t, 1) end while true do end
  end,
}
