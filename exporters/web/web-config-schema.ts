import { z } from 'zod';
import { parseDuration } from '../../kit/duration.ts';

/** Go's names of the suites that may be chosen, and OpenSSL's. TLS 1.3 has suites of its own, which cannot be chosen, as in Go. */
export const cipherSuites = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_AES_128_GCM_SHA256: undefined,
  TLS_AES_256_GCM_SHA384: undefined,
  TLS_CHACHA20_POLY1305_SHA256: undefined,
} as const;

/** Go's names of the curves, and OpenSSL's. */
export const curves = {
  CurveP256: 'prime256v1',
  CurveP384: 'secp384r1',
  CurveP521: 'secp521r1',
  X25519: 'X25519',
} as const;

const namesOf = <T extends object>(names: T) => Object.keys(names) as [keyof T & string];
const oneOf = <T extends object>(what: string, names: T) =>
  z.enum(namesOf(names), {
    error: `is no ${what} that can be used here; these can: ${namesOf(names).join(', ')}`,
  });

const outdated = ['TLS10', 'TLS11'];
const tlsVersion = z.enum(['TLS12', 'TLS13'], {
  error: ({ input }) =>
    outdated.includes(String(input))
      ? `${String(input)} is not offered any more (RFC 8996); write TLS12 or TLS13`
      : 'must be TLS12 or TLS13',
});

const clientAuthTypes = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'RequireClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientAuthType = (typeof clientAuthTypes)[number];

const file = z.string().min(1, 'names no file');

const tlsServerConfig = z.strictObject({
  cert: z.string().optional(),
  key: z.string().optional(),
  client_ca: z.string().optional(),
  cert_file: file.optional(),
  key_file: file.optional(),
  client_ca_file: file.optional(),
  client_auth_type: z
    .enum(clientAuthTypes, { error: `must be one of ${clientAuthTypes.join(', ')}` })
    .default('NoClientCert'),
  client_allowed_sans: z.array(z.string()).optional(),
  min_version: tlsVersion.default('TLS12'),
  max_version: tlsVersion.default('TLS13'),
  cipher_suites: z.array(oneOf('cipher suite', cipherSuites)).default([]),
  curve_preferences: z.array(oneOf('curve', curves)).default([]),
  prefer_server_cipher_suites: z.boolean().default(true),
});

// A line break would end the header; Node refuses that only when the answer is sent.
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'must be one line of plain text');
const headers = z.strictObject({
  'Content-Security-Policy': headerValue.optional(),
  'X-Frame-Options': z.enum(['deny', 'sameorigin', ''], { error: 'must be deny or sameorigin' }).optional(),
  'X-Content-Type-Options': z.enum(['nosniff', ''], { error: 'must be nosniff' }).optional(),
  'X-XSS-Protection': headerValue.optional(),
  'Strict-Transport-Security': headerValue.optional(),
});

const bcryptHash = z
  .string()
  .regex(
    /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/,
    `is not a bcrypt hash; make one with: htpasswd -nBC 10 "" | tr -d ':\\n'`,
  );

/** Guessing a token is as hopeless as it is long: 128 bits, as 32 hexadecimal digits or 22 of base64, are enough for ever. */
export const shortestToken = 20;

const goDuration = z.union([z.literal(0), z.literal('0'), z.string()]).transform((value, context) => {
  const ms = value === 0 || value === '0' ? 0 : parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: `"${value}" is not a duration; write 100ms, 1s or 0` });
  return z.NEVER;
});

/**
 * The web configuration of the Prometheus exporter-toolkit, and two keys of our own for bearer tokens, which that format lacks.
 * https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 */
export const webConfigSchema = z.strictObject(
  {
    tls_server_config: tlsServerConfig.optional(),
    http_server_config: z
      .strictObject({
        http2: z
          .literal(false, { error: 'this exporter speaks HTTP/1.1; write false, or leave the key out' })
          .optional(),
        headers: headers.default({}),
      })
      .prefault({}),
    basic_auth_users: z.record(z.string(), bcryptHash).default({}),
    rate_limit: z
      .strictObject({ interval: goDuration, burst: z.int().min(1, 'must be at least 1') })
      .optional(),
    bearer_tokens: z
      .array(
        z.string().min(shortestToken, `is shorter than ${shortestToken} characters: it could be guessed`),
      )
      .default([]),
    bearer_token_files: z.array(file).default([]),
  },
  {
    error: ({ code }) =>
      code === 'invalid_type'
        ? 'is not a web configuration; write {} for neither TLS nor authentication'
        : undefined,
  },
);

export type WebConfigFileContent = z.output<typeof webConfigSchema>;
export type TlsServerConfig = NonNullable<WebConfigFileContent['tls_server_config']>;
