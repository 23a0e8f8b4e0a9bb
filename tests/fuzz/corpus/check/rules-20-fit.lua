r-- Fit: is this somebody we want to sell to? Read from the profile, so a corrected profile corrects the score.

fit "company_size" { why = "Company size", field = "company.employees", missing = 0,
  bands = {
    { below = 10,   points = 0 },
    { below = 50,   points = 8 },
    { below = 200,  points = 18 },
    { below = 2000, points = 25 },
    { points = 15 },                                         -- the very large ones buy slowly
  } }

-- The best line counts. Whole words, in English and French; accents and capitals do not matter.
fit "seniority" { why = "Seniority", field = "title", take = "best", missing = 0,
  words = {
    { any = { "ceo", "cto", "cio", "cmo", "coo", "cfo", "cro", "chief", "founder", "co-founder", "cofounder", "owner",
              "pdg", "dg", "directeur général", "directrice générale", "fondateur", "fondatrice", "cofondateur", "cofondatrice",
              "gérant", "gérante", "associé", "associée" },
      not_any = { "assistant", "assistante" }, points = 25 },
    { any = { "president", "présidente" }, not_any = { "vice", "assistant", "assistante" }, points = 25 },
    { any = { "vp", "svp", "evp", "vice president", "vice-president", "vice présidente", "vice-présidente", "head", "director", "directeur", "directrice", "dsi", "daf", "drh" },
      not_any = { "assistant", "assistante", "stagiaire", "intern" }, points = 20 },
    { any = { "manager", "lead", "responsable", "chef", "cheffe" },
      not_any = { "assistant", "assistante", "stagiaire", "intern", "alternant", "alternante" }, points = 12 },
    { any = { "consultant", "consultante", "engineer", "ingénieur", "ingénieure", "analyst", "analyste", "specialist", "chargé", "chargée" },
      points = 5 },
  } }

fit "department" { why = "Works in a team that uses us", field = "title", take = "best", missing = 0,
  words = {
    { any = { "marketing", "growth", "demand generation", "acquisition", "cmo", "crm" }, points = 12 },
    { any = { "sales", "revenue", "business development", "commercial", "commerciale", "ventes", "cro" }, points = 10 },
    { any = { "digital", "communication", "e-commerce", "ceo", "pdg", "dg", "founder", "fondateur", "fondatrice" }, points = 6 },
  } }

fit "industry" { why = "Industry", field = "company.industry", missing = 0, other = 0,
  values = {
    { one_of = { "software", "saas", "technology", "logiciel", "informatique" }, points = 10 },
    { one_of = { "consulting", "conseil", "manufacturing", "industrie", "finance", "banque", "insurance", "assurance" }, points = 6 },
  } }

fit "source" { why = "Where the lead came from", field = "lead_touch.source", missing = 0, other = 0,
  values = {
    { one_of = { "referral", "partner", "partenaire" }, points = 10 },
    { one_of = { "purchased", "list", "fichier" }, points = -10 },
  } }

fit "free_mailbox"       { why = "Uses a free mailbox", when = { email_domain = in_list "free_mail_domains" }, points = -10 }
fit "disposable_mailbox" { why = "Uses a throw-away mailbox", when = { email_domain = in_list "disposable_domains" }, points = -30 }
fit "school_mailbox"     { why = "Writes from a school", when = { email_domain = any { ends_with ".edu", starts_with "etu.", contains "etudiant" } }, points = -15 }
fit "competitor"         { why = "Works for a competitor", when = { email_domain = in_list "competitors" }, points = -40 }

fit "student" { why = "Student or trainee", field = "title", missing = 0,
  words = {
    { any = { "student", "intern", "trainee", "étudiant", "étudiante", "stagiaire", "alternant", "alternante", "apprenti", "apprentie" },
      points = -30 },
  } }

-- Habits: counted over the last days, and exact at the moment somebody looks.
fit "visits" { why = "Visits in 30 days", dimension = "habits", count = visits { within = "30d" },
  bands = {
    { below = 1, points = -5 },                              -- not seen for a month
    { below = 3, points = 0 },
    { below = 6, points = 5 },
    { points = 10 },
  } }
fit "profile_filled" { why = "We know enough to call", dimension = "habits",
  count = filled { "email", "phone", "title", "company.name", "company.employees" },
  bands = { { below = 3, points = 0 }, { points = 5 } } }
