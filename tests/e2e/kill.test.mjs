// SPDX-License-Identifier: MIT
// kill -9, again and again, while a server delivers to receivers that fail in every way: 500, a hang, a reset, a slow
// answer, 429 and 410. At the end every action was delivered at least once, and all attempts of one action had one
// key and the same bytes. Some are mailed too, and nobody who was suppressed by then, before their mail was caused or
// while it waited. RIPEN_KILL_ACTIONS says how many actions (300), RIPEN_KILLS how many kills (6).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { BIN, SECRET, folder, sleep, startRipen, until } from './lib.mjs';

const run = promisify(execFile);
const ACTIONS = Number(process.env.RIPEN_KILL_ACTIONS ?? 300);
const KILLS = Number(process.env.RIPEN_KILLS ?? 6);
const LEADS_A_BATCH = 50;
// Of the first leads every tenth is mailed, and every tenth would be, had nobody suppressed it.
const FIRST = Math.min(ACTIONS, 300);
const every10th = (rest) => Array.from({ length: FIRST }, (_, i) => i).filter((i) => i % 10 === rest).map((i) => `lead${i}@kill.test`);
const MAILED = every10th(4);
const SUPPRESSED = every10th(3);
const LATE = [0, 1, 2, 3, 4].map((i) => `late${i}@kill.test`); // suppressed while their mails wait
const LAST = 'last@kill.test';

// What a path does with every third request; never so often in a row that it is left alone for long.
const WAYS = {
  fine: null,
  broken: (request, response) => response.writeHead(500).end(),
  hangs: () => {},
  resets: (request) => request.socket.resetAndDestroy?.() ?? request.socket.destroy(),
  slow: (request, response, good) => setTimeout(good, 120),
  limited: (request, response) => response.writeHead(429, { 'retry-after': '0' }).end(),
  gone: (request, response) => response.writeHead(410).end(),
};
const NAMES = Object.keys(WAYS);

function startReceivers(t) {
  const seen = new Map(); // key → { bodies, attempts, taken }
  const requests = Object.fromEntries(NAMES.map((name) => [name, 0]));
  const state = { seen, requests, taken: 0, gone: false };
  const server = createServer(async (request, response) => {
    let body = '';
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return; // killed while it sent
    }
    const name = request.url.slice(1);
    const key = request.headers['webhook-id'];
    const entry = seen.get(key) ?? { bodies: new Set(), attempts: 0, taken: 0 };
    seen.set(key, entry);
    entry.bodies.add(body);
    entry.attempts++;
    assert.equal(request.headers['idempotency-key'], key);
    const good = () => {
      if (!entry.taken++) state.taken++;
      response.writeHead(204).end();
    };
    const nth = ++requests[name];
    const fails = name === 'gone' ? !state.gone && nth > 3 : nth % 3 === 0;
    if (!WAYS[name] || !fails) return good();
    if (name === 'gone') state.gone = true;
    return WAYS[name](request, response, good);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => {
    state.url = `http://127.0.0.1:${server.address().port}`;
    t.after(() => new Promise((ended) => {
      server.close(ended);
      server.closeAllConnections();
    }));
    done(state);
  }));
}

// A mail server that keeps what it took, by Message-ID.
function startMailbox(t) {
  const mails = new Map(); // Message-ID → { bytes, to }
  const server = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], logger: false, closeTimeout: 10,
    onData: (stream, session, done) => {
      const parts = [];
      stream.on('data', (part) => parts.push(part));
      stream.on('end', () => {
        const bytes = Buffer.concat(parts).toString();
        const id = /^Message-ID: (.*)$/m.exec(bytes)[1];
        const mail = mails.get(id) ?? { bytes: new Set(), to: new Set() };
        mails.set(id, mail);
        mail.bytes.add(bytes);
        for (const { address } of session.envelope.rcptTo) mail.to.add(address);
        done();
      });
    } });
  server.on('error', () => {}); // killed while it sent
  t.after(() => new Promise((done) => server.close(done)));
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({ mails, url: `smtp://127.0.0.1:${server.server.address().port}` })));
}

async function writeRules(place) {
  const rules = join(place, 'rules');
  await mkdir(join(rules, 'templates'), { recursive: true });
  await writeFile(join(rules, 'templates', 'thanks.txt'), 'Subject: Thanks\n\nWe call you.\n');
  const actions = NAMES.map((name) => `action "to_${name}" { on = did "Demo Requested", when = trait { way = "${name}" },
    webhook { to = endpoint "${name}", body = { who = "{lead.email}", score = "{score.total}" } } }`);
  await writeFile(join(rules, 'rules.lua'), `stages { "visitor" }
dimension "engagement" { }
score "asked" { on = "Demo Requested", points = 10, dimension = "engagement" }
${actions.join('\n')}
action "thank" { on = did "Demo Requested", when = trait { mailed = true }, email { template = "thanks", purpose = "transactional" } }
`);
  return rules;
}

const batchOf = (from) => Array.from({ length: Math.min(LEADS_A_BATCH, ACTIONS - from) }, (_, i) => from + i).flatMap((i) => {
  const userId = `lead${i}@kill.test`;
  return [{ type: 'identify', messageId: `i${i}`, userId, traits: { email: userId, way: NAMES[i % NAMES.length], mailed: i < FIRST && (i % 10 === 3 || i % 10 === 4) } },
    { type: 'track', messageId: `t${i}`, userId, event: 'Demo Requested' }];
});

async function suppress(ripen, leads) {
  const { status, body } = await ripen.post('/api/corrections/bulk', { verb: 'suppress', leads, reason: 'asked by phone', of: 'test' });
  assert.deepEqual([status, body.done], [200, leads.length], JSON.stringify(body));
}

// Posts what was not acknowledged yet, until the server is gone or everything is in.
async function feed(ripen, progress) {
  while (progress.posted < ACTIONS) {
    try {
      const { status } = await ripen.post('/v1/batch', { batch: batchOf(progress.posted) });
      if (status === 200) progress.posted += LEADS_A_BATCH;
    } catch {
      return;
    }
  }
}

test(`${ACTIONS} deliveries through ${KILLS} kills and receivers that fail`, async (t) => {
  const place = await folder(t);
  const rules = await writeRules(place);
  const receivers = await startReceivers(t);
  const mailbox = await startMailbox(t);
  const config = NAMES.map((name) => `endpoint "${name}" { url = "${receivers.url}/${name}", secret = env "E2E_SECRET", allow_private = true, timeout = "400ms" }\n`).join('')
    + `smtp { url = "${mailbox.url}", from = "ana@acme.test", per_minute = 60000 }\n`;
  const progress = { posted: 0 };
  const db = join(place, 'ripen.db');
  const cli = async (...words) => (await run(BIN, ['outbox', ...words, '--db', db], { maxBuffer: 1 << 30 })).stdout;
  for (let kill = 0; kill < KILLS; kill++) {
    const ripen = await startRipen(t, { place, rules, config, env: { E2E_SECRET: SECRET } });
    if (kill === 0) await suppress(ripen, SUPPRESSED);
    const before = receivers.taken;
    const fed = feed(ripen, progress);
    const enough = Math.max(1, Math.floor((ACTIONS / KILLS) * 0.7 * Math.random()));
    for (const end = Date.now() + 600 + ACTIONS / 10; Date.now() < end && receivers.taken < before + enough;) await sleep(10);
    await sleep(Math.random() * 30);
    await ripen.stop('SIGKILL');
    await fed;
  }
  const ripen = await startRipen(t, { place, rules, config, env: { E2E_SECRET: SECRET } });
  await feed(ripen, progress);
  await run(BIN, ['pause', 'email', '--reason', 'who is suppressed meanwhile', '--db', db]);
  await ripen.post('/v1/batch', { batch: [...LATE, LAST].flatMap((userId) => [
    { type: 'identify', messageId: `i${userId}`, userId, traits: { email: userId, mailed: true } },
    { type: 'track', messageId: `t${userId}`, userId, event: 'Demo Requested' }]) });
  assert.equal(JSON.parse(await cli('list', '--action', 'thank', '--lead', LATE[0], '--format', 'json'))[0].status, 'pending');
  await suppress(ripen, LATE);
  await run(BIN, ['resume', 'email', '--db', db]);
  // What waits for its next attempt is made due, and what 410 ended is let go again, by the tools for it.
  const hurry = async () => {
    await cli('retry', '--state', 'dead', '--act');
    await cli('retry', '--state', 'pending', '--act');
  };
  await until('every action to be delivered', async () => {
    await hurry();
    return receivers.taken === ACTIONS && mailbox.mails.size >= MAILED.length + 1;
  });
  // A row whose answer a kill cut off is sent once more, and that attempt may fail too.
  const rows = await until('every row to be settled', async () => {
    await hurry();
    const all = JSON.parse(await cli('list', '--state', 'delivered', '--limit', '10000', '--format', 'json'))
      .filter((row) => row.kind === 'webhook');
    const left = JSON.parse(await cli('list', '--state', 'pending', '--format', 'json')).length
      + JSON.parse(await cli('list', '--state', 'leased', '--format', 'json')).length;
    return all.length >= Math.min(ACTIONS, 10000 - MAILED.length - 1) && left === 0 ? all : null;
  });
  const thanks = JSON.parse(await cli('list', '--action', 'thank', '--limit', '1000', '--format', 'json'));
  assert.equal(await ripen.stop(), 0);
  assert.deepEqual([...mailbox.mails.values()].flatMap((mail) => [...mail.to]).sort(), [...MAILED, LAST].sort(), 'mailed');
  for (const [id, mail] of mailbox.mails) assert.equal(mail.bytes.size, 1, `the attempts of ${id} differ`);
  const held = thanks.filter((row) => row.status === 'held');
  assert.equal(held.length, SUPPRESSED.length + LATE.length);
  for (const row of held) assert.equal(row.reason, 'the address is suppressed (manual)');
  assert.equal(thanks.length, held.length + MAILED.length + 1);
  assert.equal(receivers.seen.size, ACTIONS, 'one key an action');
  let attempts = 0;
  for (const [key, entry] of receivers.seen) {
    assert.equal(entry.bodies.size, 1, `the attempts of ${key} differ: ${[...entry.bodies].join(' | ')}`);
    assert.ok(entry.taken >= 1, `${key} was never delivered`);
    attempts += entry.attempts;
  }
  for (const row of rows) assert.ok(receivers.seen.has(row.key), `row ${row.id} is told to be delivered and never came`);
  t.diagnostic(`${ACTIONS} actions, ${KILLS} kills, ${attempts} attempts`);
});
