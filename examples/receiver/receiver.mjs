#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// A webhook receiver to copy from: it checks the signature of every request (Standard Webhooks), takes
// each key once, prints a line a request and tells at GET /deliveries what it got. It can be told to
// fail, to see how Ripen goes on:
//
//   WEBHOOK_SECRET=whsec_… node receiver.mjs [--host ADDR] [--port N] [--answer LIST]
//
// LIST says how the attempts of every key are answered, one after the other; after its end all are
// taken. Items: a status (500, 410), 429:7 (with Retry-After: 7), hang (no answer), drop (the connection
// is closed); each with xN for N times or * for ever. Example: --answer 500x2,429:1,hang
// The package standardwebhooks does the checking when it is installed (npm ci), else node:crypto.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const BODY_MAX = 256 * 1024;
const TOLERANCE_S = 300; // how old or how far ahead a timestamp may be
const KEPT_MAX = 10000; // deliveries that are remembered

const { values: options } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: process.env.PORT ?? '8787' },
    secret: { type: 'string', default: process.env.WEBHOOK_SECRET ?? '' },
    answer: { type: 'string', default: process.env.RECEIVER_ANSWER ?? '' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  console.log('WEBHOOK_SECRET=whsec_… node receiver.mjs [--host ADDR] [--port N] [--answer LIST]\n' +
    'LIST: 500, 410, 429:SECONDS, hang, drop; each with xN or *; example: 500x2,429:1,hang');
  process.exit(0);
}

const script = readScript(options.answer);
const check = options.secret ? await checker(options.secret) : null;
const deliveries = new Map(); // by key, in order of arrival
let refused = 0;

// --- signatures ---------------------------------------------------------------------------------------

// The key's bytes: base64 behind "whsec_", else the text itself.
function secretBytes(secret) {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8');
}

// Throws with the reason when a request is not what the holder of the secret sent in the last minutes.
function checkWithCrypto(bytes, headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures } = headers;
  if (!id || !time || !signatures) throw new Error('a webhook-… header is missing');
  if (!(Math.abs(Date.now() / 1000 - Number(time)) <= TOLERANCE_S)) throw new Error('the timestamp is too far from now');
  const expected = createHmac('sha256', bytes).update(`${id}.${time}.`).update(body).digest();
  const matches = signatures.split(' ').some((signature) => {
    const [version, text = ''] = signature.split(',');
    const given = Buffer.from(text, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!matches) throw new Error('no signature matches');
}

async function checker(secret) {
  const bytes = secretBytes(secret);
  try {
    const { Webhook } = await import('standardwebhooks');
    const webhook = new Webhook(new Uint8Array(bytes), { format: 'raw' });
    return { name: 'standardwebhooks', check: (headers, body) => webhook.verify(body.toString('utf8'), headers) };
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return { name: 'node:crypto (npm ci brings standardwebhooks)', check: (headers, body) => checkWithCrypto(bytes, headers, body) };
  }
}

// --- how to answer ------------------------------------------------------------------------------------

function readScript(text) {
  const steps = [];
  for (const item of text.split(',').filter(Boolean)) {
    const match = /^(hang|drop|[1-5]\d\d)(?::(\d+))?(?:x(\d+)|(\*))?$/.exec(item.trim());
    if (!match) {
      console.error(`receiver: "${item}" is no answer; use 500, 410, 429:SECONDS, hang or drop, with xN or *`);
      process.exit(2);
    }
    const [, what, retryAfter, times, forEver] = match;
    steps.push({ what, retryAfter, times: forEver ? Infinity : Number(times ?? 1) });
  }
  return steps;
}

// What attempt n (the first is 1) of a key gets; null: it is taken.
function answerOf(n) {
  for (const step of script) {
    if (n <= step.times) return step;
    n -= step.times;
  }
  return null;
}

// --- requests -----------------------------------------------------------------------------------------

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_MAX) throw Object.assign(new Error(`the body is longer than ${BODY_MAX} bytes`), { status: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(body) {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return body.toString('utf8');
  }
}

function remember(request, body, verified) {
  const key = request.headers['webhook-id'] ?? '';
  let delivery = deliveries.get(key);
  if (!delivery) {
    delivery = { key, path: request.url, verified, attempts: 0, taken: 0, receivedAt: new Date().toISOString(), body: parse(body) };
    deliveries.set(key, delivery);
    if (deliveries.size > KEPT_MAX) deliveries.delete(deliveries.keys().next().value);
  }
  delivery.attempts++;
  return delivery;
}

function send(response, status, value, headers = {}) {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers });
  response.end(text);
}

async function receive(request, response) {
  const body = await readBody(request);
  try {
    check?.check(request.headers, body);
  } catch (error) {
    refused++;
    console.log(`refused    ${request.url} key=${request.headers['webhook-id'] ?? '?'}: ${error.message}`);
    return send(response, 401, { error: error.message });
  }
  const delivery = remember(request, body, Boolean(check));
  const step = answerOf(delivery.attempts);
  const again = !step && delivery.taken > 0 ? ' (had it already)' : '';
  console.log(`${check ? 'verified' : 'unchecked'}   ${request.url} key=${delivery.key} attempt=${delivery.attempts} ` +
    `-> ${step?.what ?? '200'}${again} ${JSON.stringify(delivery.body)}`);
  if (step?.what === 'hang') return undefined;
  if (step?.what === 'drop') return request.socket.destroy();
  if (step) return send(response, Number(step.what), { error: 'told to fail' }, step.retryAfter ? { 'retry-after': step.retryAfter } : {});
  delivery.taken++; // a real receiver acts on the first one only
  return send(response, 200, { received: true });
}

const server = createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/deliveries') {
    send(response, 200, { refused, deliveries: [...deliveries.values()] });
  } else if (request.method === 'POST') {
    receive(request, response).catch((error) => send(response, error.status ?? 500, { error: error.message }));
  } else {
    send(response, 404, { error: 'POST a webhook anywhere, or GET /deliveries' });
  }
});

server.listen(Number(options.port), options.host, () => {
  console.log(`receiver: listening on http://${options.host}:${server.address().port} , signatures checked by: ` +
    `${check?.name ?? 'nobody, WEBHOOK_SECRET is not set'}`);
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
