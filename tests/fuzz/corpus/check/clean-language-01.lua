rdimension "engagement" { range = {0, 200}, half_life = "21d" }     -- accumulates; or decay = { linear = "60d" } | { expire = "90d" } | "none"
dimension "fit"        { range = {0, 100}, kind = "state" }        -- recomputed from the profile
dimension "habits"     { range = {-10, 30}, kind = "state" }       -- counted anew over windows
dimension "interest"   { by = "content.topic", half_life = "30d" } -- one score for each topic; lead.interest.top
total { fit = 1, engagement = 1, habits = 1 }                      -- the weighted sum shown as the score
grade { fit = { A = 60, B = 50, C = 25, D = 0 }, engagement = { ["1"] = 90, ["2"] = 60, ["3"] = 30, ["4"] = 0 } }      -- A1 … D4: the state dimension's label, then the accumulating one's
group "web" { dimension = "engagement", cap = 40, floor = -20, per = "7d" }

score "viewed_pricing" { why = "Looked at the pricing page", on = "page", when = { path = glob "/pricing*" }, points = 10, group = "web",
                         limit = { times = 3, per = "7d" }, cooldown = "30m" }
score "read_case"      { why = "Read a case study", on = "page", when = { path = glob "/customers/*" }, points = 4, group = "web", once_per = "path" }
score "topic"          { why = "Reads about {event.content.topic}", on = "page", when = { ["content.topic"] = exists() }, points = 1, dimension = "interest" }
score "webinar"        { why = "Came to a webinar", on = "Webinar Attended", points = 20, limit = { times = 2, per = "30d" } }   -- no group or dimension: engagement
score "asked_for_demo" { why = "Asked for a demo", on = "Demo Requested", points = 30, limit = { times = 1, per = "90d" } }
score "basket"         { why = "Filled a basket", on = "Product Added", per = { field = "price", each = 100, points = 1, max = 10 } }
score "bounced"        { why = "E-mail bounced", on = "Email Bounced", points = -10, decay = "none", once = true }
score "long_visit"     { why = "Many product pages in one sitting", on = "Visit Ended", when = { pages = gte(5) }, points = 12,
  test = function(event, lead, past)                                -- false | true | share 0..1, and evidence for the explanation
    local product = 0
    for _, p in ipairs(event.properties.paths or {}) do if starts_with(p, "/product/") then product = product + 1 end end
    if product < 3 then return false end
    return math.min(product / 6, 1), ("%d product pages"):format(product)
  end }

fit "company_size" { why = "Company size", field = "company.employees", missing = 0,
  bands = { { below = 50, points = 0 }, { below = 200, points = 10 }, { below = 2000, points = 25 }, { points = 15 } } }
fit "seniority"    { why = "Seniority", field = "title", take = "best",
  words = { { any = {"chief", "founder", "pdg"}, points = 25 }, { any = {"vp", "head of", "director", "directeur", "directrice"}, not_any = {"assistant", "assistante", "stagiaire"}, points = 20 } } }
fit "source"       { why = "Where the lead came from", field = "lead_touch.source", values = { { one_of = {"referral", "partner"}, points = 12 }, { one_of = {"purchased"}, points = -10 } }, other = 0, missing = 0 }
fit "free_mailbox" { why = "Uses a free mailbox", when = { email_domain = in_list "free_mail_domains" }, points = -15 }
fit "visits"       { why = "Visits in 30 days", dimension = "habits", count = visits { within = "30d" }, bands = { { below = 1, points = -5 }, { below = 5, points = 0 }, { points = 8 } } }
