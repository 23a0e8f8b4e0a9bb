// SPDX-License-Identifier: MIT
// What comes in beside the SDKs: a form of a plain page, a signed webhook (signed by the `standardwebhooks`
// package), HubSpot's v3 signature made here as its documentation says, and CloudEvents; and that a reload of
// ripen.lua opens a door.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { Webhook } from 'standardwebhooks';
import { SECRET, endpoints, folder, startRipen, until } from './lib.mjs';

const DOORS = `
form "newsletter" { redirect = "https://www.acme.test/thanks", event = "Newsletter Subscribed", per_minute = 3 }
source "tool" { verify = "standard-webhooks", secret = env "E2E_SECRET", activity = true }
source "hubspot" { verify = "hubspot-v3", secret = env "E2E_SECRET", user_id = "objectId",
  events = { ["contact.propertyChange"] = "Contact Changed" } }
source "sendgrid" { verify = "sendgrid", secret = env "E2E_SECRET" }
cloudevents { events = { ["com.acme.trial.started"] = "Trial Started" }, subject = "userId" }
`;

const form = (ripen, fields, headers = {}) => fetch(`${ripen.url}/v1/form/newsletter`, {
  method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(fields),
});

async function serve(t, more) {
  const place = await folder(t);
  const crm = 'http://127.0.0.1:9';
  const ripen = await startRipen(t, { place, config: endpoints({ crm, more }) });
  return { place, ripen, crm };
}

test('a form', async (t) => {
  const { ripen } = await serve(t, DOORS);
  const taken = await form(ripen, { email: 'ana@globex.test', first_name: 'Ana', website_url: '' }, { cookie: 'ajs_anonymous_id=anon-f' });
  assert.equal(taken.status, 303);
  assert.equal(taken.headers.get('location'), 'https://www.acme.test/thanks');
  const lead = await ripen.lead('anon-f');
  assert.equal(lead.email, 'ana@globex.test');
  assert.equal(lead.fired.newsletter, 1);
  const robot = await form(ripen, { email: 'robot@globex.test', website_url: 'http://spam.test' });
  assert.equal(robot.status, 303);
  assert.equal((await fetch(`${ripen.url}/api/leads/robot@globex.test`)).status, 404);
  const files = new FormData();
  files.set('email', 'bo@globex.test');
  files.set('cv', new Blob(['text']), 'cv.txt');
  const multipart = await fetch(`${ripen.url}/v1/form/newsletter`, { method: 'POST', headers: { accept: 'application/json' }, body: files });
  assert.deepEqual(await multipart.json(), { success: true, accepted: 1, duplicates: 0, rejected: [] });
  const often = await form(ripen, { email: 'x@globex.test' });
  assert.equal(often.status, 429);
  assert.ok(Number(often.headers.get('retry-after')) > 0);
  assert.equal(await ripen.stop(), 0);
});

test('signed webhooks, and the same again', async (t) => {
  const { ripen } = await serve(t, DOORS);
  const body = JSON.stringify({ type: 'Newsletter Subscribed', timestamp: new Date().toISOString(), data: { userId: 'w1', email: 'w1@globex.test' } });
  const sign = (at) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': `v1,AAAA ${new Webhook(SECRET).sign('msg_1', at, body)}`,
  });
  const post = async (name, headers, text) => {
    const answer = await fetch(`${ripen.url}/v1/webhook/${name}`, { method: 'POST', headers, body: text });
    return { status: answer.status, body: await answer.json() };
  };
  assert.deepEqual((await post('tool', sign(new Date()), body)).body, { success: true, accepted: 1, duplicates: 0, rejected: [] });
  assert.equal((await post('tool', sign(new Date()), body)).body.duplicates, 1);
  assert.equal((await post('tool', sign(new Date(Date.now() - 6 * 60000)), body)).status, 401);
  assert.equal((await post('tool', sign(new Date()), `${body} `)).status, 401);
  assert.equal((await ripen.lead('w1')).fired.newsletter, 1);

  const change = JSON.stringify([{ eventId: 1, subscriptionId: 2, occurredAt: Date.now(), objectId: 4711, subscriptionType: 'contact.propertyChange',
    propertyName: 'email', propertyValue: 'hub@globex.test', attemptNumber: 0 }]);
  const at = String(Date.now());
  const mac = createHmac('sha256', SECRET).update(`POST${ripen.url}/v1/webhook/hubspot${change}${at}`).digest('base64');
  const told = await post('hubspot', { 'x-hubspot-signature-v3': mac, 'x-hubspot-request-timestamp': at }, change);
  assert.deepEqual([told.status, told.body.accepted], [200, 1]);
  assert.equal((await ripen.lead('4711')).email, 'hub@globex.test');
  assert.equal(await ripen.stop(), 0);
});

test('a provider tells of a bounce and a complaint: both addresses are suppressed, and only for good reasons', async (t) => {
  const { ripen } = await serve(t, DOORS);
  const tell = (key, ...notices) => fetch(`${ripen.url}/v1/webhook/sendgrid?key=${key}`, { method: 'POST',
    body: JSON.stringify(notices.map((n, i) => ({ timestamp: Math.floor(Date.now() / 1000), sg_event_id: `${n.email}${i}`, ...n }))) });
  const notices = [
    { email: 'gone@globex.test', event: 'bounce', reason: '550 5.1.1 unknown user' },
    { email: 'full@globex.test', event: 'bounce', type: 'blocked', reason: '452 mailbox full' },
    { email: 'cross@globex.test', event: 'spamreport' },
    { email: 'left@globex.test', event: 'unsubscribe' },
  ];
  assert.equal((await tell('guess', ...notices)).status, 401);
  assert.deepEqual(await (await tell(SECRET, ...notices)).json(), { success: true, accepted: 4, duplicates: 0, rejected: [] });
  assert.equal((await (await tell(SECRET, ...notices)).json()).duplicates, 4);
  const leads = await Promise.all(notices.map((n) => ripen.lead(n.email)));
  assert.deepEqual(leads.map((lead) => lead.suppressed ?? ''), ['bounce', '', 'complaint', '']);
  assert.equal(leads[3].consent.all.state, 'unsubscribed');
  assert.equal(await ripen.stop(), 0);
});

test('CloudEvents', async (t) => {
  const { ripen } = await serve(t, DOORS);
  const send = async (type, body, headers = {}) => {
    const answer = await fetch(`${ripen.url}/v1/cloudevents`, {
      method: 'POST', headers: { 'content-type': type, authorization: `Basic ${btoa('e2e:')}`, ...headers }, body,
    });
    return { status: answer.status, body: await answer.json() };
  };
  const event = { specversion: '1.0', id: '1', source: '/app', type: 'com.acme.trial.started', subject: 'c1', data: { plan: 'team' } };
  assert.equal((await send('application/cloudevents+json', JSON.stringify(event))).body.accepted, 1);
  const batch = await send('application/cloudevents-batch+json', JSON.stringify([event, { ...event, id: '2' }, { ...event, id: '' }]));
  assert.deepEqual([batch.body.accepted, batch.body.duplicates, batch.body.rejected[0].code], [1, 1, 'bad_cloudevent']);
  const binary = await send('application/json', '{"plan":"solo"}', {
    'ce-specversion': '1.0', 'ce-id': '3', 'ce-source': '/app', 'ce-type': 'com.acme.trial.started', 'ce-userid': 'c1',
  });
  assert.equal(binary.body.accepted, 1);
  assert.equal((await ripen.lead('c1')).userId, 'c1');
  assert.equal(await ripen.stop(), 0);
});

test('a door opens with a reload', async (t) => {
  const { place, ripen, crm } = await serve(t, 'form "other" { }\n');
  assert.equal((await form(ripen, { email: 'a@globex.test' })).status, 404);
  await writeFile(join(place, 'ripen.lua'), endpoints({ crm, more: DOORS }));
  process.kill(ripen.pid, 'SIGHUP');
  await until('the form to be there', async () => (await form(ripen, { email: 'a@globex.test' })).status === 303);
  assert.equal(await ripen.stop(), 0);
});
