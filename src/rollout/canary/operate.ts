import { GatewayError, isApart } from '../../core/errors.ts';
import type { Changes } from './changes.ts';
import { isThere } from './missing.ts';
import { moved } from './move.ts';
import { weightsOf } from './plan.ts';
import type { CanaryPorts } from './ports.ts';
import { type CanaryRecord, inCharge } from './record.ts';
import { type CanaryMove, isRunning, stateAfter } from './states.ts';
import type { View } from './views.ts';

/** What an operator may do with a canary. */
export const operatorActs = ['pause', 'resume', 'promote', 'abort', 'approve'] as const;
/** One of them. */
export type OperatorAct = (typeof operatorActs)[number];

/** Acts that give a version more calls. One that is gone would get them whenever a version of its name is added. */
const forwards: ReadonlySet<OperatorAct> = new Set(['resume', 'promote', 'approve']);

/** Who does what with which model's canary. */
export interface Operation {
  readonly name: string;
  readonly act: OperatorAct;
  readonly by: string;
  readonly reason: string;
}

/** Makes an operator's move; an abort also while the other replicas cannot be reached. @throws GatewayError */
export async function operate(
  ports: Pick<CanaryPorts, 'clock' | 'model' | 'together'>,
  changes: Changes,
  view: (model: string) => View,
  { name, act, by, reason }: Operation,
): Promise<CanaryRecord> {
  const atMs = ports.clock.wallMs();
  const model = ports.model(name);
  const weights = model && weightsOf(model);
  const make = (record: CanaryRecord | undefined): CanaryRecord => {
    if (record === undefined) throw new GatewayError('not-found', `${name} has had no canary.`);
    if (act === 'approve') mayApprove(record, by);
    if (model !== undefined && forwards.has(act) && isRunning(record.state) && !isThere(model, record))
      throw new GatewayError(
        'conflict',
        `${record.canary} is not configured any more: add it to ${name} again, or abort its canary.`,
      );
    const next = moved(record, moveOf(record, act), { by, reason, atMs, weights });
    if (next === undefined)
      throw new GatewayError(
        'conflict',
        `The canary ${record.canary} of ${name} is ${record.state}: it cannot be ${done[act]}.${act === 'abort' ? wayBack(record, weights) : ''}`,
      );
    return next;
  };
  const { record } = view(name);
  if (act !== 'abort' || ports.together()) {
    const changed = await changes.change(name, make).catch(error => {
      if (act === 'abort' && isApart(error)) return undefined;
      throw error;
    });
    if (changed !== undefined) return changed;
  }
  const aborted = make(record);
  await changes.stopAlone(record as CanaryRecord, { state: 'aborted', by, reason, atMs });
  return aborted;
}

/** An earlier promotion is no longer this canary's to undo. */
function wayBack(record: CanaryRecord, weights: string | undefined): string {
  const charge = weights === undefined ? undefined : inCharge(record, weights);
  if (charge === undefined) return '';
  const [start, promote] = [`canary start ${record.model} VERSION --no-shadow`, `canary promote ${record.model}`];
  return ` ${charge} is in charge by an earlier promotion: another version is put in charge by ${start}, then ${promote}.`;
}

const done = {
  pause: 'paused',
  resume: 'resumed',
  promote: 'promoted',
  abort: 'aborted',
  approve: 'approved',
} as const satisfies Record<OperatorAct, string>;

function moveOf({ state, step, plan, shadowDue = false }: CanaryRecord, act: OperatorAct): CanaryMove {
  if (act === 'promote' && plan.approval === 'second-person') return 'ask';
  if (act === 'resume' && step < 0 && (state === 'paused' || shadowDue)) return 'reshadow';
  return act;
}

function mayApprove({ state, startedBy, askedBy }: CanaryRecord, by: string): void {
  if (stateAfter(state, 'approve') === undefined) return; // refused for its state
  if (by === startedBy || by === askedBy)
    throw new GatewayError('not-allowed', `${by} started it, or asked for its promotion: another person approves.`);
}
