// SPDX-License-Identifier: MIT
// Rules are replaced again and again while events come in over HTTP: no event is lost, none is judged by
// a half-loaded set, nobody's stage is lost, and in the end every state is the fold of its events.
// RIPEN_RELOADS and RIPEN_LEADS make it long (50 and 100000).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { BIN, event, folder, startRipen, until } from './lib.mjs';

const RELOADS = Number(process.env.RIPEN_RELOADS ?? 12);
const LEADS = Number(process.env.RIPEN_LEADS ?? 400);
const CLIENTS = 6;
const BATCH = 40;
const run = promisify(execFile);

// Every rule carries the number of its edit, and so does what it gives: a mixture would show.
function rules(edit) {
  const scores = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) =>
    `score "${name}" { why = "Did ${name} in edit ${edit}", on = "Did ${name}", points = ${edit} }\n`).join('');
  // The order of the stages changes with each edit, and so do their numbers.
  const side = edit % 2 ? '"early", "late"' : '"late", "early"';
  return `dimension "engagement" { range = { 0, 1000000 }, decay = "none" }
${scores}stages { "visitor", ${edit % 2 ? '"lead", "mql"' : '"lead", "prospect", "mql"'}; side = { ${side} } }
stage "lead" { enter = known() }
stage "mql" { from = { "lead" }, enter = at_least { engagement = ${1000000 - edit} }, terminal = true }
${edit % 2 ? '' : 'stage "prospect" { from = "lead", enter = at_least { engagement = 999000 }, terminal = true }\n'}`;
}

const sql = async (place, text) =>
  JSON.parse((await run('sqlite3', ['-json', join(place, 'ripen.db'), text])).stdout || '[]');

const metric = async (ripen, name) => {
  const text = await (await fetch(`${ripen.url}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)$`, 'm').exec(text)?.[1]);
};

test('rules are replaced under load', { timeout: 3600_000 }, async (t) => {
  const place = await folder(t);
  const folderOfRules = join(place, 'rules');
  await mkdir(folderOfRules);
  await writeFile(join(folderOfRules, 'all.lua'), rules(1));
  const ripen = await startRipen(t, { place, rules: folderOfRules, args: ['--no-deliver'] });

  // Clients that never stop: each lead comes back with another event now and then.
  const sent = new Map(); // lead: events accepted
  let running = true;
  let turn = 0;
  let slowest = 0;
  const client = async () => {
    while (running) {
      const batch = Array.from({ length: BATCH }, () => {
        const lead = `p${turn % LEADS}`;
        return event('track', { userId: lead, event: `Did ${'abcdefgh'[turn++ % 8]}` });
      });
      const begun = performance.now();
      const { status, body } = await ripen.post('/v1/batch', { batch });
      slowest = Math.max(slowest, performance.now() - begun);
      if (status === 503) continue; // told to come again, and nothing of it was taken
      assert.equal(status, 200);
      assert.deepEqual([body.accepted, body.duplicates, body.rejected.length], [BATCH, 0, 0]);
      for (const { userId } of batch) sent.set(userId, (sent.get(userId) ?? 0) + 1);
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);

  const seen = []; // edit to effect, ms
  for (let edit = 2; edit <= RELOADS + 1; edit++) {
    const begun = performance.now();
    const whole = join(folderOfRules, 'all.lua');
    if (edit % 3 === 0) { // in place; else the way of most editors
      await writeFile(whole, rules(edit));
    } else {
      await writeFile(`${whole}.tmp`, rules(edit));
      await rename(`${whole}.tmp`, whole);
    }
    await until(`edit ${edit} to be in force`, async () =>
      /ripen_rules_generation_info\{number="(\d+)"/.exec(await (await fetch(`${ripen.url}/metrics`)).text())?.[1] === String(edit));
    seen.push(performance.now() - begun);
  }
  const pause = await metric(ripen, 'ripen_reload_swap_max_seconds');
  running = false;
  await Promise.all(clients);

  const total = [...sent.values()].reduce((a, b) => a + b, 0);
  assert.equal(await metric(ripen, 'ripen_events_total'), total, 'events');
  const generations = await sql(place, 'SELECT number, result FROM generations ORDER BY number');
  assert.equal(generations.length, RELOADS + 1, 'one generation an edit, no half ones');
  assert.ok(generations.every((g) => g.result === 'active' || g.result === 'superseded'), JSON.stringify(generations));

  // Every decision belongs to a generation that was in force: in the order in which they were.
  const wrong = await sql(place, `WITH m AS (SELECT id, generation, at_ms, max(generation) OVER
      (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM move_rows)
    SELECT id, generation, at_ms FROM m
    WHERE NOT EXISTS (SELECT 1 FROM activations AS a WHERE a.generation = m.generation)
       OR m.generation < m.before
       OR m.at_ms > coalesce((SELECT min(n.at_ms) FROM activations AS n WHERE n.generation > m.generation), 1 << 62)`);
  assert.deepEqual(wrong, []);
  const moves = await sql(place, "SELECT count(*) AS n, count(DISTINCT lead) AS leads FROM move_rows");
  assert.equal(moves[0].n, Math.min(LEADS, sent.size), 'each lead became a lead once and nothing else');

  await until('all states to be rebuilt', async () =>
    / 0 differ, 0 /.test((await run(BIN, ['verify', '--db', join(place, 'ripen.db')])).stdout));
  for (const lead of [...sent.keys()].filter((_, i) => i % Math.ceil(LEADS / 40) === 0)) {
    const { scores, stage } = await ripen.lead(lead);
    assert.equal(scores.engagement, sent.get(lead) * (RELOADS + 1), lead);
    assert.equal(stage, 'lead');
  }
  seen.sort((a, b) => a - b);
  t.diagnostic(`${RELOADS} reloads under ${total} events of ${sent.size} leads: edit to effect ` +
    `median ${Math.round(seen[seen.length >> 1])} ms, longest ${Math.round(seen.at(-1))} ms; longest pause of the ` +
    `writer ${(pause * 1000).toFixed(1)} ms; slowest request ${Math.round(slowest)} ms`);
  assert.equal(await ripen.stop(), 0);
});
