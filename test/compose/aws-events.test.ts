import { test } from 'tap';
import { type AwsEventPorts, takeAwsEvent } from '../../src/compose/aws-events.ts';
import type { Episode } from '../../src/retrain/episode.ts';
import type { NewVersion } from '../../src/retrain/new-version.ts';

const hourMs = 3_600_000;
const openedAtMs = Date.UTC(2025, 9, 20, 6, 48);

/** An episode of `rain` that waits, and versions that were registered so long after it had begun. */
function fixture(known: Readonly<Record<number, number>>, state = 'retrained') {
  const told: string[] = [];
  const version = (number: number, afterMs: number) =>
    ({
      ...{ model: 'rain', version: `r${number}`, number, canary: 'due' },
      at: new Date(openedAtMs + afterMs).toISOString(),
    }) as NewVersion;
  const list = () => Object.entries(known).map(([number, afterMs]) => version(Number(number), afterMs));
  const ports: AwsEventPorts = {
    versions: {
      list,
      approved: async ({ number }) => ({ taken: list().find(each => each.number === number) as NewVersion }),
      rejected: async ({ number }) => ({ model: 'rain', version: `r${number}` }),
    },
    episodes: {
      list: () => [{ id: 'e', model: 'rain', state, openedAtMs } as Episode],
      retrained: async (_, id, result) => told.push(`${id}: ${result.version}`) > 0,
      rejected: async (id, _, why) => told.push(`${id}: ${why}`) > 0,
    },
    fromSns: async () => undefined,
    endpointChanged: () => {},
  };
  const post = (number: number, ModelApprovalStatus: string, madeAfterMs?: number) => {
    const made = madeAfterMs !== undefined && { CreationTime: new Date(openedAtMs + madeAfterMs).toISOString() };
    const detail = { ModelPackageGroupName: 'g', ModelPackageVersion: number, ModelPackageArn: 'arn', ...made };
    const event = { source: 'aws.sagemaker', 'detail-type': 'SageMaker Model Package State Change' };
    return takeAwsEvent(ports, { ...event, detail: { ...detail, ModelApprovalStatus } }, 'hook');
  };
  return { told, post };
}

test('an episode is told of the version that came since it began, and of no other', async t => {
  const { told, post } = fixture({ 1: -hourMs, 2: 1_000, 3: 2_000 });
  await post(1, 'Approved');
  await post(2, 'Approved');
  t.same(told, [], 'one of before that is told again, one that is not the newest');
  await post(3, 'Approved', -hourMs);
  t.same(told, [], 'one that was made before and approved now');
  await post(3, 'Approved', -60_000);
  await post(3, 'Approved');
  t.same(told, ['e: r3', 'e: r3'], 'AWS’s clock may differ, or is not told');
});

test('an episode that waits for a package that was made since and is rejected has failed', async t => {
  const { told, post } = fixture({});
  await post(4, 'Rejected', -hourMs);
  await post(4, 'Rejected');
  await post(4, 'PendingManualApproval', hourMs);
  t.same(told, []);
  await post(4, 'Rejected', hourMs);
  t.same(told, ['e: package 4 was rejected in the registry']);
  const other = fixture({}, 'recovering');
  await other.post(4, 'Rejected', hourMs);
  t.same(other.told, []);
});
