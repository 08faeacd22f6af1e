import type { Test } from 'tap';
import type { CanaryRecord } from '../../src/rollout/canary/record.ts';
import { canaryApi, canaryModel } from './canary.ts';
import { eventually } from './eventually.ts';
import { startTestGateway, type TestGateway } from './gateway.ts';
import { startRedis } from './redis.ts';
import { startTestSimulator } from './simulator.ts';
import { stateDir } from './state-dir.ts';
import { tcpProxy } from './tcp-proxy.ts';

/** Where models of these replicas are. */
export const replicaRegions = ['us-east-1', 'us-west-2'];

/** Three gateways on one Redis, each with a way of its own to it, that can be cut. @param options.remembers whether Redis writes down what it holds */
export async function threeReplicas(t: Test, canary: object, options: { remembers?: boolean } = {}) {
  const redis = await startRedis(t, options.remembers ? { dir: stateDir(t) } : {});
  const simulator = await startTestSimulator(t);
  const ways = [await tcpProxy(t, redis.port), await tcpProxy(t, redis.port), await tcpProxy(t, redis.port)] as const;
  const dirs = ways.map(() => stateDir(t));
  const limits = { commandTimeoutMs: 500, connectTimeoutMs: 500, socketTimeoutMs: 1_000 };
  const start = (index: number) =>
    startTestGateway(
      t,
      {
        stateDir: dirs[index],
        redis: { url: `redis://127.0.0.1:${ways[index]?.port}`, ...limits },
        models: { rain: canaryModel({ canary }, replicaRegions) },
      },
      { running: simulator, logLevel: 'error' },
    );
  const gateways: [TestGateway, TestGateway, TestGateway] = [await start(0), await start(1), await start(2)];
  const begun = (version: string, more: object = {}) =>
    eventually(t, 'the replicas are together, and it starts', async () => {
      const answer = await canaryApi(gateways[0]).post('start', { model: 'rain', version, ...more });
      return answer.status === 200;
    });
  const all = async (holds: (record: CanaryRecord | undefined) => boolean) =>
    gateways.every(({ app }) => holds(app.canaries.record('rain')));
  const missed = () =>
    eventually(t, 'all know that it is gone', () => gateways.every(({ app }) => app.parts.stores.redisUp() === false));
  /** Ends a replica and begins it again, with what it wrote down. */
  const restart = async (index: 0 | 1 | 2) => {
    await gateways[index].app.shutdown();
    gateways[index] = await start(index);
  };
  return { redis, simulator, ways, gateways, begun, all, missed, restart };
}

/** Calls that go to the replicas in turn, as a load balancer sends them. */
export function inTurn(gateways: readonly TestGateway[]): Pick<TestGateway, 'call'> {
  let turn = 0;
  return {
    call: (model, options) => {
      turn += 1;
      const gateway = gateways[turn % gateways.length] as TestGateway;
      return gateway.call(model, options);
    },
  };
}

/** The replicas' revisions, once what was under way when Redis went is written down. */
export async function standing(gateways: readonly TestGateway[]): Promise<(number | undefined)[]> {
  const revisions = () => gateways.map(({ app }) => app.canaries.record('rain')?.revision);
  let before = revisions();
  for (let same = 0; same < 5; ) {
    await new Promise(resolve => setTimeout(resolve, 100));
    same = revisions().join() === before.join() ? same + 1 : 0;
    before = revisions();
  }
  return before;
}

/** Watches what each replica ever knew of the canary, until the test ends. */
export function watchViews(t: Test, gateways: readonly TestGateway[]) {
  const seen = gateways.map(() => [] as { revision: number; share: number; state: string }[]);
  const look = () => {
    for (const [index, { app }] of gateways.entries()) {
      const record = app.canaries.record('rain');
      if (record === undefined) continue;
      const { revision, state, plan, step } = record;
      if (seen[index]?.at(-1)?.revision === revision && seen[index]?.at(-1)?.state === state) continue;
      seen[index]?.push({ revision, state, share: plan.steps[step]?.share ?? 0 });
    }
  };
  const timer = setInterval(look, 10);
  t.teardown(() => clearInterval(timer));
  const only = (what: 'revision' | 'share') => {
    for (const [index, views] of seen.entries()) {
      const values = views.map(each => each[what]);
      t.strictSame(
        values,
        values.toSorted((a, b) => a - b),
        `the ${what} only goes forward at replica ${index}`,
      );
    }
  };
  return { seen, onlyForward: (...whats: readonly ('revision' | 'share')[]) => whats.forEach(only) };
}

/** Checks the share of the canary among callers with a session each; within four standard errors. */
export function isShare(
  t: Test,
  got: readonly { readonly session: string; readonly version: string | null }[],
  share: number,
  where: string,
): void {
  const sessions = new Map(got.map(({ session, version }) => [session, version]));
  const found = [...sessions.values()].filter(version => version === 'v2').length / sessions.size;
  const tolerance = 4 * Math.sqrt((share * (1 - share)) / sessions.size);
  t.ok(Math.abs(found - share) <= tolerance, `${where}: ${found} of ${sessions.size} callers for ${share}`);
}
