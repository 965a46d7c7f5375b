import type { TLSSocket } from 'node:tls';
import type { ServerTls } from '../../kit/http-server.ts';
import type { Log } from '../../kit/log.ts';
import type { WebConfig, WebTls } from './web-config.ts';

/** TLS as the web configuration wants it now; undefined when it wants none. */
export function serverTls(current: () => WebConfig, log: Log): ServerTls | undefined {
  const atStart = current().tls;
  if (atStart === undefined) return undefined;
  // Whether there is TLS, and which kind of client certificates, cannot change while it runs.
  const tls = () => current().tls ?? atStart;
  const told = new Set<string>();
  return {
    context: () => tls().context,
    requestCert: atStart.clientAuth !== 'NoClientCert',
    rejectUnauthorized: atStart.clientAuth === 'RequireAndVerifyClientCert',
    admits(socket) {
      const reason = refusal(tls(), socket);
      if (reason !== undefined && !told.has(reason)) log.warn({ reason }, 'client certificate refused');
      if (reason !== undefined) told.add(reason);
      return reason === undefined;
    },
  };
}

/** Why a client may not stay, by its certificate. The list of reasons is short: nothing of the certificate is in them. */
function refusal({ clientAuth, allowedNames }: WebTls, socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined)
    return clientAuth.startsWith('Require') ? 'the client has shown no certificate' : undefined;
  if (clientAuth.includes('Verify') && !socket.authorized)
    return `the client's certificate is not valid: ${String(socket.authorizationError)}`;
  if (allowedNames && !namesOf(certificate.subjectAltName).some((name) => allowedNames.includes(name)))
    return "the client's certificate has none of the names of client_allowed_sans";
  return undefined;
}

/** `DNS:a.example, IP Address:10.0.0.1` → the names alone. */
function namesOf(subjectAltName = ''): string[] {
  // Node puts into quotes what could be taken for a separator: whoever has such a name means to deceive.
  if (subjectAltName.includes('"')) return [];
  return subjectAltName.split(', ').map((entry) => entry.slice(entry.indexOf(':') + 1));
}
