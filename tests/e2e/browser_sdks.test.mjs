// SPDX-License-Identifier: MIT
// The browser SDKs of Segment and RudderStack in Chromium, on a page from another origin: settings, CORS, page,
// identify, track, and a form whose submission is a demo request.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { chromium } from 'playwright-core';
import { endpoints, folder, startReceiver, startRipen, startSite } from './lib.mjs';
import { TRAITS, checkJourney } from './journey.mjs';

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

// A page that loads `script`, then offers window.demo(traits), which resolves when all is sent.
const pageOf = (script, code) => `<!doctype html><title>Pricing</title><link rel="icon" href="data:,"><h1>Pricing</h1>
<form id="demo"><button>Ask for a demo</button></form><p id="said"></p>
<script src="${script}"></script><script type="module">
const say = (text) => { document.querySelector('#said').textContent = text; };
const start = async () => {
${code}
};
document.querySelector('#demo').addEventListener('submit', async (submission) => {
  submission.preventDefault();
  await window.ask();
  say('asked');
});
start().then(() => say('ready'), (error) => say('failed: ' + error));
</script>`;

const SEGMENT = (more) => (url) => pageOf('/node_modules/@segment/analytics-next/dist/umd/index.js', `
  const [analytics] = await AnalyticsNext.AnalyticsBrowser.load({ writeKey: 'e2e', cdnURL: '${url}' },
    { integrations: { 'Segment.io': { apiHost: '${url.replace('http://', '')}/v1', protocol: 'http'${more} } } });
  window.anonymousId = analytics.user().anonymousId();
  await analytics.page();
  await analytics.identify('u-browser', ${JSON.stringify(TRAITS)});
  window.ask = () => analytics.track('Demo Requested', { form: 'demo' });`);

const RUDDER = (more) => (url) => pageOf('/node_modules/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js', `
  const analytics = new rudderanalytics.RudderAnalytics();
  await new Promise((done) => {
    analytics.load('e2e', '${url}', { configUrl: '${url}', onLoaded: done${more} });
  });
  window.anonymousId = analytics.getAnonymousId();
  const called = (kind, ...args) => new Promise((done) => analytics[kind](...args, done));
  await called('page', 'docs', 'Pricing', {});
  await called('identify', 'u-browser', ${JSON.stringify(TRAITS)}, {});
  window.ask = () => called('track', 'Demo Requested', { form: 'demo' }, {});`);

async function startBrowser(t) {
  const profile = await mkdtemp(join(tmpdir(), 'ripen-e2e-chromium-'));
  const root = process.getuid() === 0;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    userAgent: AGENT,
    args: [...(root ? ['--no-sandbox'] : []), '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  t.after(async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  });
  return context;
}

const SDKS = {
  Segment: SEGMENT(''),
  'Segment in batches': SEGMENT(", deliveryStrategy: { strategy: 'batching', config: { size: 2, timeout: 300 } }"),
  RudderStack: RUDDER(''),
  'RudderStack in beacons': RUDDER(', useBeacon: true, beaconQueueOptions: { maxItems: 2, flushQueueInterval: 300 }'),
};

for (const [name, html] of Object.entries(SDKS)) {
  test(name, async (t) => {
    const place = await folder(t);
    const receiver = await startReceiver(t);
    const ripen = await startRipen(t, { place, config: endpoints({ crm: receiver.url }) });
    const site = await startSite(t, { '/pricing': html(ripen.url) });
    const browser = await startBrowser(t);
    const page = await browser.newPage();
    const trouble = [];
    page.on('pageerror', (error) => trouble.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && trouble.push(message.text()));
    page.on('response', (response) => response.status() >= 400 && trouble.push(`${response.status()} ${response.url()}`));
    await page.goto(`${site}/pricing`);
    await page.waitForFunction(() => document.querySelector('#said').textContent !== '');
    assert.equal(await page.textContent('#said'), 'ready', trouble.join('\n'));
    const anonymousId = await page.evaluate(() => window.anonymousId);
    await page.click('#demo button');
    await page.waitForFunction(() => document.querySelector('#said').textContent === 'asked');
    await checkJourney(ripen, receiver, { userId: 'u-browser', anonymousId });
    assert.deepEqual(trouble, []);
    assert.equal(await ripen.stop(), 0);
  });
}
