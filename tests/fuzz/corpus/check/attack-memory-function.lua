r-- expect: error
local f = function() return 1 end
score "attack" {
  why = "Attack", on = "page", points = 1,
  test = function(event, lead, past)
    f = function() return 2 end return true
  end,
}
