// SPDX-License-Identifier: MIT
// Leads written into CRMs: made, changed, what people edited left alone, limits, refused tokens, cut connections;
// pauses, dry runs and the breaker around them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { BIN, event, folder, startRipen, until } from './lib.mjs';
import { hubspot, pipedrive, salesforce } from './standins.mjs';

const run = promisify(execFile);

// Two actions: one at the demo, one at each answer; `owned` is what Ripen may always write.
async function rulesFor(place, fields, more = '') {
  const rules = join(place, 'rules');
  await mkdir(rules);
  await writeFile(join(rules, 'rules.lua'), `
stages { "visitor", "mql" }
dimension "engagement" { }
stage "mql" { enter = did "Demo Requested" }
score "asked" { on = { "Demo Requested", "Pricing Asked" }, points = 10, dimension = "engagement" }
action "tell_crm" { on = any { entered "mql", did "Pricing Asked" }, crm { to = endpoint "crm", fields = { ${fields} } ${more} } }
`);
  return rules;
}

async function world(t, crm, endpoint, fields, { more = '', args = [] } = {}) {
  const place = await folder(t);
  const rules = await rulesFor(place, fields, more);
  const config = `endpoint "crm" { ${endpoint.replaceAll('URL', crm.url)}, allow_private = true }\n`;
  const env = { HUB_TOKEN: 'hub-token', PIPE_TOKEN: 'pipe-token', SF_ID: 'app', SF_SECRET: 'app-secret', BAD: 'wrong-token' };
  const ripen = await startRipen(t, { place, rules, config, env, args });
  const db = join(place, 'ripen.db');
  ripen.cli = async (...words) => (await run(BIN, [...words, '--db', db])).stdout;
  ripen.outbox = async (...words) => JSON.parse(await ripen.cli('outbox', 'list', '--format', 'json', ...words));
  return { place, ripen, db };
}

async function demand(ripen, email, traits = {}, name = 'Demo Requested') {
  const { body } = await ripen.post('/v1/batch', { batch: [event('identify', { userId: email, traits: { email, ...traits } }),
    event('track', { userId: email, event: name })] });
  assert.equal(body.accepted, 2, JSON.stringify(body));
}

const ended = (ripen, count) => until(`${count} rows to be settled`, async () => {
  const rows = await ripen.outbox();
  return rows.length === count && rows.every((r) => r.status === 'delivered' || r.status === 'dead') ? rows : null;
});

const HUB = 'preset = "hubspot", url = "URL", token = env "HUB_TOKEN"';
const FIELDS = 'jobtitle = "{lead.title|}", ripen_score = "{score.total}"';

test('HubSpot: a new contact, then what a person edited is left alone', async (t) => {
  const crm = await hubspot(t);
  const { ripen } = await world(t, crm, HUB, FIELDS);
  await demand(ripen, 'ana@globex.test', { title: 'VP' });
  let [row] = await ended(ripen, 1);
  assert.equal(row.status, 'delivered');
  assert.match(row.reason, /created contacts 501: wrote jobtitle, ripen_score/);
  assert.deepEqual(crm.records.get('501'), { id: '501', jobtitle: 'VP', ripen_score: '10', email: 'ana@globex.test' });
  assert.equal(crm.writes()[0].headers['idempotency-key'], row.key);
  crm.records.get('501').jobtitle = 'Chief of Everything'; // somebody in sales knows better
  await demand(ripen, 'ana@globex.test', { title: 'VP Sales' }, 'Pricing Asked');
  [row] = await ended(ripen, 2);
  assert.match(row.reason, /wrote ripen_score; left alone, since a person edited it: jobtitle/);
  assert.equal(crm.records.get('501').jobtitle, 'Chief of Everything');
  assert.equal(crm.records.get('501').ripen_score, '20');
});

test('HubSpot: a contact that is there, a limit of the whole endpoint, a cut connection', async (t) => {
  const crm = await hubspot(t);
  crm.records.set('7', { id: '7', email: 'bo@globex.test', jobtitle: 'Buyer' });
  const { ripen } = await world(t, crm, HUB, FIELDS);
  crm.fail(429, 'hubspot/limit_ten_seconds.json', { 'retry-after': '1' });
  await demand(ripen, 'bo@globex.test', { title: 'VP' });
  const [row] = await ended(ripen, 1);
  assert.match(row.reason, /updated contacts 7: wrote ripen_score; left alone.*jobtitle/);
  assert.equal(row.attempts, 1); // the one that was refused for the limit does not count
  crm.fail('drop'); // the first one may be a kept connection, which libcurl opens anew
  crm.fail('drop');
  await demand(ripen, 'cy@globex.test');
  const rows = await ended(ripen, 2);
  assert.ok(rows[0].attempts >= 2);
  const shown = JSON.parse(await ripen.cli('outbox', 'show', String(rows[0].id), '--format', 'json'));
  assert.equal(shown.failures.length, rows[0].attempts - 1);
  assert.match(shown.failures[0].answer, /HubSpot did not answer/);
});

test('a refused token opens the breaker, kills nothing and is told without the token', async (t) => {
  const crm = await hubspot(t);
  const { ripen, place } = await world(t, crm, HUB.replace('HUB_TOKEN', 'BAD'), FIELDS);
  await demand(ripen, 'ana@globex.test');
  await demand(ripen, 'bo@globex.test');
  const [endpoint] = await until('the breaker to open', async () => {
    const found = JSON.parse(await ripen.cli('outbox', 'endpoints', '--format', 'json'));
    return found[0].state === 'open' ? found : null;
  });
  assert.match(endpoint.trouble, /HubSpot answered 401.*correct token and rights/);
  assert.deepEqual((await ripen.outbox()).map((r) => [r.status === 'dead', r.attempts > 1]), [[false, false], [false, false]]);
  assert.match(await ripen.cli('status'), /ENDPOINT crm is (open|probing)/);
  assert.match(await (await fetch(`${ripen.url}/metrics`)).text(), /ripen_endpoint_open\{endpoint="crm"\} 1/);
  assert.ok(crm.requests.length <= 3, `${crm.requests.length} requests`);
  await ripen.stop();
  assert.ok(!`${ripen.stdout}${ripen.stderr}`.includes('wrong-token'));
  assert.ok(!(await readFile(join(place, 'ripen.db'))).includes('wrong-token'));
});

test('Salesforce: logs in, makes a lead, does not choose between two, tells what it misses', async (t) => {
  const crm = await salesforce(t);
  const { ripen } = await world(t, crm, 'preset = "salesforce", url = "URL", client_id = env "SF_ID", client_secret = env "SF_SECRET"',
    'LastName = "{lead.last_name|}", Title = "{lead.title|}", Score__c = "{score.total}"');
  await demand(ripen, "o'hara@globex.test", { last_name: "O'Hara", title: 'VP' });
  let [row] = await ended(ripen, 1);
  assert.match(row.reason, /created Lead 00Q/);
  const [lead] = crm.records.values();
  assert.equal(lead.Score__c, 10); // a number stays one
  crm.token = 'expired';
  await demand(ripen, "o'hara@globex.test", {}, 'Pricing Asked');
  [row] = await ended(ripen, 2);
  assert.match(row.reason, /updated Lead 00Q.*wrote Score__c/);
  await demand(ripen, 'nameless@globex.test');
  [row] = await ended(ripen, 3);
  assert.equal(row.status, 'dead');
  assert.match(row.reason, /REQUIRED_FIELD_MISSING/);
  crm.records.set('a', { Id: 'a', Email: 'two@globex.test' }).set('b', { Id: 'b', Email: 'two@globex.test' });
  await demand(ripen, 'two@globex.test', { last_name: 'Two' });
  [row] = await ended(ripen, 4);
  assert.equal(row.status, 'dead');
  assert.match(row.reason, /Salesforce has 2 records of Lead/);
});

test('Pipedrive: a person with a custom field, found again by its id', async (t) => {
  const crm = await pipedrive(t);
  const custom = 'd4de1c1518b4531717c676029a45911c340390a6';
  const { ripen } = await world(t, crm, 'preset = "pipedrive", url = "URL", token = env "PIPE_TOKEN"',
    `name = "{lead.name|}", ${custom} = "{score.total}"`, { more: `, owned = { "${custom}" }` });
  await demand(ripen, 'ana@globex.test', { name: 'Ana' });
  await ended(ripen, 1);
  const person = crm.records.get(501);
  assert.deepEqual([person.name, person.emails[0].value, person.custom_fields[custom]], ['Ana', 'ana@globex.test', 10]);
  await demand(ripen, 'ana@globex.test', {}, 'Pricing Asked');
  await ended(ripen, 2);
  assert.equal(person.custom_fields[custom], 20);
  assert.equal(crm.requests.filter((r) => r.path.includes('/search')).length, 1);
});

test('pause is immediate and lasts over a restart; resume sends', async (t) => {
  const crm = await hubspot(t);
  const { ripen, place } = await world(t, crm, HUB, FIELDS);
  assert.match(await ripen.cli('pause', 'deliveries', '--reason', 'wrong template', '--author', 'ana'), /nothing more goes out/);
  await demand(ripen, 'ana@globex.test');
  assert.match(await ripen.cli('status'), /PAUSED: deliveries, by ana since .*: wrong template/);
  assert.match(await (await fetch(`${ripen.url}/metrics`)).text(), /ripen_deliveries_paused 1/);
  assert.equal(await ripen.stop(), 0);
  const again = await startRipen(t, { place, rules: join(place, 'rules'), config: await readFile(join(place, 'ripen.lua'), 'utf8'),
    env: { HUB_TOKEN: 'hub-token' } });
  assert.equal((await again.get('/api/status')).deliveries.paused[0].scope, 'deliveries');
  assert.equal(crm.requests.length, 0);
  assert.deepEqual((await ripen.outbox()).map((r) => [r.status, r.attempts]), [['pending', 0]]);
  await ripen.cli('resume', 'deliveries');
  assert.equal((await ended(ripen, 1))[0].status, 'delivered');
  await assert.rejects(ripen.cli('resume', 'deliveries'), /is not paused/);
});

test('a dry run records what would be sent, and a later start does not send it by itself', async (t) => {
  const crm = await hubspot(t);
  const { ripen, place } = await world(t, crm, HUB, FIELDS, { args: ['--no-deliver'] });
  await demand(ripen, 'ana@globex.test', { title: 'VP' });
  const [row] = await until('the row', async () => ripen.outbox());
  assert.deepEqual([row.status, row.dryRun, row.body.fields.jobtitle], ['held', true, 'VP']);
  assert.match(await ripen.cli('status'), /DRY RUN/);
  await ripen.stop();
  await startRipen(t, { place, rules: join(place, 'rules'), config: await readFile(join(place, 'ripen.lua'), 'utf8'), env: { HUB_TOKEN: 'hub-token' } });
  assert.match(await ripen.cli('outbox', 'retry', '--state', 'held'), /1 row would be due now; --act does it/);
  assert.equal(crm.requests.length, 0);
  await ripen.cli('outbox', 'retry', '--state', 'held', '--act');
  assert.equal((await ended(ripen, 1))[0].status, 'delivered');
});
