// SPDX-License-Identifier: MIT
// Stand-ins for CRMs on loopback, made of their public documentation (crm/README.md): records in memory, answers in
// the documented forms. `fail(status, file, headers)` makes the next requests answer so; "drop" cuts the connection.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const example = (file) => JSON.parse(readFileSync(`crm/${file}`, 'utf8'));

function start(t, handle) {
  const crm = { requests: [], records: new Map(), next: 500, failures: [] };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url, 'http://crm');
    crm.requests.push({ method: request.method, path: url.pathname + url.search, headers: request.headers, body });
    const failure = crm.failures.shift();
    if (failure?.status === 'drop') return request.socket.destroy();
    const reply = (status, json, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(json === undefined ? '' : JSON.stringify(json));
    };
    if (failure) return reply(failure.status, failure.file && example(failure.file), failure.headers);
    return handle(crm, request.method, url, body.startsWith('{') ? JSON.parse(body) : body, reply, request.headers);
  });
  crm.fail = (status, file, headers) => crm.failures.push({ status, file, headers });
  crm.writes = () => crm.requests.filter((r) => r.method !== 'GET');
  return new Promise((done) => server.listen(0, '127.0.0.1', () => {
    crm.url = `http://127.0.0.1:${server.address().port}`;
    t.after(() => new Promise((ended) => {
      server.close(ended);
      server.closeAllConnections();
    }));
    done(crm);
  }));
}

const find = (crm, key, value) => [...crm.records.values()].filter((r) => String(r[key]).toLowerCase() === value.toLowerCase());

export const hubspot = (t) => start(t, (crm, method, url, body, reply, headers) => {
  if (headers.authorization !== 'Bearer hub-token') return reply(401, example('hubspot/unauthorized.json'));
  const key = decodeURIComponent(url.pathname.split('/')[5] ?? '');
  const by = url.searchParams.get('idProperty');
  const record = by ? find(crm, by, key)[0] : crm.records.get(key);
  const answer = (r) => {
    const { id, ...properties } = r;
    return { ...example('hubspot/contact.json'), id, properties };
  };
  if (method === 'POST') {
    const there = find(crm, 'email', body.properties.email)[0];
    if (there) return reply(409, { ...example('hubspot/conflict.json'), message: `Contact already exists. Existing ID: ${there.id}` });
    const made = { id: String(++crm.next), ...body.properties };
    crm.records.set(made.id, made);
    return reply(201, answer(made));
  }
  if (!record) return reply(404, example('hubspot/not_found.json'));
  if (method === 'PATCH') Object.assign(record, body.properties);
  return reply(200, answer(record));
});

export const salesforce = (t) => start(t, (crm, method, url, body, reply, headers) => {
  if (url.pathname === '/services/oauth2/token') {
    const form = new URLSearchParams(body);
    if (form.get('client_secret') !== 'app-secret') return reply(400, { error: 'invalid_client', error_description: 'invalid client credentials' });
    crm.token = `sf-${++crm.next}`;
    return reply(200, { ...example('salesforce/token.json'), access_token: crm.token });
  }
  if (headers.authorization !== `Bearer ${crm.token}`) return reply(401, example('salesforce/unauthorized.json'));
  if (url.pathname.endsWith('/query')) {
    const [, key, value] = /WHERE (\w+) = '(.*)' LIMIT/.exec(url.searchParams.get('q'));
    const records = find(crm, key, value.replaceAll("\\'", "'"));
    return reply(200, { totalSize: records.length, done: true, records });
  }
  const [, , , , , object, id] = url.pathname.split('/');
  if (method === 'POST') {
    if (!body.LastName) return reply(400, [{ message: 'Required fields are missing: [LastName]', errorCode: 'REQUIRED_FIELD_MISSING', fields: ['LastName'] }]);
    const made = { Id: `00Q${++crm.next}`, object, IsConverted: false, ...body };
    crm.records.set(made.Id, made);
    return reply(201, { ...example('salesforce/created.json'), id: made.Id });
  }
  Object.assign(crm.records.get(id), body);
  return reply(204);
});

export const pipedrive = (t) => start(t, (crm, method, url, body, reply, headers) => {
  if (headers['x-api-token'] !== 'pipe-token') return reply(401, example('pipedrive/unauthorized.json'));
  if (url.pathname.endsWith('/search')) {
    const term = url.searchParams.get('term');
    const items = [...crm.records.values()].filter((r) => r.emails.some((e) => e.value === term))
      .map((r) => ({ result_score: 0.5092, item: { id: r.id, type: 'person', name: r.name, emails: [term] } }));
    return reply(200, { success: true, data: { items }, additional_data: { next_cursor: null } });
  }
  const id = Number(url.pathname.split('/')[4]);
  if (method === 'POST') {
    const made = { ...example('pipedrive/person.json').data, emails: [], phones: [], custom_fields: {}, ...body, id: ++crm.next };
    crm.records.set(made.id, made);
    return reply(201, { success: true, data: made });
  }
  const record = crm.records.get(id);
  if (!record) return reply(404, { success: false, error: 'Person not found' });
  const { custom_fields: custom, ...rest } = method === 'PATCH' ? body : {};
  Object.assign(record, rest, { custom_fields: { ...record.custom_fields, ...custom } });
  return reply(200, { success: true, data: record });
});
