import { readAwsEvent } from '../retrain/aws-events.ts';
import type { Episodes } from '../retrain/episodes.ts';
import type { Versions } from '../retrain/versions.ts';

/** Who is told what AWS's events say. */
export interface AwsEventPorts {
  readonly versions: Pick<Versions, 'approved'>;
  readonly episodes: Pick<Episodes, 'list' | 'retrained'>;
  /** Another build may stand behind an endpoint's name. */
  endpointChanged(endpoint: string, region: string, detail: string): void;
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
  const event = readAwsEvent(posted);
  switch (event?.kind) {
    case undefined:
      return undefined;
    case 'package-approved': {
      const made = await ports.versions.approved(event, `hook ${tokenId}`);
      if (made === undefined) return { taken: false, why: `no model takes packages of ${event.group}` };
      const { model, version } = made;
      const waiting = ports.episodes
        .list()
        .find(each => each.model === model && (each.state === 'retraining' || each.state === 'retrained'));
      if (waiting !== undefined) await ports.episodes.retrained(model, waiting.id, { version, packageArn: event.arn });
      return { taken: true, model, version };
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
