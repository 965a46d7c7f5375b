import { traceHeaders } from '../../kit/tracing.ts';
import { brokenConstraint, type Database, type Session } from '../database/database.ts';
import type { CommandRequest } from '../mes-api.ts';
import { Refusal } from '../refusal.ts';
import type { Caller } from '../settings.ts';
import { factsStatement, type OrderFacts } from './command-facts.ts';
import { moveStatement } from './command-move.ts';
import { forbiddenBy } from './guards.ts';
import { oneOrderPerUnit } from './schema.ts';
import type { SignatureRequest } from './signatures.ts';
import { withSignatureAtOnce } from './signatures-at-once.ts';
import { rowsOf, type State, type Transition, transitionFor } from './transitions.ts';

/** A command as it arrived: on which order, under which idempotency key, from whom. */
export interface CommandCall {
  orderId: string;
  key: string;
  request: CommandRequest;
  caller: Caller;
}

export interface CommandResult {
  id: string;
  state: State;
  version: number;
}

/** How commands are carried out here. */
export interface CommandOptions {
  freshMs: number;
  idempotent: boolean;
  outbox: boolean;
  /** How quality releases are signed: later, or at once (weakened) by what stands here. Not at all without it. */
  signatures?: { atOnce?: ((request: SignatureRequest) => Promise<string>) | undefined } | undefined;
}

/** Carries out a command once, however often it is sent; throws a Refusal when table, guards, role or version forbid it. */
export function execute(
  database: Database,
  call: CommandCall,
  options: CommandOptions,
): Promise<CommandResult> {
  return database.run(async (session) => {
    const facts = await readFacts(session, call, options);
    if (facts.earlier !== null) return facts.earlier;
    const transition = allowed(call, facts);
    const moved = await moveAndSign(session, call, transition, facts, options);
    if (moved) return moved;
    const now = await readFacts(session, call, options);
    if (now.earlier !== null) return now.earlier;
    throw versionConflict(call, now.version);
  });
}

async function readFacts(session: Session, call: CommandCall, options: CommandOptions): Promise<OrderFacts> {
  const { orderId, key, request } = call;
  const [facts] = await session.query<OrderFacts>(factsStatement, [
    orderId,
    options.idempotent ? key : null,
    request.unit ?? null,
    options.freshMs,
  ]);
  if (facts === undefined) throw new Refusal(404, 'unknown-order', `there is no work order ${orderId}`);
  return facts;
}

function allowed(call: CommandCall, facts: OrderFacts): Transition {
  const { command, expected_version, unit } = call.request;
  const transition = transitionFor(command, facts.state);
  const mayDo = rowsOf(command).flatMap(({ roles }) => roles);
  if (!mayDo.includes(call.caller.role))
    throw new Refusal(403, 'role', `${call.caller.role} may not ${command}; ${mayDo.join(', ')} may`);
  if (expected_version !== facts.version) throw versionConflict(call, facts.version);
  if (transition === undefined)
    throw new Refusal(
      409,
      'illegal-transition',
      `${command} is not possible for a work order that is ${facts.state}`,
    );
  if (transition.unit === 'takes' && unit === undefined)
    throw new Refusal(400, 'no-unit', `${command} needs the work unit, as in "unit": "L1-U1"`);
  if (transition.unit !== 'takes' && unit !== undefined && unit !== facts.unit)
    throw new Refusal(409, 'wrong-unit', `work order ${call.orderId} is not on work unit ${unit}`);
  const forbidden = forbiddenBy(transition.guards, { ...facts, reason: call.request.reason });
  if (forbidden) throw new Refusal(409, forbidden.guard, `${command} of ${call.orderId}: ${forbidden.why}`);
  return transition;
}

function moveAndSign(
  session: Session,
  call: CommandCall,
  transition: Transition,
  facts: OrderFacts,
  options: CommandOptions,
): Promise<CommandResult | undefined> {
  const { signatures } = options;
  const wanted = signatures && transition.command === 'qc_pass' ? releaseOf(call, facts) : undefined;
  const moving = () => move(session, call, transition, facts, options, wanted);
  if (!wanted || !signatures?.atOnce) return moving();
  return withSignatureAtOnce(session, wanted, moving, signatures.atOnce);
}

/** What is signed of a quality release: the same however often it is asked for. Reworked, it is released and signed again. */
function releaseOf({ orderId, caller }: CommandCall, facts: OrderFacts): SignatureRequest {
  const version = facts.version + 1;
  const { good, scrap, rework } = facts;
  const subject = { work_order_id: orderId, version, good, scrap, rework, released_by: caller.actor };
  return { id: `${orderId}-v${version}`, subject };
}

async function move(
  session: Session,
  { orderId, key, request, caller }: CommandCall,
  transition: Transition,
  facts: OrderFacts,
  options: CommandOptions,
  signature: SignatureRequest | undefined,
): Promise<CommandResult | undefined> {
  try {
    const [moved] = await session.query<CommandResult & Record<string, unknown>>(
      moveStatement(transition.unit),
      [
        orderId,
        facts.version,
        transition.to,
        facts.unit,
        transition.rework,
        transition.command,
        facts.state,
        caller.actor,
        caller.role,
        key,
        request.device_ts,
        options.idempotent,
        options.outbox,
        traceHeaders().traceparent ?? null,
        signature?.id ?? null,
        signature ? JSON.stringify(signature.subject) : null,
      ],
    );
    return moved;
  } catch (error) {
    const constraint = brokenConstraint(error);
    if (constraint === oneOrderPerUnit)
      throw new Refusal(409, 'unit-idle', `work unit ${facts.unit} has just got another order`);
    if (constraint === 'idempotency_keys_pkey') return undefined;
    throw error;
  }
}

function versionConflict({ orderId, request }: CommandCall, version: number): Refusal {
  return new Refusal(
    409,
    'version-conflict',
    `work order ${orderId} has version ${version}, not ${request.expected_version}: read it again`,
  );
}
