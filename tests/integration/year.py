#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A year of virtual time: leads in three sequences with hours in their own zones.

Makes rules and events, lets the program import them, and compares each action in the outbox with a
model of its own: which step, for whom, at which millisecond, sent or held and why. The model knows
hours by looking at what a wall clock of the zone (zoneinfo) shows minute by minute.

    year.py PROGRAM DIRECTORY [LEADS]
"""
import bisect
import datetime as dt
import functools
import json
import os
import random
import sqlite3
import subprocess
import sys
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = int(dt.datetime(2026, 1, 5, 9, tzinfo=dt.timezone.utc).timestamp() * 1000)
END = START + 366 * DAY
ZONES = ["Europe/Paris", "America/New_York", "Australia/Sydney", None]
LAST_RESORT = "Europe/Paris"

RULES = """
dimension "engagement" { range = {0, 200}, half_life = "21d" }
score "seen" { why = "Saw a page", on = "page", points = 5 }
stages { "visitor", "lead", "mql"; side = { "recycled" } }
stage "lead" { enter = known() }
stage "mql" { from = { "lead", "recycled" }, enter = did "Ready" }
stage "recycled" { from = "mql", enter = did "Lead Rejected" }
sequence "welcome" {
  start = entered "mql", exit = any { left "mql", did "Meeting Booked" }, reenter = "60d",
  send = { days = "mon-fri", from = "08:00", to = "20:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = {
    step "hello" { email { template = "hello" } },
    step "pause" { wait "1d" },
    step "case"  { email { template = "hello" }, task { team = "sdr", note = "case" } },
    step "look"  { wait_until { did "Feature Used", timeout = "3d" } },
    step "fork"  { branch { { when = did "Feature Used", go = "human" }, otherwise = "tips" } },
    step "tips"  { email { template = "hello" }, stop() },
    step "human" { task { team = "sdr", note = "human" } },
  },
}
sequence "weekly" {
  start = did "Subscribed", exit = did "Stopped Reading", reenter = "30d",
  send = { days = { "tue", "thu", "sat" }, from = "09:30", to = "11:00", tz = { "lead.timezone", "Europe/Paris" } },
  steps = { %s },
}
sequence "nightly" {
  start = did "Checked In", purpose = "transactional",
  send = { from = "02:15", to = "02:45", tz = { "lead.timezone", "Europe/Paris" } },
  steps = { %s },
}
team "sdr" { members = { "lea@acme.test" } }
limits { email = { per_lead = 2, per = "7d" } }
""" % (
    ", ".join('step "w%d" { email { template = "hello" }, wait "7d" }' % i for i in range(12)),
    ", ".join('step "n%d" { task { team = "sdr", note = "n" }, wait "20h" }' % i for i in range(40)),
)


# ---- The model --------------------------------------------------------------------------------

@functools.cache
def day_hours(zone, day, first, last):
    """[from, to) of a local calendar day in ms: when its clock first shows these times, or later."""
    zone = ZoneInfo(zone)
    midnight = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.timezone.utc).timestamp())
    opens = closes = None
    for minute in range(-14 * 60, 40 * 60):
        at = midnight + minute * 60
        local = dt.datetime.fromtimestamp(at, zone)
        if local.date() != day:
            continue
        shown = local.hour * 60 + local.minute
        if opens is None and shown >= first:
            opens = at * 1000
        if closes is None and shown >= last:
            closes = at * 1000
            break
    return opens, closes


def next_open(zone, days, first, last, ms):
    day = dt.datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).date()
    while True:
        if day.weekday() in days:
            opens, closes = day_hours(zone, day, first, last)
            if opens < closes and ms < closes:
                return max(ms, opens)
        day += dt.timedelta(days=1)


HOURS = {
    "welcome": ({0, 1, 2, 3, 4}, 8 * 60, 20 * 60),
    "weekly": ({1, 3, 5}, 9 * 60 + 30, 11 * 60),
    "nightly": (set(range(7)), 2 * 60 + 15, 2 * 60 + 45),
}
STEPS = {
    "welcome": [("hello", [("email",)]), ("pause", [("wait", DAY)]),
                ("case", [("email",), ("task",)]), ("look", [("until", "Feature Used", 3 * DAY)]),
                ("fork", [("branch", "Feature Used", 6, 5)]), ("tips", [("email",), ("stop",)]),
                ("human", [("task",)])],
    "weekly": [("w%d" % i, [("email",), ("wait", 7 * DAY)]) for i in range(12)],
    "nightly": [("n%d" % i, [("task",), ("wait", 20 * HOUR)]) for i in range(40)],
}
REENTER = {"welcome": 60 * DAY, "weekly": 30 * DAY, "nightly": None}
PURPOSE = {"welcome": "marketing", "weekly": "marketing", "nightly": None}


class Instance:
    def __init__(self, name, now):
        self.name, self.started, self.step, self.item = name, now, 0, 0
        self.due, self.seen, self.held_for_hours = None, set(), False


class Lead:
    def __init__(self, zone):
        self.zone = zone or LAST_RESORT
        self.stage, self.consent = "visitor", None
        self.live, self.ended, self.mails, self.out = {}, {}, [], []

    def act(self, instance, kind, now):
        name = "%s.%s" % (instance.name, STEPS[instance.name][instance.step][0])
        held = False
        if kind == "email":
            held = self.consent != "given" or sum(now - 7 * DAY < at for at in self.mails) >= 2
            if not held:
                self.mails.append(now)
        self.out.append((name, kind, now, held))

    def end(self, instance, now):
        del self.live[instance.name]
        self.ended[instance.name] = now

    def run(self, instance, now):
        steps, hours = STEPS[instance.name], HOURS[instance.name]
        while True:
            if instance.step == len(steps):
                return self.end(instance, now)
            items = steps[instance.step][1]
            if instance.item == len(items):
                instance.step, instance.item = instance.step + 1, 0
                continue
            item = items[instance.item]
            if item[0] in ("email", "task"):
                opens = next_open(self.zone, *hours, now)
                if opens > now:
                    instance.due = opens
                    return None
                self.act(instance, item[0], now)
            elif item[0] == "wait":
                if instance.due is None:
                    instance.due = now + item[1]
                if instance.due > now:
                    return None
            elif item[0] == "until":
                if instance.due is None:
                    instance.due = now + item[2]
                if item[1] not in instance.seen and instance.due > now:
                    return None
            elif item[0] == "branch":
                instance.step, instance.item = item[2 if item[1] in instance.seen else 3], 0
                continue
            elif item[0] == "stop":
                return self.end(instance, now)
            instance.due = None
            instance.item += 1

    def time(self, until):
        while True:
            due = [i for i in self.live.values() if i.due is not None and i.due <= until]
            if not due:
                return
            now = min(i.due for i in due)
            # all that is due in one moment goes on in it, in the order in which it began
            for instance in [i for i in self.live.values() if i.due is not None and i.due <= now]:
                self.run(instance, now)

    def event(self, name, now):
        self.time(now)
        before = self.stage
        if name == "Ready" and self.stage in ("lead", "recycled"):
            self.stage = "mql"
        elif name == "Lead Rejected" and self.stage == "mql":
            self.stage = "recycled"
        elif name == "Signed Up":
            self.stage = "lead"
        elif name == "Consent Given":
            self.consent = "given"
        elif name == "Unsubscribed":
            self.consent = "unsubscribed"
        for instance in list(self.live.values()):
            instance.seen.add(name)
            left = name == "Lead Rejected" and before == "mql"
            if (name == "Unsubscribed" and PURPOSE[instance.name]) or \
               (instance.name == "welcome" and (left or name == "Meeting Booked")) or \
               (instance.name == "weekly" and name == "Stopped Reading"):
                self.end(instance, now)
            else:
                self.run(instance, now)
        starts = {"Subscribed": "weekly", "Checked In": "nightly"}.get(name)
        if name == "Ready" and before != "mql" and self.stage == "mql":
            starts = "welcome"
        if starts and starts not in self.live:
            again = REENTER[starts]
            if starts not in self.ended or (again and self.ended[starts] + again <= now):
                self.live[starts] = Instance(starts, now)
                self.live[starts].seen.add(name)
                self.run(self.live[starts], now)


# ---- The world --------------------------------------------------------------------------------

def make_events(rng):
    """(time, name) of one lead; never two in one millisecond."""
    times = sorted(rng.sample(range(START + HOUR, END - 60 * DAY, 1000), 26))
    names = ["Ready", "Ready", "Lead Rejected", "Meeting Booked", "Feature Used", "Feature Used",
             "Feature Used", "Subscribed", "Subscribed", "Subscribed", "Stopped Reading",
             "Checked In", "page", "page", "Ready", "Ready"]
    chosen = [rng.choice(names) for _ in times]
    if rng.random() < 0.25:
        chosen[rng.randrange(5, 26)] = "Unsubscribed"
    events = [(START + rng.randrange(1000), "Signed Up")]
    if rng.random() < 0.85:
        events.append((START + 2000, "Consent Given"))
    return events + list(zip(times, chosen)) + [(END, "page")]


def iso(ms):
    at = dt.datetime.fromtimestamp(ms // 1000, dt.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (ms % 1000)


def main():
    program, place = sys.argv[1], sys.argv[2]
    leads = int(sys.argv[3]) if len(sys.argv) > 3 else 500
    rng = random.Random(20260105)
    expected, rows = {}, []
    os.makedirs(os.path.join(place, "rules", "templates"), exist_ok=True)
    with open(os.path.join(place, "rules", "rules.lua"), "w") as file:
        file.write(RULES)
    with open(os.path.join(place, "rules", "templates", "hello.txt"), "w") as file:
        file.write("Hello\n")
    with open(os.path.join(place, "rules", "ripen.lua"), "w") as file:
        file.write('smtp { url = "smtp://127.0.0.1:2525", from = "a@acme.test" }\n')
    for n in range(leads):
        zone, user = ZONES[n % len(ZONES)], "u%05d" % n
        lead = Lead(zone)
        for i, (at, name) in enumerate(make_events(rng)):
            row = {"messageId": "%s-%d" % (user, i), "userId": user, "receivedAt": iso(at),
                   "timestamp": iso(at), "type": "track", "event": name}
            if name == "Signed Up":
                del row["event"]
                row["type"] = "identify"
                row["traits"] = {"email": user + "@globex.test"}
                if zone:
                    row["traits"]["timezone"] = zone
            elif name == "page":
                del row["event"]
                row.update(type="page", properties={"path": "/"})
            rows.append((at, n, json.dumps(row)))
            lead.event(name, at)
        expected[user] = lead.out
    rows.sort()
    with open(os.path.join(place, "events.ndjson"), "w") as file:
        file.writelines(row + "\n" for _, _, row in rows)
    subprocess.run([program, "import", "events.ndjson", "--rules", "rules", "--db", "year.db"],
                   cwd=place, check=True, stdout=subprocess.DEVNULL)
    compare(os.path.join(place, "year.db"), expected)


def compare(path, expected):
    db = sqlite3.connect(path)
    found = {user: [] for user in expected}
    kinds = {2: "task", 4: "email"}
    for user, action, kind, at, state in db.execute(
            "SELECT n.value, a.text, o.kind, o.created_ms, o.state FROM outbox AS o "
            "JOIN nodes AS n ON n.lead = o.lead AND n.kind = 1 "
            "JOIN names AS a ON a.id = o.action ORDER BY o.id"):
        found[user].append((action, kinds[kind], at, state == 5))
    wrong = 0
    for user, want in expected.items():
        for missing in sorted(set(want) - set(found[user]), key=lambda row: row[2]):
            wrong += 1
            if wrong < 12:
                print("%s: expected %s of %s at %s, held: %s" %
                      (user, missing[1], missing[0], iso(missing[2]), missing[3]))
        for other in sorted(set(found[user]) - set(want), key=lambda row: row[2]):
            wrong += 1
            if wrong < 12:
                print("%s: found %s of %s at %s, held: %s" %
                      (user, other[1], other[0], iso(other[2]), other[3]))
        wrong += len(found[user]) != len(set(found[user]))
    acts = sum(len(want) for want in expected.values())
    held = sum(row[3] for want in expected.values() for row in want)
    print("%d leads, %d actions of steps, %d of them held: %d differences" %
          (len(expected), acts, held, wrong))
    sys.exit(1 if wrong or acts < len(expected) else 0)


main()
