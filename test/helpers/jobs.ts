import type { Test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';
import { eventually } from './eventually.ts';
import { type ConfigData, regionNames, type TestGateway, targetsIn } from './gateway.ts';

/** The bucket of the stand-in in a region. */
export const bucketIn = (region: string): string => `meridian-jobs-${region}`;

/** `jobs` with a bucket in each of these regions, and short times. */
export function jobsConfig(regions: readonly string[] = regionNames, more: ConfigData = {}): ConfigData {
  const buckets = Object.fromEntries(regions.map(region => [region, bucketIn(region)]));
  return { buckets, pollMs: 20, ...more };
}

/** A model with an asynchronous target in each of these regions, tried in their order. */
export function asyncModel(regions: readonly string[] = regionNames, more: ConfigData = {}): ConfigData {
  const targets = targetsIn(regions, 'rain-batch', { kind: 'sagemaker-async' });
  return { routing: { policy: 'ordered', warmShare: 0 }, versions: { v1: { targets } }, ...more };
}

/** A job as the gateway shows it. */
export interface ShownJob {
  readonly id: string;
  readonly state: string;
  readonly region?: string;
  readonly detail?: string;
  readonly copies: readonly string[];
  readonly attempts: readonly { readonly region: string; readonly givenUp?: string }[];
}

/** Callers' side of jobs at a gateway. */
export function jobsClient({ urls }: Pick<TestGateway, 'urls'>) {
  const at = (path: string, init: RequestInit = {}) => fetch(urls.data + path, init);
  return {
    post: (body: RequestInit['body'], headers: Record<string, string> = {}, model = 'rain') =>
      at(`/v1/models/${model}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'text/csv', ...headers },
        body: body ?? null,
        ...(typeof body === 'object' && { duplex: 'half' as const }),
      }),
    create: async (body: string, headers: Record<string, string> = {}): Promise<ShownJob> => {
      const response = await at('/v1/models/rain/jobs', {
        method: 'POST',
        headers: { 'content-type': 'text/csv', ...headers },
        body,
      });
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as ShownJob;
    },
    look: async (id: string): Promise<ShownJob> => (await (await at(`/v1/jobs/${id}`)).json()) as ShownJob,
    result: (id: string) => at(`/v1/jobs/${id}/result`),
    remove: (id: string) => at(`/v1/jobs/${id}`, { method: 'DELETE' }),
    until: async (t: Test, id: string, state: string): Promise<ShownJob> => {
      await eventually(t, `job is ${state}`, async () => {
        const job = (await (await at(`/v1/jobs/${id}`)).json()) as ShownJob;
        return job.state === state;
      });
      return (await (await at(`/v1/jobs/${id}`)).json()) as ShownJob;
    },
  };
}

/** Keys of a region's bucket that belong to jobs: inputs, records, outputs. */
export function jobKeys(simulator: Simulator, region: string, ending = ''): string[] {
  return simulator
    .objects(region)
    .list(bucketIn(region), '')
    .map(([key]) => key)
    .filter(key => key.endsWith(ending) && !key.includes('/replicas/'));
}
