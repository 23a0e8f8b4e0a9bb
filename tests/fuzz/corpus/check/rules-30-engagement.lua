r-- Engagement: what the lead did. Half of every point is gone after 21 days (see 10-model.lua).

-- The web site. All of it together gives at most 40 points in 7 days: group "web".
score "page_view"      { why = "Visited the site", on = { "page", "screen" }, points = 1, group = "web", limit = { times = 10, per = "1d" } }
score "viewed_pricing" { why = "Looked at the pricing page", on = "page", when = { path = any { glob "/pricing*", glob "/tarif*" } },
                         points = 10, group = "web", limit = { times = 3, per = "7d" }, cooldown = "30m" }
score "read_case"      { why = "Read a case study", on = "page", when = { path = any { glob "/customers/*", glob "/cas-clients/*" } },
                         points = 4, group = "web", once_per = "path" }
score "read_article"   { why = "Read an article", on = "page", when = { path = any { glob "/blog/*", glob "/guides/*" } },
                         points = 1, group = "web", once_per = "path" }
score "job_seeker"     { why = "Looked at job offers", on = "page", when = { path = any { glob "/careers*", glob "/jobs*", glob "/recrutement*" } },
                         points = -10, group = "web", limit = { times = 1, per = "7d" } }

-- Content. `title` and `webinar` are the properties that name the e-book and the webinar: each counts once.
score "ebook"              { why = "Downloaded an e-book", on = "Ebook Downloaded", points = 8, group = "content", once_per = "title" }
score "webinar_registered" { why = "Signed up for a webinar", on = "Webinar Registered", points = 6, group = "content", once_per = "webinar" }
score "webinar_attended"   { why = "Came to a webinar", on = "Webinar Attended", points = 18, group = "content", once_per = "webinar" }

-- E-mail. A click proves the open, so both events may score the open; each mail does so once.
score "opened_mail"  { why = "Opened our e-mail", on = { "Email Opened", "Email Link Clicked" }, points = 2, group = "mail", once_per = "email_id" }
score "clicked_mail" { why = "Clicked in our e-mail", on = "Email Link Clicked", points = 4, group = "mail", once_per = "email_id" }
score "unsubscribed" { why = "Unsubscribed", on = "Unsubscribed", points = -20, group = "mail", limit = { times = 1, per = "30d" } }
score "marked_spam"  { why = "Called our mail spam", on = "Email Marked as Spam", points = -30, group = "mail", once = true }
score "bounced"      { why = "The address does not work", on = "Email Bounced", points = -10, decay = "none", once = true }

-- Other signs of life.
score "newsletter"     { why = "Subscribed to the newsletter", on = "Newsletter Subscribed", points = 10, once = true }
score "social_follow"  { why = "Follows us on a social network", on = "Social Followed", points = 6, limit = { times = 2, per = "90d" } }
score "chat"           { why = "Opened a chat", on = "Live Chat Conversation Started", points = 8, limit = { times = 2, per = "30d" } }
score "product_used"   { why = "Uses the trial", on = "Feature Used", points = 3, limit = { times = 5, per = "7d" }, cooldown = "1h" }
