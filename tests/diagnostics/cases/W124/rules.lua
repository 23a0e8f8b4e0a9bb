dimension "fit" { kind = "state" }
names { ["customer.number"] = { "kundennummer" } }
fit "size" { why = "Size", field = "company.employes", bands = { { below = 50, points = 0 }, { points = 10 } } }
fit "seniority" { why = "Seniority", when = { ["Job-Title"] = word "vp" }, points = 5 }
fit "number" { why = "Customer", when = { kundenummer = exists() }, points = 5 }
fit "county" { why = "Near us", when = { county = "Kent" }, points = 5 }
fit "title" { why = "Title", when = { titel = word "vp" }, points = 5 }
fit "phone" { why = "Phone", when = { pone = exists() }, points = 5 }
