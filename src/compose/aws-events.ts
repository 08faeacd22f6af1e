import { confirmationUrl } from '../jobs/notifications.ts';
import { readAwsEvent } from '../retrain/aws-events.ts';
import type { Episodes } from '../retrain/episodes.ts';
import type { ApprovedPackage, Versions } from '../retrain/versions.ts';

/** Who is told what AWS's events say. */
export interface AwsEventPorts {
  readonly versions: Pick<Versions, 'approved'>;
  readonly episodes: Pick<Episodes, 'list' | 'retrained'>;
  /** Visits a URL of SNS's that confirms a subscription. */
  confirm(url: string): Promise<boolean>;
  /** Another build may stand behind an endpoint's name. */
  endpointChanged(endpoint: string, region: string, detail: string): void;
}

/** Registers an approved package, and tells the episode that waits for one. Undefined when no model takes its group's. */
export async function takePackage(
  { versions, episodes }: Pick<AwsEventPorts, 'versions' | 'episodes'>,
  pack: ApprovedPackage,
  by: string,
): Promise<{ model: string; version: string } | undefined> {
  const made = await versions.approved(pack, by);
  if (made === undefined) return undefined;
  const { model, version } = made;
  const waiting = episodes
    .list()
    .find(each => each.model === model && (each.state === 'retraining' || each.state === 'retrained'));
  if (waiting !== undefined) await episodes.retrained(model, waiting.id, { version, packageArn: pack.arn });
  return { model, version };
}

/**
 * Takes an event that was posted with a token of this id; resolves to what was made of it, or to undefined when it is
 * none. An event told twice changes nothing the second time.
 */
export async function takeAwsEvent(
  ports: AwsEventPorts,
  posted: unknown,
  tokenId: string,
): Promise<object | undefined> {
  const confirmation = confirmationUrl(posted);
  if (confirmation !== undefined) return { confirmed: await ports.confirm(confirmation) };
  const event = readAwsEvent(posted);
  switch (event?.kind) {
    case undefined:
      return undefined;
    case 'package-approved': {
      const made = await takePackage(ports, event, `hook ${tokenId}`);
      return made === undefined
        ? { taken: false, why: `no model takes packages of ${event.group}` }
        : { taken: true, ...made };
    }
    case 'endpoint':
      if (event.status === 'InService')
        ports.endpointChanged(event.endpoint, event.region, `deployment ${event.status}`);
      return { taken: event.status === 'InService' };
    case 'pipeline': // the episode follows its own run
    case 'other':
      return { taken: false };
  }
}
