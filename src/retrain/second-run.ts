import { createHash } from 'node:crypto';
import { ControlPlaneError } from '../backends/control-plane.ts';
import { displayNameOf, tokenOf } from './actions.ts';
import { noted } from './change.ts';
import type { ActionRecord, Episode } from './episode.ts';
import type { RetrainPorts } from './ports.ts';
import { clockSlackMs } from './set-back.ts';

/** What became of a region that fell silent; undefined while it still says nothing. */
type Finding = { readonly what: string; readonly detail: string } | 'none' | undefined;

/**
 * Looks for runs of the episode in regions that fell silent while they were asked to start one, and stops those beside
 * the run that is followed: a token makes one run of many tries in a region alone. Never rejects; what it found is put
 * into the episode by the function it resolves to. A region that answers is asked once.
 */
export async function endSecondRuns(ports: RetrainPorts, episode: Episode): Promise<(latest: Episode) => Episode> {
  const open = episode.actions.filter(({ kind, state }) => kind === 'pipeline' && state === 'done');
  const pairs = open.flatMap(action => (action.unsure ?? []).map(region => ({ action, region })));
  const found = await Promise.all(
    pairs.map(async pair => ({ ...pair, finding: await endOne(ports, episode, pair.action, pair.region) })),
  );
  const answered = found.filter(({ finding }) => finding !== undefined);
  return latest => {
    const actions = latest.actions.map(action => sureOf(action, answered));
    const told = answered.flatMap(({ finding }) => (typeof finding === 'object' ? [finding] : []));
    const entry = { atMs: ports.clock.wallMs(), by: 'gateway' };
    const settled: Episode = { ...latest, actions };
    return told.reduce((story, finding) => noted(story, { ...entry, ...finding }), settled);
  };
}

function sureOf(
  action: ActionRecord,
  answered: readonly { readonly action: ActionRecord; readonly region: string }[],
): ActionRecord {
  const { unsure = [], ...rest } = action;
  const left = unsure.filter(region => !answered.some(each => each.action.to === action.to && each.region === region));
  return left.length === 0 ? rest : { ...rest, unsure: left };
}

async function endOne(ports: RetrainPorts, episode: Episode, { to }: ActionRecord, region: string): Promise<Finding> {
  const { controlPlane } = ports;
  const search = { pipeline: to, displayName: displayNameOf(episode), sinceMs: episode.openedAtMs - clockSlackMs };
  try {
    const run = await controlPlane.findExecution(region, search);
    if (run === undefined) return 'none';
    const where = `${run.arn} in ${region}, which had taken the call and fallen silent`;
    if (run.status !== 'Executing') return { what: `second run ${run.status}`, detail: where };
    await controlPlane.stopExecution(region, run.arn, stopTokenOf(episode));
    return { what: 'second run stopped', detail: where };
  } catch (error) {
    if (!(error instanceof ControlPlaneError) || error.retryable) return undefined;
    const detail = `${to} may run in ${region} too: ${error.code}: ${error.message}`;
    return { what: 'second run possible', detail };
  }
}

/** Another token than that of the start. */
function stopTokenOf(episode: Episode): string {
  return createHash('sha256')
    .update(`stop|${tokenOf(episode)}`)
    .digest('hex');
}
