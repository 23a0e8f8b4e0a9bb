rdimension "engagement" { range = { 0, 100 } }
-- Sixty rules that only look inside the title: each page asks all of them.
for i = 1, 60 do
  score("word" .. i) { why = "A word", on = "page", when = { title = contains("word" .. i) }, points = 1 }
end
