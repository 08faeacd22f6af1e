import { GatewayError } from '../core/errors.ts';
import { happen, noted, tell } from './change.ts';
import { blank, isScope, type QualityOf } from './door.ts';
import type { Episode } from './episode.ts';
import type { RetrainPorts } from './ports.ts';

/** What people do with episodes. Each throws `not-found` or `invalid-request` in words. */
export interface OperatorActs {
  /** Agrees to the retraining that waits for it. */
  approve(id: string, by: string): Promise<Episode>;
  /** Puts an episode away; a pipeline that runs is not stopped, but what it brings is not tried. */
  dismiss(id: string, by: string, reason: string): Promise<Episode>;
  /** Begins one without evidence. It needs no corroboration and no second approval, but is of the budget. */
  trigger(what: { readonly model: string; readonly scope: string }, by: string, reason: string): Promise<Episode>;
}

/** The acts over the book. */
export function createOperator(ports: RetrainPorts, quality: QualityOf): OperatorActs {
  const { book } = ports;
  const known = (id: string): Episode => {
    const episode = book.get(id);
    if (episode === undefined) throw new GatewayError('not-found', `No episode ${id}: see /admin/episodes.`);
    return episode;
  };
  return {
    approve: async (id, by) => {
      const { state } = known(id);
      const made = await happen(ports, id, 'approved', { by, detail: 'approved' }, () => ({ approvedBy: by }));
      if (made !== undefined) return made;
      throw conflict(`Episode ${id} is ${state}: only one that is awaiting-approval can be approved.`);
    },
    dismiss: async (id, by, reason) => {
      const { state } = known(id);
      const made = await happen(ports, id, 'dismissed', { by, detail: reason });
      if (made !== undefined) return made;
      const mend = state === 'canarying' ? 'abort its canary instead' : 'it is over';
      throw conflict(`Episode ${id} is ${state} and cannot be dismissed: ${mend}.`);
    },
    trigger: async ({ model, scope }, by, reason) => {
      if (ports.options(model) === undefined)
        throw new GatewayError('invalid-request', `${model} has no retrain in the config, so nothing would follow.`);
      if (!isScope(ports, { model, scope })) {
        const known = ['all', ...ports.residenciesOf(model)].join(', ');
        throw new GatewayError('invalid-request', `${model} is not served in ${scope}: a scope is one of ${known}.`);
      }
      const open = book.open(model, scope);
      if (open !== undefined) return force(ports, open, by, reason);
      const first = blank(ports, model, scope);
      const made = await book.begin({
        ...first,
        state: 'confirmed',
        openedBy: by,
        forced: true,
        approvedBy: by,
        quality: { before: quality(model, first.version, scope), after: {} },
        timeline: [{ atMs: first.openedAtMs, by, what: 'confirmed', detail: reason }],
      });
      if (made === undefined || made.openedBy !== by || made.openedAtMs !== first.openedAtMs)
        throw conflict(`Another episode of ${model} began at this moment: see /admin/episodes.`);
      tell(ports, made, undefined, by, reason);
      return made;
    },
  };
}

/** An episode that waits for evidence, or for what held it, goes on by a person's word. */
async function force(ports: RetrainPorts, { id, state, model }: Episode, by: string, reason: string): Promise<Episode> {
  const patch = { forced: true, approvedBy: by };
  const made =
    state === 'confirmed'
      ? await ports.book.change(id, latest =>
          latest.state === state
            ? noted({ ...latest, ...patch }, { atMs: ports.clock.wallMs(), by, what: 'forced', detail: reason })
            : undefined,
        )
      : await happen(ports, id, 'corroborated', { by, detail: reason }, () => patch);
  if (made !== undefined) return made;
  throw conflict(`Episode ${id} of ${model} is under way (${state}).`);
}

function conflict(message: string): GatewayError {
  return new GatewayError('invalid-request', message, { status: 409 });
}
