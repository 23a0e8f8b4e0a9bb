// SPDX-License-Identifier: MIT
// Webhooks from the decision to the receiver: failures that pass, one that lasts, TLS, private addresses, and
// what the lead's record says of them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import test from 'node:test';
import { endpoints, event, folder, settled, sleep, startReceiver, startRipen, until } from './lib.mjs';

// A lead that raises a hand: rules/ sends one webhook to "crm" and one note to "sales_channel".
function demand(email) {
  return { batch: [event('identify', { userId: email, traits: { email } }), event('track', { userId: email, event: 'Demo Requested' })] };
}

async function post(ripen, email) {
  const { status, body } = await ripen.post('/v1/batch', demand(email));
  assert.equal(status, 200);
  assert.equal(body.accepted, 2, JSON.stringify(body));
}

async function world(t, answer, more = {}) {
  const place = await folder(t);
  const receiver = await startReceiver(t, { answer });
  const ripen = await startRipen(t, { place, config: endpoints({ crm: receiver.url, ...more.endpoints }), ...more.ripen });
  return { place, receiver, ripen };
}

for (const [name, answer, attempts] of [['500 twice', '500x2', 3], ['429 with Retry-After', '429:1', 2], ['a dropped connection', 'drop', 2]]) {
  test(`delivered after ${name}, under one key`, async (t) => {
    const { receiver, ripen } = await world(t, answer);
    await post(ripen, 'bo@globex.test');
    const actions = await settled(ripen, 'bo@globex.test');
    assert.deepEqual([...new Set(actions.map((a) => a.status))], ['delivered']);
    const { deliveries, refused } = await receiver.state();
    assert.equal(refused, 0);
    assert.deepEqual(deliveries.map((d) => d.key).sort(), actions.map((a) => a.key).sort());
    for (const delivery of deliveries) {
      assert.equal(delivery.attempts, attempts);
      assert.equal(delivery.taken, 1);
    }
  });
}

test('410 switches an endpoint off, and the other goes on', async (t) => {
  const gone = await startReceiver(t, { answer: '410*' });
  const { receiver, ripen } = await world(t, '', { endpoints: { sales: gone.url } });
  for (const email of ['c1@globex.test', 'c2@globex.test']) {
    await post(ripen, email);
    const actions = await settled(ripen, email);
    assert.equal(actions.find((a) => a.to === 'crm').status, 'delivered');
    assert.equal(actions.find((a) => a.to === 'sales_channel').status, 'dead');
  }
  assert.equal((await gone.deliveries()).length, 1); // the second row was not even tried
  assert.equal((await receiver.deliveries('/crm')).length, 2);
});

test('an endpoint that never answers delays nobody', async (t) => {
  const hangs = await startReceiver(t, { answer: 'hang*' });
  const { receiver, ripen } = await world(t, '', { endpoints: { sales: hangs.url } });
  for (let i = 0; i < 60; i++) await post(ripen, `d${i}@globex.test`);
  await until('60 deliveries to the healthy endpoint', async () => (await receiver.deliveries('/crm')).length === 60);
  const stuck = await hangs.deliveries();
  assert.ok(stuck.length <= 8, `${stuck.length} requests at a time`);
});

test('order is kept for a lead', async (t) => {
  const { receiver, ripen } = await world(t, '500');
  await post(ripen, 'e@globex.test');
  await ripen.post('/v1/batch', { batch: [event('track', { userId: 'e@globex.test', event: 'Deal Lost' })] });
  await until('the second webhook', async () => (await receiver.deliveries('/crm')).length === 2);
  const [first, second] = await receiver.deliveries('/crm');
  assert.equal(first.body.stage, 'sql');
  assert.equal(first.taken, 1); // before the later one was even tried
  assert.equal(second.body.stage, 'recycled');
});

test('the reasons know the event that caused the webhook, also when it came late', async (t) => {
  const { receiver, ripen } = await world(t, '');
  const user = { userId: 'late@globex.test' };
  const at = (seconds) => new Date(Date.now() - 60000 + seconds * 1000).toISOString();
  await ripen.post('/v1/batch', { batch: [event('page', { ...user, properties: { path: '/pricing' }, timestamp: at(9) })] });
  await ripen.post('/v1/batch', { batch: [
    event('identify', { ...user, traits: { email: user.userId, title: 'VP Sales', company: { employees: 500 } }, timestamp: at(1) }),
    event('track', { ...user, event: 'Demo Requested', timestamp: at(2) }),
  ] });
  const [webhook] = await until('the webhook', async () => {
    const got = await receiver.deliveries('/crm');
    return got.length > 0 ? got : null;
  });
  assert.equal(webhook.body.stage, 'sql');
  assert.match(webhook.body.why, /Asked for a demo/);
});

test('a receiver inside is refused unless it is allowed', async (t) => {
  const { receiver, ripen } = await world(t, '', { endpoints: { options: 'allow_private = false' } });
  await post(ripen, 'f@globex.test');
  const actions = await settled(ripen, 'f@globex.test');
  assert.deepEqual([...new Set(actions.map((a) => a.status))], ['dead']);
  assert.equal((await receiver.deliveries()).length, 0);
});

// An HTTPS receiver with a certificate that nobody has signed.
async function startTls(t, place) {
  const file = (name) => join(place, name);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', file('key.pem'), '-out', file('cert.pem')],
  { stdio: 'ignore' });
  let taken = 0;
  const server = createServer({ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) }, (request, response) => {
    request.resume().on('end', () => {
      taken++;
      response.end('{}');
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => new Promise((done) => {
    server.close(done);
    server.closeAllConnections();
  }));
  return { url: `https://127.0.0.1:${server.address().port}`, certificate: file('cert.pem'), taken: () => taken };
}

test('TLS is verified', async (t) => {
  const place = await folder(t);
  const tls = await startTls(t, place);
  const config = endpoints({ crm: tls.url });
  const unknown = await startRipen(t, { place, config });
  await post(unknown, 'g@globex.test');
  await until('a failed attempt', async () => /outcome="retry"\} [1-9]/.test(await (await fetch(`${unknown.url}/metrics`)).text()));
  assert.equal(tls.taken(), 0);
  assert.equal(await unknown.stop(), 0);
  const trusted = await startRipen(t, { place, config, env: { SSL_CERT_FILE: tls.certificate } });
  const actions = await settled(trusted, 'g@globex.test');
  assert.deepEqual([...new Set(actions.map((a) => a.status))], ['delivered']);
  assert.equal(tls.taken(), actions.length);
});

test('SIGTERM lets the attempt in flight end, and what waits is sent by the next start', async (t) => {
  const place = await folder(t);
  const receiver = await startReceiver(t, { answer: 'hang' });
  const config = endpoints({ crm: receiver.url });
  const first = await startRipen(t, { place, config });
  await post(first, 'h@globex.test');
  await until('the attempts that hang', async () => (await receiver.deliveries()).length === 2);
  assert.equal(await first.stop(), 0);
  const second = await startRipen(t, { place, config });
  const actions = await settled(second, 'h@globex.test');
  assert.deepEqual([...new Set(actions.map((a) => a.status))], ['delivered']);
  const deliveries = await receiver.deliveries();
  assert.deepEqual(deliveries.map((d) => d.key).sort(), actions.map((a) => a.key).sort());
  await sleep(200);
  assert.ok((await receiver.deliveries()).every((d) => d.taken === 1));
});
