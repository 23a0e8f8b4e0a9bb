rdimension "fit" { kind = "state" }
fit "size" { why = "Size", field = "company.employees", bands = { { below = 50, points = 0 }, { points = 10 } } }
fit "plan" { why = "Plan", when = { customer_plan = "gold" }, points = 10 }
fit "title" { why = "Title", when = { title = word "vp" }, points = 10 }
