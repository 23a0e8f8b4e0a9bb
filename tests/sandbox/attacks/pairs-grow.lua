-- expect: budget
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local t = { a = 1 } while true do for k in pairs(t) do t[k .. "x"] = 1 end end
  end,
}
