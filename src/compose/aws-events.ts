import { GatewayError } from '../core/errors.ts';
import { type AwsEvent, readAwsEvent } from '../retrain/aws-events.ts';
import type { Episode } from '../retrain/episode.ts';
import type { Episodes } from '../retrain/episodes.ts';
import { clockSlackMs } from '../retrain/set-back.ts';
import type { Approval, JudgedPackage, Versions } from '../retrain/versions.ts';
import type { SnsPosted } from './sns-hook.ts';

/** Who is told what AWS's events say. */
export interface AwsEventPorts {
  readonly versions: Pick<Versions, 'approved' | 'rejected' | 'list'>;
  readonly episodes: Pick<Episodes, 'list' | 'retrained' | 'rejected'>;
  /** Reads what SNS posts. */
  fromSns(posted: unknown): Promise<SnsPosted | undefined>;
  /** Another build may stand behind an endpoint's name. */
  endpointChanged(endpoint: string, region: string, detail: string): void;
}

/**
 * Registers an approved package, and tells the episode that waits for one. A version that was known before the episode
 * began, or is not the newest, came of something else.
 */
export async function takePackage(
  { versions, episodes }: Pick<AwsEventPorts, 'versions' | 'episodes'>,
  pack: JudgedPackage,
  by: string,
): Promise<Approval> {
  const made = await versions.approved(pack, by);
  if (made.taken === undefined) return made;
  const { model, version, at } = made.taken;
  const waiting = waitingFor(episodes, model);
  const newest = versions.list().findLast(each => each.model === model);
  const isSince = waiting !== undefined && Date.parse(at) >= waiting.openedAtMs && mayBeOf(pack, waiting);
  if (isSince && newest?.version === version)
    await episodes.retrained(model, waiting.id, { version, packageArn: pack.arn });
  return made;
}

/** Puts a rejected package away. If it was made since an episode began that waits for one, that has failed. */
async function rejectPackage(
  { versions, episodes }: Pick<AwsEventPorts, 'versions' | 'episodes'>,
  pack: JudgedPackage,
  by: string,
): Promise<object> {
  const place = await versions.rejected(pack, by);
  if (place === undefined) return { taken: false, why: `no model takes packages of ${pack.group}` };
  const waiting = waitingFor(episodes, place.model);
  if (waiting !== undefined && pack.createdAtMs !== undefined && mayBeOf(pack, waiting))
    await episodes.rejected(waiting.id, by, `package ${pack.number} was rejected in the registry`);
  return { taken: true, ...place };
}

/** Whether a package was not made before an episode began, by AWS's clock. */
function mayBeOf({ createdAtMs }: JudgedPackage, { openedAtMs }: Episode): boolean {
  return createdAtMs === undefined || createdAtMs >= openedAtMs - clockSlackMs;
}

function waitingFor(episodes: AwsEventPorts['episodes'], model: string): Episode | undefined {
  return episodes
    .list()
    .find(each => each.model === model && (each.state === 'retraining' || each.state === 'retrained'));
}

/**
 * Takes an event that was posted with a token of this id, by EventBridge or within a message of SNS's; resolves to what
 * was made of it, or to undefined when it is none. An event told twice changes nothing the second time.
 * @throws GatewayError `not-allowed` for a message that SNS has not signed, or of a topic that is not awaited, or old;
 *   `upstream-failed` while nobody can tell whether SNS signed it
 */
export async function takeAwsEvent(
  ports: AwsEventPorts,
  posted: unknown,
  tokenId: string,
): Promise<object | undefined> {
  const message = await ports.fromSns(posted);
  switch (message?.kind) {
    case undefined:
      return takeEvent(ports, readAwsEvent(posted), tokenId);
    case 'message': {
      const taken = await takeEvent(ports, readAwsEvent(parsed(message.text)), tokenId);
      message.settled();
      return taken;
    }
    case 'confirmation':
      return { confirmed: message.confirmed };
    case 'nothing':
      return { taken: false, why: message.why };
    case 'refused':
      throw new GatewayError('not-allowed', message.why);
    case 'later':
      throw new GatewayError('upstream-failed', message.why);
  }
}

async function takeEvent(
  ports: AwsEventPorts,
  event: AwsEvent | undefined,
  tokenId: string,
): Promise<object | undefined> {
  switch (event?.kind) {
    case undefined:
      return undefined;
    case 'package-approved': {
      const made = await takePackage(ports, event, `hook ${tokenId}`);
      if (made.taken === undefined) return { taken: false, why: made.why };
      const { model, version, canary, detail } = made.taken;
      return { taken: true, model, version, canary, ...(detail !== undefined && { why: detail }) };
    }
    case 'package-rejected':
      return rejectPackage(ports, event, `hook ${tokenId}`);
    case 'endpoint':
      if (event.status === 'InService')
        ports.endpointChanged(event.endpoint, event.region, `deployment ${event.status}`);
      return { taken: event.status === 'InService' };
    case 'pipeline': // the episode follows its own run
    case 'other':
      return { taken: false };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // as everything that is no event
  }
}
