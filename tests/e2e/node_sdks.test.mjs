// SPDX-License-Identifier: MIT
// The server SDKs of Segment and RudderStack, pointed at Ripen by changing a host: page, identify, track and a
// demo request, and what it must lead to.
import assert from 'node:assert/strict';
import test from 'node:test';
import { endpoints, folder, startReceiver, startRipen } from './lib.mjs';
import { TRAITS, checkJourney } from './journey.mjs';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics } from '@segment/analytics-node';

const PRICING = { path: '/pricing', url: 'https://www.globex.test/pricing', title: 'Pricing' };

async function world(t) {
  const place = await folder(t);
  const receiver = await startReceiver(t);
  const ripen = await startRipen(t, { place, config: endpoints({ crm: receiver.url }) });
  return { receiver, ripen };
}

test('Segment for Node', async (t) => {
  const { receiver, ripen } = await world(t);
  const analytics = new Analytics({ writeKey: 'e2e', host: ripen.url, flushAt: 3, maxRetries: 0 });
  const errors = [];
  analytics.on('error', (error) => errors.push(error));
  analytics.page({ anonymousId: 'anon-1', name: 'Pricing', properties: PRICING });
  analytics.identify({ userId: 'u1', anonymousId: 'anon-1', traits: TRAITS });
  analytics.track({ userId: 'u1', event: 'Newsletter Subscribed' });
  await analytics.flush(); // the SDK's requests may overtake each other, and no action goes to a lead without an address
  analytics.track({ userId: 'u1', event: 'Demo Requested', properties: { form: 'demo' } });
  await analytics.closeAndFlush();
  assert.deepEqual(errors, []);
  const lead = await checkJourney(ripen, receiver, { userId: 'u1', anonymousId: 'anon-1' });
  assert.equal(lead.fired.newsletter, 1);
  assert.equal(await ripen.stop(), 0);
});

for (const gzip of [true, false]) {
  test(`RudderStack for Node, ${gzip ? 'gzip' : 'plain'}`, async (t) => {
    const { receiver, ripen } = await world(t);
    const analytics = new RudderAnalytics('e2e', { dataPlaneUrl: ripen.url, flushAt: 20, flushInterval: 200, gzip, retryCount: 0 });
    const sent = ['page', 'identify', 'track', 'demo'].map(() => undefined);
    await Promise.all([
      { kind: 'page', anonymousId: 'anon-2', name: 'Pricing', properties: PRICING },
      { kind: 'identify', userId: 'u2', anonymousId: 'anon-2', traits: TRAITS, context: { traits: TRAITS } },
      { kind: 'track', userId: 'u2', event: 'Newsletter Subscribed' },
      { kind: 'track', userId: 'u2', event: 'Demo Requested', properties: { form: 'demo' } },
    ].map(({ kind, ...message }, i) => new Promise((done) => analytics[kind](message, (error) => {
      sent[i] = error ?? 'sent';
      done();
    }))));
    assert.deepEqual(sent, ['sent', 'sent', 'sent', 'sent']);
    await checkJourney(ripen, receiver, { userId: 'u2', anonymousId: 'anon-2' });
    assert.equal(await ripen.stop(), 0);
  });
}
