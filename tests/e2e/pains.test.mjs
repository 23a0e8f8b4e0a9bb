// SPDX-License-Identifier: MIT
// Pains that need a receiver or many clients at a time (tests/pains/README.md lists all of them): a receiver
// that hangs, and somebody who sends a long history backwards. RIPEN_HOSTILE_EVENTS makes that one long
// (20000); then the latency of the others is judged too, else it is only printed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { BIN, endpoints, event, folder, sleep, startRipen, until } from './lib.mjs';

const run = promisify(execFile);
const HOSTILE = Number(process.env.RIPEN_HOSTILE_EVENTS ?? 1500);
const BATCH = 50;

// A receiver that never answers what is about the lead `slow`, and takes everything else.
async function startHalfDeaf(t, slow) {
  const taken = new Map(); // key: how often
  const hung = new Map();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const key = request.headers['webhook-id'];
    const list = text.includes(slow) ? hung : taken;
    list.set(key, (list.get(key) ?? 0) + 1);
    if (list === taken) response.end('{}');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  }));
  return { url: `http://127.0.0.1:${server.address().port}`, taken, hung };
}

const demand = (email) => ({ batch: [
  event('identify', { userId: email, traits: { email } }),
  event('track', { userId: email, event: 'Demo Requested' }),
] });

test('a receiver that hangs for one person goes on taking the others', async (t) => {
  const place = await folder(t);
  const receiver = await startHalfDeaf(t, 'slow@globex.test');
  const ripen = await startRipen(t, { place, config: endpoints({ crm: receiver.url, options: 'allow_private = true, timeout = "30s"' }) });
  await ripen.post('/v1/batch', demand('slow@globex.test'));
  await until('the requests that hang', () => receiver.hung.size === 2);
  const begun = performance.now();
  for (let i = 0; i < 40; i++) await ripen.post('/v1/batch', demand(`n${i}@globex.test`));
  await until("the others' actions", () => receiver.taken.size === 80);
  const took = performance.now() - begun;
  assert.ok(took < 15000, `the others waited ${took} ms`);
  assert.deepEqual([...receiver.hung.values()], [1, 1]); // those are still hanging: nothing was waited for
  assert.deepEqual([...new Set(receiver.taken.values())], [1]);
  await ripen.stop('SIGKILL'); // SIGTERM would wait for what hangs
});

test('what hangs is given up after its time and tried again, under its key', async (t) => {
  const place = await folder(t);
  const receiver = await startHalfDeaf(t, 'slow@globex.test');
  const ripen = await startRipen(t, { place, config: endpoints({ crm: receiver.url, options: 'allow_private = true, timeout = "300ms"' }) });
  await ripen.post('/v1/batch', demand('slow@globex.test'));
  await ripen.post('/v1/batch', demand('n@globex.test'));
  await until("the other's actions", () => receiver.taken.size === 2);
  await until('second attempts', () => [...receiver.hung.values()].every((n) => n > 1));
  assert.equal(receiver.hung.size, 2);
  await ripen.stop('SIGKILL');
});

// The milliseconds that other people's single events take while `work` is under way, sorted.
async function others(ripen, work) {
  const took = [];
  let running = true;
  const client = async (name) => {
    for (let n = 0; running || took.length < 40; n++) {
      const begun = performance.now();
      const { status } = await ripen.post('/v1/track', event('track', { userId: `other-${name}-${n % 50}`, event: 'Feature Used' }));
      assert.equal(status, 200);
      took.push(performance.now() - begun);
      await sleep(2);
    }
  };
  const clients = [client('a'), client('b')];
  await work();
  running = false;
  await Promise.all(clients);
  return took.sort((a, b) => a - b);
}

test('a history sent newest first costs its own lead only', { timeout: 1800_000 }, async (t) => {
  const place = await folder(t);
  const db = join(place, 'ripen.db');
  const config = endpoints({ crm: 'http://127.0.0.1:9' });
  const create = async (...words) => (await run(BIN, ['key', 'create', '--db', db, '--scope', ...words])).stdout.trim();
  const asks = (key) => ({ 'content-type': 'application/json', authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });
  const ripen = await startRipen(t, { place, config, args: ['--no-deliver'] });
  const headers = asks(await create('ingest', '--public'));
  await until('the key to be known', async () => (await fetch(`${ripen.url}/v1/batch`, { method: 'POST', headers: asks('other'), body: '{}' })).status === 401);
  const post = async (path, body) => {
    const response = await fetch(ripen.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  };
  const newest = Date.now() - 1000;
  const send = (who, backwards) => async () => {
    for (let n = 0; n < HOSTILE; n += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, HOSTILE - n) }, (_, i) => event('page', {
        anonymousId: who,
        properties: { path: '/pricing' },
        timestamp: new Date(newest - 1000 * (backwards ? n + i : HOSTILE - n - i)).toISOString(),
      }));
      const { status, body } = await post('/v1/batch', { batch });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body.accepted, batch.length, JSON.stringify(body));
    }
  };
  const p99 = (list) => list[Math.min(list.length - 1, Math.floor(list.length * 0.99))];
  const judge = async (name, work) => {
    const list = await others({ post }, work);
    return { name, count: list.length, p50: list[list.length >> 1], p99: p99(list) };
  };
  const figures = [
    await judge('alone', () => sleep(1000)),
    await judge('oldest first', send('good', false)),
    await judge('newest first', send('evil', true)),
  ];
  t.diagnostic(`${HOSTILE} events; other people's requests: ${figures.map((f) =>
    `${f.name} p50 ${f.p50.toFixed(1)} p99 ${f.p99.toFixed(1)} ms (${f.count})`).join(', ')}`);
  if (process.env.RIPEN_HOSTILE_EVENTS) {
    assert.ok(figures[2].p99 <= 2 * figures[1].p99, `p99 ${figures[2].p99} ms, ${figures[1].p99} ms when the same comes in order`);
  }

  assert.equal(await ripen.stop(), 0);
  // What was sent backwards is stored; once its history was folded its score is that of the same in order.
  const second = await startRipen(t, { place, config, args: ['--no-deliver'] });
  const reading = { headers: asks(await create('read')) };
  await until('the history to be folded', async () => {
    const text = await (await fetch(`${second.url}/metrics`, reading)).text();
    return Number(/^ripen_event_newest (\d+)$/m.exec(text)[1]) >= 2 * HOSTILE && /^ripen_leads_set_aside 0$/m.test(text);
  });
  assert.equal(await second.stop(), 0);
  const { stdout } = await run(BIN, ['leads', '--db', db, '--limit', '1000', '--at', new Date(newest + 3600_000).toISOString(), '--format', 'json']);
  const [good, evil] = ['good', 'evil'].map((who) => JSON.parse(stdout).find((lead) => lead.anonymousIds.includes(who)));
  assert.ok(good.scores.engagement > 0);
  assert.deepEqual([evil.scores, evil.fired], [good.scores, good.fired]);
  assert.match((await run(BIN, ['verify', '--db', db])).stdout, / 0 differ, 0 /);
});
