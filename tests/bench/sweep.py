#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sweep.py PROGRAM DB RULES: single events over HTTP while a server rebuilds all leads of DB under an
edited rule, against the same events before it. DB is what `bench_rebuild RULES DB 1000000` leaves.
The edit adds a rule that moves nobody, so that no guard holds it. Prints p50 and p99 in
milliseconds and their ratio; nothing here is a test of time."""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

CLIENTS = 4
PAUSE_S = 0.01
BEFORE_S = 12
EDIT = """score "bench_sweep" {
  why = "Looked at the prices", on = "page", when = { path = "/pricing" }, points = 0.001, dimension = "%s",
}
"""


class Server:
    def __init__(self, program, db, rules):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program, "serve", rules, "--db", db, "--listen", "127.0.0.1:0", "--no-deliver"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip()).group(1))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port)

    def leads(self):
        """All, and those that the rebuild has done."""
        self.connection.request("GET", "/metrics")
        text = self.connection.getresponse().read().decode()
        count = dict(re.findall(r"^(ripen_rebuild_leads\w*) (\S+)", text, re.M))
        return int(float(count["ripen_rebuild_leads"])), int(float(count["ripen_rebuild_leads_done"]))

    def leads_left(self):
        leads, done = self.leads()
        return leads - done

    def wait(self, until, limit_s=600):
        end = time.monotonic() + limit_s
        while not until(self.leads_left()):
            if time.monotonic() > end:
                sys.exit("sweep.py: the server did not come to it within %d s" % limit_s)
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Traffic:
    """Each client sends one event, waits for its answer, pauses, and again."""

    def __init__(self, port, leads):
        self.port, self.leads, self.took_s, self.stopped = port, leads, [], False
        self.threads = [threading.Thread(target=self.client, args=(n,)) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self, n):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        head = {"Content-Type": "application/json",
                "Authorization": "Basic " + base64.b64encode(b"bench:").decode()}
        i = 0
        while not self.stopped:
            body = json.dumps({"userId": "user-%d" % ((n * 7919 + i * 104729) % self.leads),
                               "messageId": "%d-%d-%d" % (os.getpid(), n, i),
                               "properties": {"path": "/pricing"}})
            began = time.monotonic()
            connection.request("POST", "/v1/page", body, head)
            answer = connection.getresponse()
            answer.read()
            self.took_s.append(time.monotonic() - began)
            if answer.status != 200:
                sys.exit("sweep.py: an event was answered with %d" % answer.status)
            i += 1
            time.sleep(PAUSE_S)

    def take(self):
        took_s, self.took_s = sorted(self.took_s), []
        return took_s

    def stop(self):
        self.stopped = True
        for thread in self.threads:
            thread.join()


def told(name, took_s):
    p50, p99 = (1000 * took_s[int(len(took_s) * q)] for q in (0.5, 0.99))
    print("%-6s p50=%.2fms p99=%.2fms n=%d" % (name, p50, p99, len(took_s)), flush=True)
    return p99


def main():
    program, db, source = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as folder:
        rules = shutil.copytree(source, os.path.join(folder, "rules"))
        server = Server(program, db, rules)
        try:
            time.sleep(2)
            server.wait(lambda left: left == 0)  # what another rule set had left over
            traffic = Traffic(server.port, server.leads()[0])
            time.sleep(2)
            traffic.take()
            time.sleep(BEFORE_S)
            before = told("before", traffic.take())
            with open(os.path.join(rules, "bench_sweep.lua"), "w") as out:
                out.write(EDIT % re.search(r'dimension "(\w+)"', open_all(rules)).group(1))
            server.wait(lambda left: left > 0, 60)
            began = time.monotonic()
            traffic.take()
            server.wait(lambda left: left == 0)
            during = told("during", traffic.take())
            print("sweep took %.1f s, p99 during / before %.2f" % (time.monotonic() - began, during / before))
            traffic.stop()
        finally:
            server.stop()


def open_all(rules):
    return "".join(open(os.path.join(rules, name)).read() for name in sorted(os.listdir(rules))
                   if name.endswith(".lua"))


main()
