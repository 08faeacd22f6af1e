import { GatewayError } from '../core/errors.ts';
import type { Actor } from '../routes/admin/canary.ts';
import type { Auditor } from './auditor.ts';

/** A model as far as its owner goes; one that the config does not have any more has none. */
interface Owned {
  readonly name: string;
  readonly owner?: string | undefined;
}

/** Throws `not-allowed` unless the actor's key acts for the model's owner. */
export function mustOwn({ name, owner }: Owned, { actor, owners }: Actor): void {
  if (owners === undefined || owners.includes(owner ?? '')) return;
  const whose = owner === undefined ? 'has no owner' : `belongs to ${owner}`;
  throw new GatewayError('not-allowed', `${name} ${whose}, and the key ${actor} acts for ${owners.join(', ')}.`);
}

/** An act on a model by those who may; who may not is written down as well. @param modelOf throws where there is none */
export function auditedOwn<What extends object>(
  { audited }: Pick<Auditor, 'audited'>,
  act: string,
  modelOf: (what: What) => Owned,
  run: (what: What, actor: string) => Promise<unknown>,
): (what: What, who: Actor) => Promise<unknown> {
  return (what, who) =>
    audited<What>(act, async (given, actor) => {
      mustOwn(modelOf(given), who);
      return run(given, actor);
    })(what, who.actor);
}
