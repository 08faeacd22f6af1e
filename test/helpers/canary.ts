import { setTimeout as pause } from 'node:timers/promises';
import type { CanaryStatus } from '../../src/rollout/canary/status.ts';
import { type ConfigData, regionNames, type TestGateway, targetsIn } from './gateway.ts';

/** Bakes nothing and looks often, so that a test takes seconds. */
export const quickPlan = {
  ...{ steps: [25, 50, 100], minSample: 20, bakeMs: 0, lookEveryMs: 250, warmUpCalls: 0, cooldownMs: 0 },
  guards: { errors: { marginPoints: 15 }, predictions: { action: 'off' } },
};

/** Stable v1 and two versions without weight, in these regions. */
export function canaryModel(more: ConfigData = {}, regions: readonly string[] = regionNames): ConfigData {
  return {
    canary: quickPlan,
    versions: {
      v1: { weight: 100, targets: targetsIn(regions) },
      v2: { weight: 0, targets: targetsIn(regions, 'rain-v2') },
      v3: { weight: 0, targets: targetsIn(regions, 'rain-v3') },
    },
    ...more,
  };
}

/** The admin API of canaries, over HTTP. */
export function canaryApi(gateway: Pick<TestGateway, 'urls'>, key?: string) {
  const headers = { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) };
  const post = async (act: string, body: object) => {
    const response = await fetch(`${gateway.urls.admin}/admin/canary/${act}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as CanaryStatus & { error?: { message: string } } };
  };
  const status = async (model = 'rain'): Promise<CanaryStatus | undefined> => {
    const response = await fetch(`${gateway.urls.admin}/admin/canary?model=${model}`, { headers });
    return ((await response.json()) as { canaries: CanaryStatus[] }).canaries[0];
  };
  return { post, status };
}

/** Callers who keep calling, each with a session of its own, until `ends`; resolves to what they got, by session. */
export async function callUntil(
  gateway: Pick<TestGateway, 'call'>,
  ends: () => Promise<boolean>,
  options: { body?: () => string; atOnce?: number; mostMs?: number; sessions?: number } = {},
): Promise<{ version: string | null; status: number; session: string }[]> {
  const { body = () => '1', atOnce = 8, mostMs = 60_000, sessions = 200 } = options;
  const got: { version: string | null; status: number; session: string }[] = [];
  const endsAt = performance.now() + mostMs;
  let call = 0;
  let over = false;
  const caller = async () => {
    while (!over) {
      call += 1;
      const session = `caller-${call % sessions}`;
      const { status, headers } = await gateway.call('rain', {
        body: body(),
        headers: { 'x-meridian-session': session },
      });
      got.push({ version: headers.get('x-meridian-model-version'), status, session });
      await pause(1);
    }
  };
  const watcher = async () => {
    while (!over) {
      over = performance.now() > endsAt || (await ends());
      await pause(50);
    }
  };
  await Promise.all([watcher(), ...Array.from({ length: atOnce }, caller)]);
  return got;
}

/** So many calls, each of a caller of its own; resolves to what they got. */
export function manyCalls(gateway: Pick<TestGateway, 'call'>, count: number) {
  let made = 0;
  const call: TestGateway['call'] = (...of) => {
    made += 1;
    return gateway.call(...of);
  };
  return callUntil({ call }, async () => made >= count, { sessions: 2_000 });
}
