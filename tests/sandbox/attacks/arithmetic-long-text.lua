-- expect: error
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    local a = ("1"):rep(60000) while true do local n = a + 1 end
  end,
}
