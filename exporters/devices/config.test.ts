import { describe, expect, it } from 'vitest';
import { targetsSchema } from '../../kit/targets.ts';
import { pushedDevicesSection } from './config.ts';
import { deviceProblems } from './config-problems.ts';

const targets = targetsSchema.parse({ 'mes-db': { kind: 'postgres', url: 'postgres://127.0.0.1/mes' } });
const source = (more: Record<string, unknown> = {}) => ({ name: 'plant', broker: 'mqtt://broker', ...more });

/** What the schema dislikes, or what is wrong between its parts. */
function problemsOf(section: Record<string, unknown>): string[] {
  const result = pushedDevicesSection.safeParse(section);
  if (!result.success) return result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return deviceProblems(result.data, targets).map(
    ({ path, message }) => `${path.slice(2).join('.')}: ${message}`,
  );
}
const ofSource = (more: Record<string, unknown>) => problemsOf({ sparkplug: [source(more)] });

describe('exporter: devices:', () => {
  it('may be left out, and then nothing listens or connects', () => {
    expect(pushedDevicesSection.parse(undefined)).toMatchObject({ sparkplug: [] });
    expect(pushedDevicesSection.parse(undefined)).not.toHaveProperty('push');
  });

  it('finds nothing wrong with what is right', () => {
    const tls = { ca_file: 'ca.pem', cert_file: 'a.pem', key_file: 'a.key', server_name: 'broker' };
    const full = {
      broker: 'mqtts://[::1]:8883',
      username: 'u',
      password: 'p',
      tls,
      line: 'node',
      groups: ['L1'],
    };
    expect(ofSource(full)).toEqual([]);
    expect(problemsOf({ push: { target: 'mes' } })).toEqual([]);
  });

  it.each([
    [{ broker: 'broker:1883' }, 'sparkplug.0.broker: must be mqtt://HOST:PORT or mqtts://HOST:PORT'],
    [
      { broker: 'mqtt://u:p@broker' },
      'sparkplug.0.broker: must not hold a password; write username and password beside it',
    ],
    [
      { broker: 'mqtt://broker/ws' },
      'sparkplug.0.broker: must end after the port: MQTT over WebSocket is not supported',
    ],
    [{ name: 'push' }, 'sparkplug.0.name: "push" is what devices are called that report over HTTP'],
    [{ groups: ['L1/#'] }, 'sparkplug.0.groups.0: must be one level of a topic, without / + #'],
    [{ password: 'p' }, 'sparkplug.0.password: needs a username'],
    [{ tls: {} }, 'sparkplug.0.tls: needs a broker at mqtts://'],
    [{ broker: 'mqtts://broker', tls: { cert_file: 'a.pem' } }, 'sparkplug.0.tls: cert_file needs key_file'],
    [{ line: 'node' }, 'sparkplug.0.line: node needs exactly one group under groups:'],
    [
      { name: 'mes-db' },
      'sparkplug.0.name: "mes-db" is the name of a target; /probe could not tell them apart',
    ],
  ])('says what is wrong with %j', (more, problem) => {
    expect(ofSource(more)).toEqual([problem]);
  });

  it('refuses two brokers of one name, and a token that is easily guessed', () => {
    expect(problemsOf({ sparkplug: [source(), source()] })).toEqual([
      'sparkplug.1.name: "plant" is the name of another broker above',
    ]);
    expect(problemsOf({ push: { target: 'mes', token: 'secret' } })).toEqual([
      'push.token: must have at least 16 characters',
    ]);
  });
});
