-- Who the leads of leadforge-events.lua are: one row a lead. Only what was known when the lead came
-- in; its later stage and whether it bought are not told to the rules.
return {
  type      = "identify",
  userId    = "{lead_id}",
  timestamp = "{lead_created_at}",
  traits = {
    title   = "{seniority} {role_function}",
    country = "{region}",
    company = { employees = "{employee_band}", industry = "{industry}", revenue = "{estimated_revenue_band}" },
  },
  context = { campaign = { source = "{lead_source}" } },
}
