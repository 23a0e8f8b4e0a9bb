-- A list of interactions: ts, lead_id, type. How a map is written stands in leadforge-events.lua.
return {
  userId    = "{lead_id}",
  timestamp = "{ts}",

  by = "{type}",
  rows = {
    page_view    = { type = "page", properties = { path = "/" } },
    pricing_view = { type = "page", properties = { path = "/pricing" } },
    careers_view = { type = "page", properties = { path = "/careers" } },
    download     = { event = "Ebook Downloaded", properties = { title = "{ts}" } },
    webinar      = { event = "Webinar Attended", properties = { webinar = "{ts}" } },
    email_open   = { event = "Email Opened", properties = { email_id = "{ts}" } },
    email_click  = { event = "Email Link Clicked", properties = { email_id = "{ts}" } },
    demo_request = "Demo Requested",
  },
}
