import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Permission } from '../core/operation.ts';
import { priorityOf } from '../core/priority.ts';
import type { Caller } from '../core/request.ts';
import { shedNow } from '../inference/call-failed.ts';
import type { Admission } from '../security/admission.ts';
import { allowedModel, type Identify } from '../security/callers.ts';
import type { Limits } from '../security/limits.ts';
import { type HeldBody, readBody } from './body.ts';
import type { Call } from './call.ts';
import { checkOneHost } from './one-host.ts';

/** What letting a call in needs of the gateway. `identify` and `model` follow the config in force. */
export interface AdmitPorts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly admission: Admission;
  readonly identify: Identify;
  readonly limits: Pick<Limits, 'enter'>;
  /** By name or alias. */
  model(name: string): Model | undefined;
  /** By when a body must be here, if Node does not see to it. */
  bodyTimeoutMs(): number | undefined;
}

/**
 * Every protocol lets a call in by these three steps: who is it, may they do this, the body. Where the body names the
 * model the last two change places. `identify` throws `unauthenticated` or `bad-signature` before any byte of the body
 * is read; `call.caller` is there from the moment it is proven.
 */
export function identify(ports: AdmitPorts, call: Call, message: IncomingMessage): void {
  const { headers, method = '', url = '' } = message;
  checkOneHost(message);
  call.identity = ports.identify({ method, url, headers });
  if (call.identity.proven) call.caller = call.identity.caller;
}

/**
 * The model, if the caller may call it so and its tenant's limits let it in; a signature that only the body proves is
 * let in by `takeBody`. Throws `unknown-model`, `not-allowed` or what limits throw.
 */
export async function permit(ports: AdmitPorts, call: Call, name: string, permission: Permission): Promise<Model> {
  const model = allowedModel(ports.model(name), call.caller ?? call.identity?.caller, permission);
  call.permission = permission;
  call.model = model;
  if (call.caller !== undefined) await enter(ports, call, model, call.caller);
  return model;
}

const emptySha256 = hash('sha256', '', 'hex');

/** Who sent a message without a body. Throws `unauthenticated` or `bad-signature`. */
export function callerWithoutBody(ports: Pick<AdmitPorts, 'identify'>, message: IncomingMessage): Caller {
  const { headers, method = '', url = '' } = message;
  const identity = ports.identify({ method, url, headers });
  return identity.proven ? identity.caller : identity.confirm(emptySha256);
}

/** The whole body, which a signature has to cover. Throws what `readBody` throws, `bad-signature`, and what limits throw. */
export async function takeBody(
  ports: AdmitPorts,
  call: Call,
  message: IncomingMessage,
  maxBytes: number,
): Promise<HeldBody> {
  const waitingSince = ports.clock.now();
  const limitMs = ports.bodyTimeoutMs();
  const limit = limitMs === undefined ? undefined : { clock: ports.clock, limitMs };
  call.body = await readBody(message, maxBytes, ports.admission, limit);
  call.arrivedAt = ports.clock.now();
  call.receivingMs = call.arrivedAt - waitingSince;
  if (call.identity === undefined) return call.body;
  const proven = call.identity.confirm(call.body.sha256);
  call.caller = proven;
  if (call.model === undefined) return call.body;
  allowedModel(call.model, proven, call.permission);
  if (call.leave === undefined) await enter(ports, call, call.model, proven);
  return call.body;
}

/** A call that ended while it waited has nobody left to give back what it took. */
async function enter(ports: AdmitPorts, call: Call, model: Model, caller: Caller): Promise<void> {
  const priority = priorityOf(model, { caller });
  if (priority === 'sheddable' && ports.admission.short) {
    ports.emit({ type: 'call-shed', model: model.name, priority, why: 'memory' });
    throw shedNow(model.name);
  }
  const leave = await ports.limits.enter(caller);
  call.leave = leave;
  if (call.over) leave();
}
