/* SPDX-License-Identifier: MIT */
/* The part of the rules that reaches people: sequences with waits, a branch and hours, e-mail of
 * two purposes, a limit, a team. Edits change waits and take a step or the whole sequence away. */
#include "sim.h"

/* The hours are of a zone without summer time, so that a checker can count them. */
static const char welcome[] =
    "sequence \"welcome\" {\n"
    "  start = entered \"%s\", exit = any { left \"%s\", did \"Something\" }, reenter = \"%dd\",\n"
    "  purpose = \"marketing\", send = { days = \"mon-fri\", from = \"08:00\", to = \"20:00\",\n"
    "    tz = { \"lead.timezone\", \"Asia/Tokyo\" } },\n"
    "  steps = {\n"
    "    step \"hello\" { email { template = \"hello\", subject = \"Hello\" } },\n"
    "    step \"pause\" { wait \"%dh\" },\n"
    "%s"
    "    step \"look\"  { wait_until { did \"Liked\", timeout = \"%dd\" } },\n"
    "    step \"fork\"  { branch { { when = did \"Liked\", go = \"human\" }, otherwise = \"tips\" "
    "} "
    "},\n"
    "    step \"tips\"  { email { template = \"tips\" }, stop() },\n"
    "    step \"human\" { task { team = \"sdr\", due = \"1d\", note = \"Likes it\" } },\n"
    "  } }\n";

static const char extra[] =
    "    step \"extra\" { webhook { to = endpoint \"crm\", body = { } }, wait \"60h\" },\n";

static const char others[] =
    "team \"sdr\" { members = { \"lea@a.test\", \"tom@a.test\", \"ann@a.test\" } }\n"
    "sequence \"receipts\" {\n"
    "  start = did \"Product Added\", exit = did \"Deal Won\", reenter = \"2d\",\n"
    "  purpose = \"transactional\", steps = {\n"
    "    step \"bill\" { email { template = \"hello\" } },\n"
    "    step \"rest\" { wait \"1d\", notify { to = endpoint \"chat\", text = \"rests\" }, wait "
    "\"5h\" },\n"
    "    step \"end\"  { webhook { to = endpoint \"stats\", body = { } } },\n"
    "  } }\n"
    "action \"offer\" { on = did \"Liked\", email { template = \"tips\", purpose = "
    "\"news\" } }\n"
    "action \"give\" { on = entered \"%s\", assign { team = \"sdr\", keep_owner = true } }\n"
    "limits { email = { per_lead = %d, per = \"%dd\" } }\n";

void rules_mail(const struct knobs *knobs, struct rp_buf *out)
{
    const char *stage = rules_stage(knobs, 1);

    if (!knobs->without_all) {
        rp_buf_printf(out, welcome, stage, stage, REENTER_DAYS, knobs->pause_hours,
                      knobs->without_extra ? "" : extra, knobs->until_days);
    }
    rp_buf_printf(out, others, stage, MAILS_MAX, MAILS_DAYS);
}
