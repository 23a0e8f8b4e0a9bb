// SPDX-License-Identifier: MIT
// E-mail from the decision to a mail server (npm smtp-server), read back by npm mailparser: what stands in
// it, servers that refuse, postpone, hang and encrypt, bounces that rules score.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { event, folder, startReceiver, startRipen, until } from './lib.mjs';

const RULES = `
dimension "engagement" { range = {0, 200}, decay = "none" }
stages { "visitor", "lead" }
stage "lead" { enter = known(), terminal = true }
score "bounced" { why = "E-mail bounced", on = "Email Bounced", points = 7, once = true }
action "receipt" { on = did "Order Completed",
  email { template = "receipt", subject = "Thanks, {lead.first_name|you} – n° {event.number|?}", purpose = "transactional" } }
action "tell" { on = did "Order Completed", webhook { to = endpoint "crm", body = { number = "{event.number}" } } }
action "news" { on = did "News", email { template = "news" } }
`;
const TEMPLATES = {
  'receipt.txt': 'Bonjour {lead.first_name|you},\n\n.a line that starts with a dot\nYour order {event.number}: ' + 'é'.repeat(200) + '\n',
  'receipt.html': '<html><head><title>x</title></head><body><p>Bonjour <b>{lead.first_name|you}</b></p><a href="https://shop.test/o?n={event.number}&amp;x=1">Order</a></body></html>',
  'receipt.de.txt': 'Guten Tag {lead.first_name|du}\n',
  'news.txt': 'Subject: News for {lead.first_name|you}\n\nNews.\n{unsubscribe}\n',
};

// A sink; `answer(address, attempt)` gives { rcpt, data } codes, or 'hang'.
async function startSink(t, { answer = () => ({}), options = {}, port = 0 } = {}) {
  const sink = { messages: [], tries: {}, secure: [], users: [] };
  const refuse = (code, text) => Object.assign(new Error(text), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true, disabledCommands: options.key ? [] : ['STARTTLS', 'AUTH'], logger: false, closeTimeout: 10, ...options,
    onAuth: (auth, session, done) => { sink.users.push(`${auth.username}:${auth.password}`); done(null, { user: auth.username }); },
    onRcptTo: (address, session, done) => {
      const tries = sink.tries[address.address] = (sink.tries[address.address] ?? 0) + 1;
      session.plan = answer(address.address, tries) ?? {};
      if (session.plan === 'hang') return;
      done(session.plan.rcpt ? refuse(session.plan.rcpt, session.plan.text ?? 'no') : undefined);
    },
    onData: (stream, session, done) => {
      const parts = [];
      stream.on('data', (part) => parts.push(part));
      stream.on('end', async () => {
        const raw = Buffer.concat(parts);
        const plan = session.plan;
        if (!plan.data || plan.keep) sink.messages.push({ raw, mail: await simpleParser(raw), envelope: session.envelope, secure: session.secure });
        done(plan.data ? refuse(plan.data, plan.text ?? 'no') : undefined);
      });
    },
  });
  server.on('error', () => {});
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  t.after(() => new Promise((done) => server.close(done)));
  sink.port = server.server.address().port;
  return sink;
}

async function world(t, sink, { smtp = '', server = '', more = '', env = {} } = {}) {
  const place = await folder(t);
  await mkdir(join(place, 'rules', 'templates'), { recursive: true });
  await writeFile(join(place, 'rules', 'rules.lua'), RULES);
  for (const [name, text] of Object.entries(TEMPLATES)) await writeFile(join(place, 'rules', 'templates', name), text);
  const receiver = await startReceiver(t);
  const config = `${server}
endpoint "crm" { url = "${receiver.url}/crm", secret = env "E2E_SECRET", allow_private = true }
${sink ? `smtp { url = "smtp://127.0.0.1:${sink.port}", from = "Ana Müller <ana@acme.test>"${smtp} }` : ''}
${more}`;
  const ripen = await startRipen(t, { place, config, rules: join(place, 'rules'), env });
  return { place, receiver, ripen };
}

async function order(ripen, email, number, traits = {}) {
  const { status, body } = await ripen.post('/v1/batch', { batch: [
    event('identify', { userId: email, traits: { email, ...traits } }),
    event('track', { userId: email, event: 'Order Completed', properties: { number } }),
  ] });
  assert.equal(status, 200);
  assert.equal(body.accepted, 2, JSON.stringify(body));
}

function mailed(ripen, who, action = 'receipt', status = (s) => s !== 'pending' && s !== 'leased') {
  return until(`the mail to ${who}`, async () => (await ripen.lead(who)).actions.find((a) => a.action === action && status(a.status)));
}

test('a message is what the template says, in the lead\'s language, and nothing breaks out of it', async (t) => {
  const sink = await startSink(t);
  const { ripen } = await world(t, sink);
  await order(ripen, 'bo@globex.test', 'A&1<2', { first_name: 'Bo "<script>" Café\r\nBcc: evil@x.test' });
  const action = await mailed(ripen, 'bo@globex.test');
  assert.equal(action.status, 'delivered', JSON.stringify(action));
  const [{ raw, mail, envelope }] = sink.messages;
  assert.equal(mail.subject, 'Thanks, Bo "<script>" Café Bcc: evil@x.test – n° A&1<2');
  assert.deepEqual([mail.from.text, mail.to.text], ['"Ana Müller" <ana@acme.test>', 'bo@globex.test']);
  assert.equal(mail.headers.get('bcc'), undefined);
  assert.equal(mail.messageId, `<${action.key}@acme.test>`);
  assert.ok(Math.abs(mail.date - new Date(action.at)) < 1000);
  assert.match(mail.text, /^Bonjour Bo "<script>" Café\s+Bcc: evil@x.test,\n\n\.a line that starts with a dot\nYour order A&1<2: é{200}\n?$/);
  assert.match(mail.html, /<b>Bo &quot;&lt;script&gt;&quot; Café\s+Bcc: evil@x.test<\/b>/);
  assert.match(mail.html, /href="https:\/\/shop.test\/o\?n=A%261%3C2&amp;x=1"/);
  assert.equal(mail.headers.get('list-unsubscribe'), undefined); // transactional
  assert.ok(!mail.headers.has('list'));
  assert.ok(raw.toString('latin1').split('\r\n').every((line) => line.length <= 98), 'short lines');
  assert.equal(envelope.mailFrom.address, 'ana@acme.test');
  await order(ripen, 'eva@globex.test', '2', { language: 'de-AT', first_name: 'Eva' });
  await mailed(ripen, 'eva@globex.test');
  assert.match(sink.messages[1].mail.text, /^Guten Tag Eva/);
  assert.equal(sink.messages[1].mail.html, false);
});

test('451 is tried again with the same bytes; 550 ends it, and the bounce is scored', async (t) => {
  const sink = await startSink(t, { answer: (address, tries) => address.startsWith('late') && tries === 1 ? { data: 451, keep: true }
    : address.startsWith('gone') ? { rcpt: 550, text: '5.1.1 nobody here' }
      : address.startsWith('spam') ? { data: 554, text: '5.7.1 looks like spam' } : {} });
  const { ripen } = await world(t, sink);
  for (const name of ['late', 'gone', 'spam']) await order(ripen, `${name}@globex.test`, '1');
  const gone = await mailed(ripen, 'gone@globex.test');
  assert.equal(gone.status, 'dead');
  assert.match(gone.reason ?? gone.error ?? '', /550.*nobody here/);
  const lead = await until('the bounce to be scored', async () => {
    const seen = await ripen.lead('gone@globex.test');
    return seen.scores.engagement === 7 ? seen : null;
  });
  assert.equal(lead.fired.bounced, 1);
  assert.equal((await mailed(ripen, 'spam@globex.test')).status, 'dead');
  assert.equal((await mailed(ripen, 'late@globex.test')).status, 'delivered');
  const late = sink.messages.filter((m) => m.envelope.rcptTo[0].address === 'late@globex.test');
  assert.equal(late.length, 2);
  assert.ok(late[0].raw.equals(late[1].raw), 'identical bytes');
  assert.equal(sink.tries['gone@globex.test'], 1);
});

test('a mail server that hangs delays no webhook, and a stop ends it', async (t) => {
  const sink = await startSink(t, { answer: () => 'hang' });
  const { receiver, ripen } = await world(t, sink, { smtp: ', timeout = "300s"' });
  for (let i = 0; i < 20; i++) await order(ripen, `h${i}@globex.test`, String(i));
  await until('20 webhooks', async () => (await receiver.deliveries('/crm')).length === 20);
  await until('two hanging messages', () => Object.keys(sink.tries).length === 2);
  assert.equal(await ripen.stop(), 0);
});

test('a sender that is refused is our fault: the mail waits, and no lead has bounced', async (t) => {
  const sink = await startSink(t, { options: { onMailFrom: (address, session, done) => done(Object.assign(new Error('not you'), { responseCode: 550 })) } });
  const { ripen } = await world(t, sink);
  await order(ripen, 'f@globex.test', '1');
  const action = await until('a failed attempt', async () => (await ripen.lead('f@globex.test')).actions.find((a) => /refused the sender/.test(a.reason ?? a.error ?? '')));
  assert.ok(['pending', 'leased'].includes(action.status));
  assert.equal((await ripen.lead('f@globex.test')).scores.engagement, 0);
});

test('STARTTLS, a certificate that is checked, and a password', async (t) => {
  const place = await folder(t);
  const file = (name) => join(place, name);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', file('key.pem'), '-out', file('cert.pem')], { stdio: 'ignore' });
  const sink = await startSink(t, { options: { key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')), authOptional: false } });
  const smtp = ', tls = "required", user = "ripen", password = env "E2E_MAIL"';
  const good = await world(t, sink, { smtp, env: { E2E_MAIL: 'secret', SSL_CERT_FILE: file('cert.pem') } });
  await order(good.ripen, 'g@globex.test', '1');
  assert.equal((await mailed(good.ripen, 'g@globex.test')).status, 'delivered');
  assert.equal(sink.messages[0].secure, true);
  assert.deepEqual(sink.users, ['ripen:secret']);
  const bad = await world(t, sink, { smtp, env: { E2E_MAIL: 'secret' } });
  await order(bad.ripen, 'x@globex.test', '1');
  await until('a failed attempt', async () => (await bad.ripen.lead('x@globex.test')).actions.find((a) => /did not answer.*SSL|certificate/i.test(a.reason ?? a.error ?? '')));
  assert.equal(sink.messages.length, 1);
});

test('without smtp {…} the reason says so', async (t) => {
  const { ripen } = await world(t, null);
  await order(ripen, 'n@globex.test', '1');
  const action = await mailed(ripen, 'n@globex.test');
  assert.equal(action.status, 'dead');
  assert.match(action.reason ?? action.error ?? '', /no smtp/);
});
