import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IClientOptions } from 'mqtt';
import type { SparkplugSource } from './config.ts';

/** How long the broker may take to answer CONNECT or SUBSCRIBE. */
export const brokerAnswerMs = 5000;

/** A lost broker is noticed after one and a half of these. */
export const keepaliveSeconds = 10;

/** How to connect to a broker, with MQTT 3.1.1. Files are read anew each time: certificates are renewed. */
export function brokerOptions(source: SparkplugSource): IClientOptions {
  const { username, password, client_id } = source;
  const { protocol, hostname, port } = new URL(source.broker);
  const isSecure = protocol === 'mqtts:';
  return {
    protocol: isSecure ? 'mqtts' : 'mqtt',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isSecure ? 8883 : 1883) : Number(port),
    protocolVersion: 4,
    clean: true,
    clientId: client_id ?? `andon-exporter-${randomUUID().slice(0, 8)}`,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...tlsOptions(source),
    keepalive: keepaliveSeconds,
    connectTimeout: brokerAnswerMs,
    // Each connection is a client of its own; the way back is ours, with growing pauses.
    reconnectPeriod: 0,
    resubscribe: false,
  };
}

function tlsOptions({ tls }: SparkplugSource): IClientOptions {
  if (tls === undefined) return {};
  const { ca_file, cert_file, key_file, server_name } = tls;
  return {
    ...(ca_file === undefined ? {} : { ca: readFileSync(ca_file) }),
    ...(cert_file === undefined ? {} : { cert: readFileSync(cert_file) }),
    ...(key_file === undefined ? {} : { key: readFileSync(key_file) }),
    ...(server_name === undefined ? {} : { servername: server_name }),
  };
}
