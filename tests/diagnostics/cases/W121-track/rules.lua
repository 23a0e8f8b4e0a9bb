dimension "engagement" { range = { 0, 100 } }
for i = 1, 51 do
  score("seats" .. i) { why = "Seats", on = "Feature Used", when = { seats = gte(i) }, points = 1 }
  score("rare" .. i) { why = "Rare", on = "Rare Event", when = { seats = gte(i) }, points = 1 }
end
