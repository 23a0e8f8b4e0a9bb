// SPDX-License-Identifier: MIT
// What the end-to-end tests stand on: a server in a folder of its own, the example receiver, a static web
// server, and waiting for conditions. Processes are ended by their id when the test that made them ends.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';

export const BIN = process.env.RIPEN_BIN;
export const ROOT = process.env.RIPEN_ROOT;
export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const WAIT_MS = Number(process.env.RIPEN_E2E_WAIT_MS ?? 30000);

assert.ok(BIN && ROOT, 'run through tests/e2e/run.sh, which sets RIPEN_BIN and RIPEN_ROOT');

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// The first value of `look` that is not falsy; fails with the last one seen. Errors count as not yet.
export async function until(what, look) {
  const end = Date.now() + WAIT_MS;
  let seen;
  for (;;) {
    try {
      seen = await look();
      if (seen) return seen;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > end) assert.fail(`waited in vain for ${what}; last seen: ${seen?.stack ?? JSON.stringify(seen)}`);
    await sleep(40);
  }
}

export async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), 'ripen-e2e-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

// A child with its output kept; `line(re)` waits for a line of stdout.
function launch(t, command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const run = { pid: child.pid, stdout: '', stderr: '', code: undefined, signal: undefined };
  const ended = new Promise((done) => child.on('close', (code, signal) => {
    Object.assign(run, { code, signal });
    done();
  }));
  child.stdout.on('data', (data) => { run.stdout += data; });
  child.stderr.on('data', (data) => { run.stderr += data; });
  run.alive = () => run.code === undefined;
  run.line = (pattern) => until(`a line like ${pattern} from ${command}`, () => {
    if (!run.alive()) throw new Error(`${command} ended (${run.code ?? run.signal}): ${run.stdout}${run.stderr}`);
    return pattern.exec(run.stdout);
  });
  run.stop = async (signal = 'SIGTERM') => {
    if (run.alive()) process.kill(child.pid, signal);
    await ended;
    return run.code ?? run.signal;
  };
  t.after(() => run.stop('SIGKILL'));
  return run;
}

// The receiver of examples/receiver.
export async function startReceiver(t, { answer = '', secret = SECRET, port = 0 } = {}) {
  const run = launch(t, process.execPath, ['receiver.mjs', '--port', String(port), '--answer', answer],
    { env: { ...process.env, WEBHOOK_SECRET: secret } });
  const [, url] = await run.line(/listening on (http:\/\/[0-9.:]+)/);
  if (secret) assert.match(run.stdout, /signatures checked by: standardwebhooks/);
  run.url = url;
  run.state = async () => (await fetch(`${url}/deliveries`)).json();
  run.deliveries = async (path = '') => (await run.state()).deliveries.filter((d) => d.path.startsWith(path));
  return run;
}

// A configuration of the two endpoints that rules/ names; `more` are further lines.
export function endpoints({ crm, sales = crm, options = 'allow_private = true', more = '' }) {
  const line = (name, url) => `endpoint "${name}" { url = "${url}", secret = env "E2E_SECRET", ${options} }\n`;
  return line('crm', `${crm}/crm`) + line('sales_channel', `${sales}/sales`) + more;
}

// `ripen serve` on a port that is free, with a database in `place`; the rules of this repository.
export async function startRipen(t, { place, config = '', rules = join(ROOT, 'rules'), env = {}, args = [] }) {
  await writeFile(join(place, 'ripen.lua'), config);
  const run = launch(t, BIN, ['serve', rules, '--db', join(place, 'ripen.db'), '--listen', '127.0.0.1:0',
    '--config', join(place, 'ripen.lua'), ...args], { env: { ...process.env, E2E_SECRET: SECRET, ...env } });
  const [, url] = await run.line(/^ripen: listening on (http:\/\/\S+)\n/);
  run.url = url;
  run.get = async (path) => {
    const response = await fetch(url + path);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  run.lead = (who) => run.get(`/api/leads/${encodeURIComponent(who)}`);
  run.explain = (who) => run.get(`/api/leads/${encodeURIComponent(who)}/explain`);
  run.post = async (path, body) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Basic ${Buffer.from('e2e:').toString('base64')}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  return run;
}

// One event of a Segment-style batch.
let made = 0;
export function event(type, fields) {
  return { type, messageId: `e2e-${process.pid}-${++made}`, timestamp: new Date().toISOString(), ...fields };
}

// The actions of a lead that webhooks carry, once none of them is on its way any more.
export function settled(ripen, who) {
  return until(`${who}'s webhooks to be settled`, async () => {
    const sent = (await ripen.lead(who)).actions.filter((a) => a.kind === 'webhook' || a.kind === 'notify');
    return sent.length > 0 && sent.every((a) => a.status !== 'pending' && a.status !== 'leased') ? sent : null;
  });
}

const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.html': 'text/html; charset=utf-8' };

// Serves `pages` (path to text) and, under /node_modules/, the packages.
export async function startSite(t, pages) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://site').pathname;
    try {
      const body = pages[path] ?? (path.startsWith('/node_modules/') && !path.includes('..') ? await readFile(`.${path}`) : null);
      if (body === null) throw new Error('not found');
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? TYPES['.html'] }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  }));
  return `http://127.0.0.1:${server.address().port}`;
}
