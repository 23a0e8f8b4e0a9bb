-- Who the leads of truth-events.lua are. `sales_note_sentiment` is left out on purpose: it was written
-- after the outcome, and a score that knows the outcome looks better than it is.
return {
  type      = "identify",
  userId    = "{lead_id}",
  timestamp = "{mql_at}",
  traits    = { title = "{role}", country = "{country}", company = { employees = "{company_size}" } },
  context   = { campaign = { source = "{source}" } },
}
