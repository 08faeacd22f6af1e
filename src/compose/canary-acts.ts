import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { CanaryRecord } from '../rollout/canary/record.ts';
import { statusOf } from '../rollout/canary/status.ts';
import type { Actor, CanaryRoutePorts } from '../routes/admin/canary.ts';
import type { Auditor } from './auditor.ts';
import type { CanaryPart } from './canary.ts';
import { namedModel } from './named-model.ts';
import type { Parts } from './parts.ts';

/** Operators' side of canaries: each acts on the models of the owners its key names. */
export function canaryActs(parts: Parts, canaries: CanaryPart, audit: Auditor): CanaryRoutePorts {
  const shown = (record: CanaryRecord) => statusOf(record, parts.clock.wallMs());
  /** Audits the act under the actor's name, a refusal for its owner's sake included. */
  const acting = <What extends { readonly model: string }>(
    act: string,
    run: (model: Model, what: What, actor: string) => Promise<CanaryRecord>,
  ) => {
    return (what: What, { actor, owners }: Actor): Promise<unknown> =>
      audit.audited<What>(act, async () => {
        const model = namedModel(parts, what.model);
        if (owners !== undefined && !owners.includes(model.owner ?? '')) {
          const whose = model.owner === undefined ? 'has no owner' : `belongs to ${model.owner}`;
          throw new GatewayError(
            'not-allowed',
            `${model.name} ${whose}, and the key ${actor} acts for ${owners.join(', ')}.`,
          );
        }
        return shown(await run(model, what, actor));
      })(what, actor);
  };
  return {
    canaries: name => {
      const models = name === undefined ? [...parts.config().models.values()] : [namedModel(parts, name)];
      return { canaries: models.flatMap(model => canaries.record(model.name) ?? []).map(shown) };
    },
    canaryHistory: async (name, last) => ({ history: await canaries.history.read(namedModel(parts, name).name, last) }),
    startCanary: acting('canary start', ({ name }, { model: _, version, reason, ...changes }, actor) =>
      canaries.start(name, version, actor, { ...(reason !== undefined && { reason }), changes }),
    ),
    actOnCanary: (act, what, who) =>
      acting<typeof what>(`canary ${act}`, ({ name }, { reason }, actor) => canaries.act(name, act, actor, reason))(
        what,
        who,
      ),
  };
}
