// SPDX-License-Identifier: MIT
// node deliver.mjs RIPEN [ROUNDS=3] [ACTIONS=6400]: goal 14. Webhooks a second to 64 healthy endpoints with one dead
// endpoint beside them (it takes connections and never answers), ÷ without. Each round is a new database in which the
// same actions wait, paused, until the clock starts. Prints one line, "deliver alone=… with_dead=… ratio=…".
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [ripen, rounds, actions] = [resolve(process.argv[2]), Number(process.argv[3] ?? 3), Number(process.argv[4] ?? 6400)];
const HEALTHY = 64;
const BATCH = 100;
const listening = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));

let taken = 0;
let waiting = null;
const healthy = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(204).end();
    if (++taken === waiting?.count) waiting.done();
  });
});
const dead = createTcp((socket) => socket.on('error', () => {}));
const ports = [await listening(healthy), await listening(dead)];

const names = Array.from({ length: HEALTHY }, (_, i) => `e${i}`);
const rules = [...names, 'dead'].map((name) => `action "${name}" { on = did "Demo Requested", when = trait { way = "${name}" },
  webhook { to = endpoint "${name}", body = { email = "{lead.email}", score = "{score.total}" } } }`).join('\n');
const endpoint = (name, port) => `endpoint "${name}" { url = "http://127.0.0.1:${port}/${name}", allow_private = true }\n`;
const config = names.map((name) => endpoint(name, ports[0])).join('') + endpoint('dead', ports[1]);

// One measurement: the rate at which the healthy endpoints get theirs.
async function measure(withDead) {
  const place = mkdtempSync(join(tmpdir(), 'ripen-bench-'));
  const db = join(place, 'ripen.db');
  mkdirSync(join(place, 'rules'));
  writeFileSync(join(place, 'rules', 'rules.lua'), `stages { "visitor" }\ndimension "engagement" { }\n${rules}\n`);
  writeFileSync(join(place, 'ripen.lua'), config);
  const run = spawn(ripen, ['serve', join(place, 'rules'), '--db', db, '--listen', '127.0.0.1:0', '--config', join(place, 'ripen.lua')],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  const url = await new Promise((done) => run.stdout.once('data', (data) => done(/http:\S+/.exec(String(data))[0])));
  const cli = (...words) => execFileSync(ripen, [...words, '--db', db]);
  cli('pause', 'deliveries');
  const ways = withDead ? [...names, 'dead'] : names;
  const total = withDead ? actions + actions / HEALTHY : actions;
  for (let from = 0; from < total; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, total - from) }, (_, i) => from + i).flatMap((i) => [
      { type: 'identify', messageId: `i${i}`, userId: `u${i}`, traits: { email: `u${i}@bench.test`, way: ways[i % ways.length] } },
      { type: 'track', messageId: `t${i}`, userId: `u${i}`, event: 'Demo Requested' }]);
    await (await fetch(`${url}/v1/batch`, { method: 'POST', headers: { 'content-type': 'application/json',
      authorization: `Basic ${Buffer.from('b:').toString('base64')}` }, body: JSON.stringify({ batch }) })).json();
  }
  taken = 0;
  const end = new Promise((done) => { waiting = { count: Math.floor(total / ways.length) * HEALTHY, done }; });
  let first = 0;
  healthy.once('request', () => { first = performance.now(); });
  cli('resume', 'deliveries');
  await end;
  const rate = (waiting.count * 1000) / (performance.now() - first);
  run.kill('SIGKILL');
  await new Promise((done) => run.once('close', done));
  rmSync(place, { recursive: true });
  return rate;
}

const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
const alone = [];
const together = [];
for (let i = 0; i < rounds; i++) { // in turn, so that what the machine does meets both
  alone.push(await measure(false));
  together.push(await measure(true));
}
console.log(`deliver alone=${median(alone).toFixed(0)} with_dead=${median(together).toFixed(0)} ratio=${(median(together) / median(alone)).toFixed(3)} endpoints=${HEALTHY} actions=${actions}`);
process.exit(0);
