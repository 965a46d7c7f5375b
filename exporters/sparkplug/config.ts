import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { deviceStates } from '../devices/device-state.ts';

const broker = z.string().superRefine((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  if (url === undefined || !['mqtt:', 'mqtts:'].includes(url.protocol) || url.hostname === '')
    refuse('must be mqtt://HOST:PORT or mqtts://HOST:PORT');
  else if (url.username !== '' || url.password !== '')
    refuse('must not hold a password; write username and password beside it');
  else if (!['', '/'].includes(url.pathname) || url.search !== '')
    refuse('must end after the port: MQTT over WebSocket is not supported');
});

const files = z.strictObject({
  /** Certificates that are trusted instead of those of the system, and the client's own certificate and key: PEM files. */
  ca_file: z.string().optional(),
  cert_file: z.string().optional(),
  key_file: z.string().optional(),
  /** The name that the broker's certificate must bear, when it is not the one it is reached by. */
  server_name: z.string().optional(),
});

const topicId = z.string().regex(/^[^+#/]+$/, 'must be one level of a topic, without / + #');

/** One broker whose Sparkplug B messages are read. */
export const sparkplugSource = z.strictObject({
  /** The label `target` of the collector, and what /probe knows it by. */
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'must consist of letters, digits, dots, - and _')
    .refine((name) => name !== 'push', '"push" is what devices are called that report over HTTP'),
  broker,
  /** The label `target` of the devices: the MES they belong to. `name` when it is left out. */
  target: z.string().min(1).max(200).optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  /** A random one when it is left out: two clients of one id throw each other out. */
  client_id: z.string().min(1).optional(),
  tls: files.optional(),
  /** Only these groups; all when it is left out. */
  groups: z.array(topicId).min(1).optional(),
  /** Which level of the topic is the production line. */
  line: z.enum(['group', 'node']).default('group'),
  /**
   * What counts as heard. `session`: a device that was born, until its death, because the broker watches the connection.
   * `messages`: only a message of the device itself.
   */
  heartbeat: z.enum(['session', 'messages']).default('session'),
  /** The Sparkplug metric that holds the device's state, and what its values mean where they are not the names of OPC 40001-1. */
  state: z
    .strictObject({
      metric: z.string().min(1),
      values: z.record(z.string(), z.enum(deviceStates)).default({}),
    })
    .optional(),
  /** How long a missing sequence number may still arrive. */
  reorder_timeout: duration.prefault('5s'),
  /** Whether edge nodes are asked for a new birth after a gap, and when data came before a birth. */
  rebirth: z.boolean().default(true),
  /** One edge node is asked at most once in this time. */
  rebirth_interval: duration.prefault('1m'),
});
export type SparkplugSource = z.infer<typeof sparkplugSource>;
