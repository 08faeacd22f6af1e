import { seasonSample } from '../../sim/models/samples.ts';
import { randomStream } from '../../sim/random.ts';
import type { ObjectStore } from '../../sim/s3/object-store.ts';

/** Captured calls of a summer and their truths under `capture/rain/` and `truth/rain/`, as the gateway leaves them. */
export function putSummer(objects: ObjectStore, bucket: string, calls: number): void {
  const random = randomStream(1, 'summer');
  const captures: object[] = [];
  const truths: object[] = [];
  for (let call = 0; call < calls; call++) {
    const { body, truth } = seasonSample(random, 'summer');
    const endpointInput = { observedContentType: 'application/json', encoding: 'JSON', data: body.toString() };
    captures.push({ captureData: { endpointInput }, eventMetadata: { eventId: `e${call}` }, eventVersion: '0' });
    truths.push({ groundTruthData: { data: String(truth), encoding: 'CSV' }, eventMetadata: { eventId: `e${call}` } });
  }
  const put = (key: string, lines: object[]) => {
    const body = Buffer.from(lines.map(line => JSON.stringify(line)).join('\n'));
    objects.put(bucket, key, body, { contentType: 'application/jsonlines', metadata: {} });
  };
  put('capture/rain/2026/01/01/00/a.jsonl', captures);
  put('truth/rain/2026/01/01/00/a.jsonl', truths);
}
