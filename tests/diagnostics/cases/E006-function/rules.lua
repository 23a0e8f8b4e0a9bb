dimension "engagement" { range = { 0, 100 } }
function is_long(text) return #text > 40 end
score "visit" { why = "Long", on = "Visit Ended", points = 5, test = function(event) return is_long(event.properties.title or "") end }
