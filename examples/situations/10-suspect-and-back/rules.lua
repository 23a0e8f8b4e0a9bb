-- Situation 10. Un suspect : il télécharge, n'ouvre jamais un e-mail, écrit d'une messagerie gratuite, étudie.
-- Et le chemin du retour, quand il achète tout de même.
-- À regarder : Walid est suspect au troisième téléchargement, puis client. Xena ouvre un e-mail : elle ne l'est pas.
-- Yann n'est pas étudiant : lui non plus.

dimension "fit"        { range = { -50, 50 }, kind = "state" }
dimension "engagement" { range = { 0, 100 }, half_life = "30d" }
total { fit = 1, engagement = 1 }

fit "etudiant" { why = "Étudiant ou stagiaire", field = "title",
  words = { { any = { "étudiant", "étudiante", "student", "stagiaire" }, points = -30 } } }
fit "messagerie_gratuite" { why = "Messagerie gratuite", when = { email_domain = in_list "free_mail_domains" }, points = -10 }

score "livre_blanc" { why = "A téléchargé un livre blanc", on = "Ebook Downloaded", points = 6, once_per = "title" }
score "ouvre"       { why = "Ouvre nos e-mails", on = "Email Opened", points = 2, once_per = "email_id" }

stages { "visitor", "lead", "customer"; side = { "suspect" } }
stage "lead"     { enter = known() }
stage "customer" { from = { "visitor", "lead", "suspect" }, enter = did "Order Completed", terminal = true }
stage "suspect"  {
  from  = "lead",
  enter = all {
    did("Ebook Downloaded", { times = 3, ever = true }),
    none { did("Email Opened", { ever = true }) },
    trait { email_domain = in_list "free_mail_domains" },
    trait { title = any { word "étudiant", word "étudiante", word "student", word "stagiaire" } },
  },
}

action "bienvenue_client" {
  on = entered "customer",
  webhook { to = endpoint "crm", body = { email = "{lead.email}", stage = "{stage}" } },
}
