import type { Request } from 'express';
import { onBehalfHeaders } from './mes-api.ts';
import { Refusal } from './refusal.ts';
import { type Caller, type Role, roles } from './settings.ts';

/** Who calls, by bearer token. A program (role system) may say for whom it speaks. */
export function callerOf(request: Request, tokens: Readonly<Record<string, Caller>>): Caller {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const caller = token !== undefined && Object.hasOwn(tokens, token) ? tokens[token] : undefined;
  if (caller === undefined) throw new Refusal(401, 'token', 'a known bearer token is required');
  const actor = request.header(onBehalfHeaders.actor);
  const role = request.header(onBehalfHeaders.role);
  if (caller.role === 'system' && actor !== undefined && isRole(role)) return { actor, role };
  return caller;
}

/** Refuses all roles but these. */
export function requireRole({ role }: Caller, allowed: readonly Role[]): void {
  if (!allowed.includes(role))
    throw new Refusal(403, 'role', `${role} may not do this; ${allowed.join(', ')} may`);
}

function isRole(text: string | undefined): text is Role {
  return (roles as readonly (string | undefined)[]).includes(text);
}
