// SPDX-License-Identifier: MIT
// The server is killed (SIGKILL) in the middle of ingest and delivery and started again: nothing that was
// acknowledged is lost, and every action reaches the receiver under one key.
import assert from 'node:assert/strict';
import test from 'node:test';
import { endpoints, event, folder, sleep, startReceiver, startRipen, until } from './lib.mjs';

const LEADS = 120;
const KILLS = 4;

test('kill -9 during delivery', async (t) => {
  const place = await folder(t);
  const receiver = await startReceiver(t, { answer: '500' }); // each key fails once, so that much is on its way
  const config = endpoints({ crm: receiver.url });
  const batches = Array.from({ length: LEADS }, (_, i) => {
    const email = `k${i}@globex.test`;
    return { email, batch: [event('identify', { userId: email, traits: { email } }), event('track', { userId: email, event: 'Demo Requested' })] };
  });
  const waiting = [...batches];
  let ripen = await startRipen(t, { place, config });
  for (let kill = 1; kill <= KILLS; kill++) {
    const upTo = LEADS - Math.round((LEADS * kill) / KILLS);
    while (waiting.length > upTo) {
      const next = waiting[0];
      const { status, body } = await ripen.post('/v1/batch', { batch: next.batch });
      assert.equal(status, 200);
      assert.equal(body.accepted, 2, JSON.stringify(body));
      waiting.shift();
    }
    // One more is under way, perhaps acknowledged and perhaps not: the client sends it again.
    const torn = ripen.post('/v1/batch', { batch: batches[0].batch }).catch(() => null);
    await until('deliveries', async () => (await receiver.deliveries()).length > 0);
    await sleep(30 * kill);
    assert.equal(await ripen.stop('SIGKILL'), 'SIGKILL');
    await torn;
    ripen = await startRipen(t, { place, config });
  }

  const expected = LEADS * 2; // one webhook and one note each
  await until('every action to be delivered', async () => {
    const text = await (await fetch(`${ripen.url}/metrics`)).text();
    const taken = (await receiver.deliveries()).filter((d) => d.taken > 0);
    return taken.length >= expected ? text : null;
  });
  await sleep(500); // time for what should not come
  const { deliveries, refused } = await receiver.state();
  assert.equal(refused, 0);
  assert.equal(deliveries.length, expected);
  for (const { email } of batches) {
    const lead = await ripen.lead(email);
    assert.equal(lead.stage, 'sql');
    assert.equal(lead.fired.asked_for_demo, 1, `${email} was counted twice`);
    const sent = lead.actions.filter((a) => a.kind === 'webhook' || a.kind === 'notify');
    assert.deepEqual(sent.map((a) => a.status), ['delivered', 'delivered'], email);
    const got = deliveries.filter((d) => sent.some((a) => a.key === d.key));
    assert.equal(got.length, 2, `${email}: keys`);
  }
  const again = await ripen.post('/v1/batch', { batch: batches[0].batch });
  assert.equal(again.body.duplicates, 2);
  assert.equal(await ripen.stop(), 0);
});
