-- The model at a glance: which events mean the same, who is left out, which scores there are.

-- What your forms and your CRM call differently.   Ripen's name = { your spellings }
names {
  title                 = { "fonction", "poste" },
  phone                 = { "telephone" },
  ["company.name"]      = { "societe", "entreprise" },
  ["company.employees"] = { "effectif", "nb_salaries" },
  ["company.industry"]  = { "secteur" },
}

-- One name for one thing: rules below use the name on the left, whatever the site sends.
event "Demo Requested"        { also = { "demande_demo", { "Form Submitted", where = { form = one_of { "demo", "démo" } } } } }
event "Quote Requested"       { also = { "demande_devis", { "Form Submitted", where = { form = one_of { "quote", "devis" } } } } }
event "Meeting Booked"        { also = { "rdv_pris", { "Form Submitted", where = { form = one_of { "meeting", "rdv" } } } } }
event "Trial Started"         { also = { "essai_demarre" } }
event "Newsletter Subscribed" { also = { "inscription_newsletter", { "Form Submitted", where = { form = "newsletter" } } } }
event "Ebook Downloaded"      { also = { "Whitepaper Downloaded", "livre_blanc_telecharge" } }
event "Webinar Registered"    { also = { "inscription_webinaire" } }
event "Webinar Attended"      { also = { "participation_webinaire" } }
event "Social Followed"       { also = { "LinkedIn Followed" } }
event "Email Link Clicked"    { also = { "Email Clicked" } }

-- Recorded, and nothing else: no points, no stage, no hand-off.
exclude "staff"          { when = trait { email_domain = in_list "own_domains" } }
exclude "test_addresses" { when = trait { email = any { glob "*+test@*", starts_with "test@" } } }
exclude "robots"         { when = context { userAgent = any { contains "bot", contains "crawler", contains "spider" } } }

-- The scores.
dimension "fit"        { range = { 0, 100 }, kind = "state",     why = "Who the lead is, from the profile" }
dimension "engagement" { range = { 0, 200 }, half_life = "21d", why = "What the lead did; half of it is gone after 3 weeks" }
dimension "intent"     { range = { 0, 100 }, half_life = "14d", why = "Signs of buying; they cool faster" }
dimension "habits"     { range = { -10, 20 }, kind = "state",    why = "What the lead does as a rule, counted anew at every look" }

total { fit = 1, engagement = 1, intent = 1, habits = 1 }

-- A1 … D4: the letter says who, the figure says how warm.
grade {
  fit        = { A = 60, B = 40, C = 20, D = 0 },
  engagement = { ["1"] = 60, ["2"] = 35, ["3"] = 15, ["4"] = 0 },
}

-- A group keeps one kind of activity from making a lead hot on its own.
group "web"     { dimension = "engagement", cap = 40, floor = -20, per = "7d" }
group "mail"    { dimension = "engagement", cap = 20, floor = -40, per = "7d" }
group "content" { dimension = "engagement", cap = 60, per = "30d" }
