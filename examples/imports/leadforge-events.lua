-- What the columns of a CRM's event log mean: lead_id, date, type, direction, detail.
--
-- A map is a table. Texts may hold {columns} of the file; {column|otherwise} says what an empty cell
-- means. What the rows share stands at the top: who, and when. `by` asks a question, `rows` gives the
-- answers: a value of that column, and what such a row is.
--
--   ["webinar"] = "Webinar Attended"                  an event of that name
--   ["pricing"] = { type = "page", properties = {…} } more than a name
--   ["call"]    = { by = "{detail}", rows = {…} }     a question inside
--   ["note"]    = false                               left out
--   other       = "Contact Attempted"                 everything that stands in no line; without
--                                                     `other` such rows are refused and shown
--
-- Names of events are those of the rules; `rules/10-model.lua` lists what means the same.
return {
  userId    = "{lead_id}",
  timestamp = "{date}",                              -- a day: midnight UTC
  properties = { direction = "{direction}" },

  by = "{type}",
  rows = {
    -- What the lead did.
    ["session.website"]      = { type = "page", properties = { path = "/", seen = "{detail}" } },
    ["session.pricing_page"] = { type = "page", properties = { path = "/pricing", seen = "{detail}" } },
    ["session.demo_page"]    = { type = "page", properties = { path = "/demo", seen = "{detail}" } },

    -- The log does not name the e-book, the webinar or the mail: one a day counts as another.
    ["touch.content_download"] = { event = "Ebook Downloaded", properties = { title = "{date}" } },
    ["touch.webinar"]          = { event = "Webinar Attended", properties = { webinar = "{date}" } },
    ["touch.email"] = {
      by = "{direction}",
      rows = { inbound = { event = "Email Link Clicked", properties = { email_id = "{date}" } } },
      other = false,                                 -- a mail that we sent says nothing about the lead
    },
    ["touch.linkedin_message"] = { by = "{direction}", rows = { inbound = "Social Followed" }, other = false },
    ["touch.call"]             = { by = "{direction}", rows = { inbound = "Lead Called" }, other = "Contact Attempted" },

    -- What sales did.
    ["sales.email"]   = "Contact Attempted",
    ["sales.call"]    = { by = "{detail}", rows = { meeting_set = "Meeting Booked" }, other = "Contact Attempted" },
    ["sales.meeting"] = { by = "{detail}", rows = { meeting_set = "Meeting Booked" }, other = "Contact Attempted" },
    ["sales.demo"]    = { by = "{detail}", rows = { demo_completed = "Demo Held", meeting_set = "Meeting Booked" },
                          other = "Contact Attempted" },

    -- What the CRM decided.
    ["stage.sql"]         = { event = "Opportunity Created", properties = { opportunity = "{detail}" } },
    ["stage.closed_won"]  = { event = "Deal Won", properties = { value = "{detail}" } },
    ["stage.closed_lost"] = { event = "Deal Lost", properties = { value = "{detail}" } },
  },
}
