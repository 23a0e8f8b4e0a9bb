-- A sports shop that sells to people, on the web and over the counter: who they are, what they like,
-- what they put aside, and when it is worth calling them.

names { phone = { "telephone" }, birthday = { "date_naissance" } }

-- The till sends "Caisse", the web shop "Order Completed": a purchase is a purchase.
event "Order Completed" { also = { "Caisse" } }
event "Newsletter Subscribed" { also = { "inscription_newsletter" } }

exclude "staff"  { when = trait { email_domain = in_list "own_domains" } }
exclude "robots" { when = context { userAgent = any { contains "bot", contains "crawler", contains "spider" } } }

dimension "profile" { range = { 0, 100 }, kind = "state" }      -- who it is: little is asked, little is needed
dimension "taste"   { range = { 0, 100 }, half_life = "45d" }   -- what interests, over a season
dimension "desire"  { range = { 0, 100 }, half_life = "4d" }    -- what is wanted now
dimension "loyalty" { range = { 0, 100 }, decay = { linear = "365d" } }  -- purchases count for a year, less and less
dimension "rhythm"  { range = { -10, 10 }, kind = "state" }     -- counted anew at every look

total { profile = 0.5, taste = 1, desire = 1, loyalty = 1, rhythm = 1 }
grade { profile = { A = 50, B = 25, C = 0 }, desire = { ["1"] = 30, ["2"] = 12, ["3"] = 0 } }

group "browsing" { dimension = "taste", cap = 20, per = "7d" }
