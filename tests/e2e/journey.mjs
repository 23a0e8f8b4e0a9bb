// SPDX-License-Identifier: MIT
// What one visitor's way to a demo request must have led to, whatever SDK sent it.
import assert from 'node:assert/strict';
import { settled, until } from './lib.mjs';

export const TRAITS = {
  email: 'ana@globex.test', firstName: 'Ana', lastName: 'Silva', title: 'VP Sales',
  company: { name: 'Globex', employees: 500, industry: 'software' },
};

// The lead is SQL by the demo request; the CRM heard of it once, signed; the explanation adds up.
export async function checkJourney(ripen, receiver, { userId, anonymousId }) {
  const lead = await until('the lead to be SQL', async () => {
    const seen = await ripen.lead(TRAITS.email);
    return seen.stage === 'sql' ? seen : null;
  });
  assert.equal(lead.email, TRAITS.email);
  assert.equal(lead.userId, userId);
  if (anonymousId) assert.ok(lead.anonymousIds.includes(anonymousId), `${anonymousId} is not in ${lead.anonymousIds}`);
  const move = lead.stages.find((stage) => stage.to === 'sql');
  assert.equal(move.because, 'did');
  assert.equal(lead.fired.asked_for_demo, 1);
  assert.equal(lead.fired.viewed_pricing, 1);

  const actions = await settled(ripen, TRAITS.email);
  for (const action of actions) assert.equal(action.status, 'delivered', JSON.stringify(action));
  const raised = actions.find((action) => action.action === 'hand_raised' && action.kind === 'webhook');
  assert.ok(raised, `no hand_raised webhook in ${JSON.stringify(actions)}`);
  const { deliveries, refused } = await receiver.state();
  assert.equal(refused, 0);
  assert.equal(new Set(deliveries.map((d) => d.key)).size, actions.length);
  const [toCrm, ...more] = deliveries.filter((d) => d.path === '/crm' && d.body.stage === 'sql');
  assert.deepEqual(more, []);
  assert.equal(toCrm.key, raised.key);
  assert.equal(toCrm.attempts, 1);
  assert.equal(toCrm.verified, true);
  assert.equal(toCrm.body.email, TRAITS.email);
  assert.equal(toCrm.body.company, 'Globex');
  assert.match(toCrm.body.why, /Asked for a demo/);

  await checkExplanation(ripen, TRAITS.email, ['Looked at the pricing page', 'Asked for a demo', 'Company size']);
  return lead;
}

// Rows say why, and their values add up to each dimension and to the lead's score.
export async function checkExplanation(ripen, who, whys) {
  const explanation = await ripen.explain(who);
  const rows = Object.values(explanation.dimensions).flatMap((dimension) => dimension.rows);
  for (const why of whys) assert.ok(rows.some((row) => row.why === why), `nothing says "${why}": ${JSON.stringify(rows)}`);
  for (const [name, { value, rows: own }] of Object.entries(explanation.dimensions)) {
    const thousandths = own.reduce((sum, row) => sum + Math.round(row.value * 1000), 0);
    assert.equal(thousandths, Math.round(value * 1000), `the rows of ${name} do not add up`);
  }
}
