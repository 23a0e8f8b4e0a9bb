// SPDX-License-Identifier: MIT
// Who gets a mail, and what comes back through its links: consent by purpose, one-click unsubscription, the
// suppression list, caps, opens and clicks of people and of robots.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { BIN, event, folder, sleep, startRipen, until } from './lib.mjs';

const RULES = `
dimension "engagement" { range = {-50, 200}, decay = "none" }
stages { "visitor", "lead" }
stage "lead" { enter = known(), terminal = true }
score "opened"  { why = "Opened a mail", on = "Email Opened", points = 1 }
score "clicked" { why = "Followed a link", on = "Email Clicked", points = 10 }
score "left"    { why = "Unsubscribed", on = "Unsubscribed", points = -20 }
action "news" { on = did "News", email { template = "news" } }
action "receipt" { on = did "Order Completed", email { template = "receipt", purpose = "transactional" } }
limits { email = { per_lead = 2, per = "7d" } }
`;
const HUMAN = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0' };

async function world(t) {
  const place = await folder(t), mails = [];
  const sink = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], logger: false, closeTimeout: 10,
    onData: (stream, session, done) => { simpleParser(stream).then((mail) => { mails.push(mail); done(); }, done); } });
  await new Promise((done) => sink.listen(0, '127.0.0.1', done));
  t.after(() => new Promise((done) => sink.close(done)));
  await mkdir(join(place, 'rules', 'templates'), { recursive: true });
  await writeFile(join(place, 'rules', 'rules.lua'), RULES);
  await writeFile(join(place, 'rules', 'templates', 'news.html'), '<title>News</title><a href="https://acme.test/a?x=1&amp;y=2">a</a> <a href="https://acme.test/b">b</a> <a href="https://acme.test/c">c</a>');
  await writeFile(join(place, 'rules', 'templates', 'receipt.txt'), 'Subject: Thanks\n\nThanks.\n');
  const ripen = await startRipen(t, { place, rules: join(place, 'rules'), config: `
server { url = "https://ripen.acme.test" }
smtp { url = "smtp://127.0.0.1:${sink.server.address().port}", from = "ana@acme.test" }` });
  const send = async (who, name, properties = {}) => {
    const { body } = await ripen.post('/v1/batch', { batch: [
      event('identify', { userId: who, traits: { email: who } }),
      event('track', { userId: who, event: name, properties })] });
    assert.equal(body.accepted, 2, JSON.stringify(body));
  };
  const cli = (...args) => execFileSync(BIN, [...args, '--db', join(place, 'ripen.db')], { encoding: 'utf8' });
  return { place, mails, ripen, send, cli };
}

const rows = async (ripen, who, action = 'news') => (await ripen.lead(who)).actions.filter((a) => a.action === action);
const delivered = (ripen, who, count = 1) => until(`${count} delivered to ${who}`, async () => {
  const all = (await rows(ripen, who)).filter((a) => a.status === 'delivered');
  return all.length >= count && all;
});
const hrefs = (mail) => [...mail.html.matchAll(/href="([^"]+)"/g)].map((m) => m[1].replaceAll('&amp;', '&'));
const links = (mail) => ({
  urls: hrefs(mail).filter((url) => !url.includes('/e/t/')),
  trap: hrefs(mail).find((url) => url.includes('/e/t/')),
  open: /<img src="([^"]+)"/.exec(mail.html)[1],
  leave: /<(.*)>/.exec(mail.headerLines.find((h) => h.key === 'list-unsubscribe').line)[1],
});
const go = (ripen, url, options = {}) => fetch(url.replace('https://ripen.acme.test', ripen.url), { redirect: 'manual', headers: HUMAN, ...options });

test('mail needs consent to its purpose; what was held says why; an unsubscription ends it, a receipt still goes', async (t) => {
  const { mails, ripen, send, cli } = await world(t);
  const ana = 'ana@globex.test';
  await send(ana, 'News');
  assert.deepEqual((await rows(ripen, ana)).map((a) => [a.status, a.reason]), [['held', 'no consent to marketing is known']]);
  assert.match(cli('explain', ana), /Held back\n.*news: email to smtp {2}held \(no consent to marketing is known\)/);
  assert.equal(JSON.parse(cli('explain', ana, '--format', 'json')).held[0].reason, 'no consent to marketing is known');
  await send(ana, 'Consent Given', { purpose: 'marketing', confirmed: false });
  await send(ana, 'News');
  assert.equal((await rows(ripen, ana)).at(-1).reason, 'consent to marketing is not confirmed yet');
  await send(ana, 'Consent Given', { purpose: 'marketing' });
  await send(ana, 'News');
  await delivered(ripen, ana);
  assert.equal((await ripen.lead(ana)).consent.marketing.state, 'given');
  const { leave } = links(mails[0]);
  assert.match(mails[0].html, /<a href="[^"]+\/e\/t\/[^"]+" rel="nofollow" aria-hidden="true" tabindex="-1" style="display:none"><\/a>/);
  assert.match(mails[0].headerLines.find((h) => h.key === 'list-unsubscribe-post').line, /List-Unsubscribe=One-Click/);
  const page = await go(ripen, leave); // a scanner's GET does nothing
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  const style = /<style>(.*?)<\/style>/.exec(await page.clone().text())[1]; // a browser takes it by its hash only
  assert.ok(page.headers.get('content-security-policy').includes(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`));
  assert.match(await page.text(), /<form method="post">/);
  assert.equal((await ripen.lead(ana)).consent.marketing.state, 'given');
  const done = await go(ripen, leave, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' });
  assert.equal(done.status, 200);
  const lead = await ripen.lead(ana);
  assert.equal(lead.consent.marketing.state, 'unsubscribed');
  assert.equal(lead.fired.left, 1);
  await send(ana, 'News');
  assert.equal((await rows(ripen, ana)).at(-1).reason, 'unsubscribed from marketing');
  await send(ana, 'Order Completed');
  await until('the receipt', () => mails.find((m) => m.subject === 'Thanks'));
  cli('suppress', ana, '--reason', 'asked by phone');
  await send(ana, 'Order Completed', { n: 2 });
  assert.match((await rows(ripen, ana, 'receipt')).at(-1).reason, /suppressed \(manual\)/);
  assert.match(cli('suppress', 'list'), /manual +ana@globex.test/);
  await send(ana, 'Consent Given', { purpose: 'all' }); // no event lifts it
  await send(ana, 'Order Completed', { n: 3 });
  assert.equal((await rows(ripen, ana, 'receipt')).at(-1).status, 'held');
  assert.equal((await ripen.lead(ana)).suppressed, 'manual');
  assert.throws(() => cli('suppress', 'remove', ana));
  cli('suppress', 'remove', ana, '--reason', 'wrong person');
  await send(ana, 'Order Completed', { n: 4 });
  await until('another receipt', () => mails.filter((m) => m.subject === 'Thanks').length === 2);
});

test('two mails in seven days, not three', async (t) => {
  const { mails, ripen, send } = await world(t);
  await send('bo@globex.test', 'Consent Given', {});
  for (let i = 0; i < 3; i++) await send('bo@globex.test', 'News', { i });
  await delivered(ripen, 'bo@globex.test', 2);
  assert.equal((await rows(ripen, 'bo@globex.test')).at(-1).reason, 'over the limit of 2 e-mails in 7d');
  assert.equal(mails.length, 2);
});

test('a person opens and clicks; robots are recorded and get nothing, also when they are found out late', async (t) => {
  const { mails, ripen, send, cli } = await world(t);
  for (const who of ['eva', 'rob', 'fast', 'ua', 'trap']) {
    await send(`${who}@globex.test`, 'Consent Given', {});
    await send(`${who}@globex.test`, 'News');
    await delivered(ripen, `${who}@globex.test`);
  }
  const of = (who) => links(mails.find((m) => m.to.text.startsWith(who)));
  const score = async (who) => (await ripen.lead(`${who}@globex.test`)).scores.engagement;
  const fast = await go(ripen, of('ua').urls[0], { headers: { 'user-agent': 'Barracuda Sentinel (EE)' } });
  assert.equal(fast.status, 302);
  await sleep(2500); // nobody reads a mail sooner
  const eva = of('eva');
  const picture = await go(ripen, eva.open);
  assert.deepEqual([picture.status, picture.headers.get('content-type'), picture.headers.get('cache-control')], [200, 'image/gif', 'no-store']);
  const click = await go(ripen, eva.urls[0]);
  assert.deepEqual([click.status, click.headers.get('location')], [302, 'https://acme.test/a?x=1&y=2']);
  await until('open and click scored', async () => await score('eva') === 11);
  await go(ripen, eva.urls[0]); // again within the minute, or one more: never robotic
  assert.equal((await go(ripen, eva.urls[0].slice(0, -1) + '_')).status, 404);
  const seen = (await ripen.lead('eva@globex.test')).timeline.find((e) => e.event === 'Email Clicked' || e.name === 'Email Clicked');
  assert.ok(seen, 'in the time line');

  const rob = of('rob');
  await go(ripen, rob.urls[0]);
  await until('the first link taken for a person\'s', async () => await score('rob') === 10);
  for (const url of rob.urls) await go(ripen, url);
  const lead = await until('the robot found out', async () => {
    const now = await ripen.lead('rob@globex.test');
    return now.scores.engagement === 0 && now;
  });
  assert.equal(lead.fired.clicked ?? 0, 0);
  assert.equal(await score('ua'), 0);
  const trap = of('trap');
  await go(ripen, trap.open);
  await go(ripen, trap.urls[0]);
  await until('a person, as it seems', async () => await score('trap') === 11);
  assert.equal((await go(ripen, trap.trap)).status, 200); // it leads nowhere
  const trapped = await until('points taken back', async () => {
    const now = await ripen.lead('trap@globex.test');
    return now.scores.engagement === 0 && now;
  });
  assert.deepEqual([trapped.fired.opened ?? 0, trapped.fired.clicked ?? 0], [0, 0]);
  for (const headers of [{ ...HUMAN, 'sec-purpose': 'prefetch' }, { ...HUMAN, 'x-moz': 'prefetch' }, { 'user-agent': 'Mozilla/5.0' }])
    await go(ripen, of('fast').urls[0], { headers });
  await go(ripen, of('fast').urls[1], { method: 'HEAD' });
  await until('robots recorded', async () => JSON.stringify(await ripen.lead('fast@globex.test')).includes('Email Clicked'));
  assert.equal(await score('fast'), 0);
  cli('verify'); // exits 1 on any difference
});
