r-- The life cycle. Leads may skip stages, fall back and come round again.

stages { "visitor", "lead", "mql", "sal", "sql", "opportunity", "customer", "evangelist"; side = { "recycled", "suspect" } }

-- Somebody we could write to.
stage "lead" { enter = known() }

-- Marketing says: worth a call. No demo is needed for that.
stage "mql" {
  from  = { "lead", "recycled" },
  enter = all {
    any { in_stage "lead", in_stage("recycled", { at_least = "30d" }) },        -- a recycled lead is left in peace for a month
    any {
      at_least { fit = 30, engagement = 40 },                                   -- the right person, and warm
      all { did("Newsletter Subscribed", { within = "30d" }), did("Social Followed", { within = "30d" }), visits { times = 3, within = "30d" } },
    },
  },
  leave = all { below { engagement = 5 }, none { visits { times = 3, within = "30d" } } },   -- gone cold
  leave_to = "recycled",
}

-- Sales say: we take it.
stage "sal" { from = "mql", enter = did "Lead Accepted" }

-- A raised hand goes straight to sales, from wherever it stands.
stage "sql" {
  from  = { "visitor", "lead", "mql", "sal", "recycled", "suspect" },
  enter = did { "Demo Requested", "Quote Requested", "Trial Started", "Meeting Booked", "Checkout Started" },
}

-- What the CRM reports.
stage "opportunity" { from = { "visitor", "lead", "mql", "sal", "sql", "recycled" }, enter = did "Opportunity Created" }
stage "customer"    { from = { "visitor", "lead", "mql", "sal", "sql", "opportunity", "recycled", "suspect" }, enter = did "Deal Won" }
stage "evangelist"  {
  from  = "customer",
  enter = all {
    in_stage("customer", { at_least = "60d" }),
    any { did { "Survey Answered", "Referral Made" }, did("Review Posted", { where = { stars = gte(4) } }) },
  },
  terminal = true,
}

-- Not now: back to marketing. An answer without a reason counts as "not now" too.
stage "recycled" {
  from  = { "mql", "sal", "sql", "opportunity" },
  enter = any { did("Lead Rejected", { where = { reason = any { ne "suspect", missing() } } }), did "Deal Lost" },
}

-- Probably never: sales say so, or a student with a free mailbox collects e-books and reads no mail.
stage "suspect" {
  from  = { "lead", "mql", "sal" },
  enter = any {
    did("Lead Rejected", { where = { reason = "suspect" } }),
    all {
      did("Ebook Downloaded", { times = 3, within = "90d" }),
      none { did("Email Opened", { ever = true }), did("Email Link Clicked", { ever = true }) },
      trait { email_domain = in_list "free_mail_domains" },
      trait { title = any { word "student", word "étudiant", word "étudiante", word "stagiaire" } },
    },
  },
}
