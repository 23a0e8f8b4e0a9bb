rdimension "engagement" { range = { 0, 200 }, half_life = "21d" }
dimension "fit" { kind = "state" }
score "page" { why = "A page", on = "page", when = { ["content.topic"] = exists() }, points = 1 }
lookup "content" { file = "lists/content.csv", match = { path = "exact" }, gives = { "topic" } }
fit "source" { why = "Source", field = "lead_touch.source", values = {
  { one_of = { "referral", "partner" }, points = 12 },
  { eq = "Partner", points = 20 },
  { starts_with = "news", points = 3 },
  { glob = "newsletter-*", points = 6 },
  { word = "x", points = 1 },
} }
fit "seniority" { why = "Seniority", field = "title", words = {
  { any = { "director" }, points = 20 },
  { any = { "art director", "managing director" }, points = 25 },
  { any = { "head of", "chief" }, not_any = { "assistant" }, points = 20 },
  { any = { "chief officer" }, points = 30 },
} }
-- The best of all counts: the order does not matter.
fit "best" { why = "Seniority", field = "title", take = "best", words = {
  { any = { "director" }, points = 20 },
  { any = { "art director" }, points = 25 },
} }
