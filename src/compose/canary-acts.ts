import type { Model } from '../core/model.ts';
import type { CanaryRecord } from '../rollout/canary/record.ts';
import { statusOf } from '../rollout/canary/status.ts';
import type { CanaryRoutePorts } from '../routes/admin/canary.ts';
import type { Auditor } from './auditor.ts';
import type { CanaryPart } from './canary.ts';
import { namedModel } from './named-model.ts';
import { auditedOwn } from './owned.ts';
import type { Parts } from './parts.ts';

/** Operators' side of canaries: each acts on the models of the owners its key names. */
export function canaryActs(parts: Parts, canaries: CanaryPart, audit: Auditor): CanaryRoutePorts {
  const shown = (record: CanaryRecord) => statusOf(record, parts.clock.wallMs());
  const acting = <What extends { readonly model: string }>(
    act: string,
    run: (model: Model, what: What, actor: string) => Promise<CanaryRecord>,
  ) => {
    return auditedOwn<What>(
      audit,
      act,
      what => namedModel(parts, what.model),
      async (what, actor) => shown(await run(namedModel(parts, what.model), what, actor)),
    );
  };
  return {
    canaries: name => {
      const models = name === undefined ? [...parts.config().models.values()] : [namedModel(parts, name)];
      return { canaries: models.flatMap(model => canaries.record(model.name) ?? []).map(shown) };
    },
    canaryHistory: async (name, last, actsOnly) => ({
      history: await canaries.history.read(namedModel(parts, name).name, last, { actsOnly }),
    }),
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
