-- expect: ok
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = {} for i = 1, 300 do t[i] = i % 7 end table.sort(t, function() return true end) return #t == 300
  end,
}
