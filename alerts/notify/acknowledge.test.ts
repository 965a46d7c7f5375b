import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { waitFor } from '../../kit/wait.ts';
import { alertOf } from './testing/notify-world.ts';
import { recordingContact, toldOf } from './testing/recording-contact.ts';
import { type RunningNotifier, startTestNotifier } from './testing/running-notifier.ts';

const [phone, boss] = [recordingContact('phone'), recordingContact('boss')];
let notifier: RunningNotifier;
/** How much later it is for the notifier: nothing is escalated before a test says so. */
let passedMs = 0;
const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
beforeAll(async () => {
  const routes = [{ receivers: ['phone'], escalate: [{ after: '1h', receivers: ['boss'] }] }];
  notifier = await startTestNotifier({ contacts: [phone, boss], clock }, routes);
});
afterAll(() => notifier[Symbol.asyncDispose]());

const notify = (...alerts: unknown[]) => notifier.post({ version: '4', alerts });

/** Fires an alert and waits for its link. */
async function linkOf(name: string, more: Parameters<typeof alertOf>[1] = {}): Promise<string> {
  await notify(alertOf(name, more));
  const items = () => phone.messages.flatMap((message) => message.items);
  return waitFor(() => items().find(({ alert }) => alert.labels.alertname === name)?.acknowledgeUrl, {
    what: `the link of ${name}`,
    timeoutMs: 20_000,
    everyMs: 20,
  });
}

const escalated = (name: string) => toldOf(boss).some((text) => text.startsWith(`escalated ${name} `));

const press = (link: string, name: string) =>
  fetch(link, { method: 'POST', body: new URLSearchParams({ name }) });

test('Looking at the link acknowledges nothing; pressing the button does, once, and stops the escalation.', async () => {
  const link = await linkOf('MesDown');
  const looked = await linkOf('Looked');
  for (const method of ['GET', 'HEAD']) expect((await fetch(looked, { method })).status).toBe(200);
  expect(await (await fetch(link)).text()).toContain('<form method="post">');
  expect(await (await press(link, 'Li Wei')).text()).toContain('Li Wei has it');
  expect(await (await press(link, 'Somebody else')).text()).toContain('Li Wei has it');
  passedMs += 3_600_000;
  await waitFor(() => escalated('Looked'), { what: 'the escalation', timeoutMs: 20_000 });
  expect(escalated('MesDown')).toBe(false);
});

test('Who types no name is "by link", and a name is made one short line.', async () => {
  expect(await (await press(await linkOf('NoName'), ' ')).text()).toContain('by link has it');
  const long = await (await press(await linkOf('LongName'), `a\u0000\n${'b'.repeat(200)}`)).text();
  expect(long).toContain(`a ${'b'.repeat(78)} has it`);
});

test('A link that nobody has made leads nowhere, with GET and with POST.', async () => {
  const link = await linkOf('Guarded');
  const forged = [link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), link.slice(0, -1), `${link}A`];
  forged.push(`${notifier.url}/ack/%00`, `${notifier.url}/ack/1`, `${notifier.url}/ack/'%20OR%201=1--`);
  for (const url of forged) {
    expect((await fetch(url)).status).toBe(404);
    expect((await press(url, 'Mallory')).status).toBe(404);
  }
  expect(await (await fetch(link)).text()).not.toContain('Mallory');
});

test('When the alert is over so is its link.', async () => {
  const link = await linkOf('Short');
  await notify(alertOf('Short', { status: 'resolved' }));
  const response = await press(link, 'Late');
  expect(response.status).toBe(410);
  expect(await response.text()).toMatch(/It is over since 2026-01-31T09:00:00.000Z/);
});

test('Markup in labels and names stays text, and the page may load and run nothing.', async () => {
  const evil = `</h1><script>alert("1")</script><a href='x'>`;
  const link = await linkOf(evil, { annotations: { summary: evil } } as object);
  const page = await fetch(link);
  const html = `${await page.text()}${await (await press(link, evil)).text()}`;
  expect(html).not.toContain('<script');
  expect(html).not.toContain("<a href='x'>");
  expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect(page.headers.get('cache-control')).toBe('no-store');
});

test('A huge form is refused.', async () => {
  expect((await press(await linkOf('Form'), 'x'.repeat(10_000))).status).toBe(413);
});
