import { createHash } from 'node:crypto';
import { ControlPlaneError } from '../backends/control-plane.ts';
import { postSigned } from '../backends/post.ts';
import type { ActionRecord, Episode } from './episode.ts';
import type { ActionOptions } from './options.ts';
import type { RetrainPorts } from './ports.ts';
import { filledIn, requestOf } from './request.ts';

/** What came of one try. */
export type Tried =
  | { readonly ok: true; readonly link: string; readonly region: string | undefined }
  | { readonly ok: false; readonly why: string; readonly retryable: boolean; readonly unsure: boolean };

/** What an action is told of, as records and people name it: pipeline, bus or URL. */
export function nameOf(action: ActionOptions): string {
  if (action.kind === 'pipeline') return action.pipeline;
  return action.kind === 'event' ? action.bus : action.url;
}

/** Regions an action may go to, the home first; none for a webhook. */
export function regionsOf(action: ActionOptions): readonly string[] {
  return action.kind === 'webhook' ? [] : [action.region, ...action.otherRegions];
}

/** The actions as they will be carried out: from here on a changed config changes nothing of what they send. */
export function prepared(ports: RetrainPorts, episode: Episode, actions: readonly ActionOptions[]): ActionRecord[] {
  const words = requestOf(episode, ports.references(episode.model, episode.scope));
  return actions.map(action => ({
    kind: action.kind,
    to: nameOf(action),
    state: 'pending',
    regionIndex: 0,
    failures: 0,
    dueAtMs: ports.clock.wallMs(),
    parameters: action.kind === 'pipeline' ? filledIn(action.parameters, words) : words.references,
  }));
}

/** In words, for the rehearsal and the timeline. */
export function actionText(record: ActionRecord, regions: readonly string[]): string {
  const where = regions.length === 0 ? '' : ` in ${regions.join(', else ')}`;
  const parameters = Object.entries(record.parameters).map(([name, value]) => `${name}=${value}`);
  const told = parameters.length === 0 ? '' : ` with ${parameters.join(', ')}`;
  return `${record.kind} ${record.to}${where}${told}`;
}

/** The same for an episode whoever computes it: ten replicas that start its pipeline start it once. 64 hex digits. */
export function tokenOf({ model, baseline, id }: Pick<Episode, 'model' | 'baseline' | 'id'>): string {
  return createHash('sha256').update(`${model}|${baseline}|${id}`).digest('hex');
}

/** What a run of the episode's is called, in every region. */
export function displayNameOf({ id }: Pick<Episode, 'id'>): string {
  return `meridian-${id}`;
}

/** Whether no action was carried out, nor may have been. */
export function nothingStarted(actions: readonly ActionRecord[]): boolean {
  return actions.length > 0 && actions.every(({ state, unsure = [] }) => state === 'failed' && unsure.length === 0);
}

/** Tries an action once. Never rejects. */
export async function tryAction(
  ports: RetrainPorts,
  episode: Episode,
  record: ActionRecord,
  action: ActionOptions,
): Promise<Tried> {
  const region = regionsOf(action)[record.regionIndex];
  try {
    if (action.kind === 'webhook') return await tellWebhook(ports, episode, record, action);
    if (region === undefined) return { ok: false, why: 'its regions have changed', retryable: false, unsure: false };
    const link =
      action.kind === 'pipeline'
        ? await startPipeline(ports, episode, record, region)
        : await putEvent(ports, episode, record, action, region);
    return { ok: true, link, region };
  } catch (error) {
    const why = error instanceof ControlPlaneError ? `${error.code}: ${error.message}` : String(error);
    const { retryable, unsure } = error instanceof ControlPlaneError ? error : { retryable: true, unsure: true };
    return { ok: false, why, retryable, unsure };
  }
}

function startPipeline(
  ports: RetrainPorts,
  episode: Episode,
  { to, parameters }: ActionRecord,
  region: string,
): Promise<string> {
  return ports.controlPlane.startPipeline(region, {
    pipeline: to,
    token: tokenOf(episode),
    displayName: displayNameOf(episode),
    description: `Retrains ${episode.model}: episode ${episode.id}`.slice(0, 3_072),
    parameters,
  });
}

/** EventBridge answers 200 also when it did not take the event; that is in the entry's own result. */
async function putEvent(
  ports: RetrainPorts,
  episode: Episode,
  record: ActionRecord,
  action: Extract<ActionOptions, { kind: 'event' }>,
  region: string,
): Promise<string> {
  const [result] = await ports.controlPlane.putEvents(region, [
    {
      bus: action.bus,
      source: action.source,
      detailType: 'Meridian Retraining Requested',
      detail: bodyOf(episode, record),
      resources: [],
    },
  ]);
  if (result?.ok) return result.id;
  const { code, message, retryable } = result ?? { code: 'NoResult', message: 'no entry came back', retryable: true };
  throw new ControlPlaneError(code, message, retryable);
}

async function tellWebhook(
  ports: RetrainPorts,
  episode: Episode,
  record: ActionRecord,
  action: Extract<ActionOptions, { kind: 'webhook' }>,
): Promise<Tried> {
  const taken = await postSigned(ports.poster, ports.clock.wallMs(), action, bodyOf(episode, record));
  if (taken) return { ok: true, link: action.url, region: undefined };
  return { ok: false, why: 'the webhook did not take it', retryable: true, unsure: true };
}

/** What buses and webhooks are told. `token` is there so that who hears it twice acts once. */
function bodyOf(episode: Episode, { parameters: references }: ActionRecord): string {
  const request = requestOf(episode, references);
  return JSON.stringify({ type: 'retraining-requested', ...request, token: tokenOf(episode) });
}
