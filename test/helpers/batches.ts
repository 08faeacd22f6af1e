import type { Test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';
import { eventually } from './eventually.ts';
import { type ConfigData, regionNames, type TestGateway } from './gateway.ts';
import { asyncModel, bucketIn, jobsConfig } from './jobs.ts';

/** `{region}` is each region's name: the same input is in the bucket of each. */
export const inputs = 's3://meridian-jobs-{region}/days/';

/** Jobs and places for batches in these regions, with short times. */
export function batchesConfig(regions: readonly string[] = regionNames, more: ConfigData = {}): ConfigData {
  const places = regions.map(region => ({ s3: inputs.replace('{region}', region), region }));
  return jobsConfig(regions, { places, batchPollMs: 20, ...more });
}

/** A model with a transform in each of these regions, each at its own price per hour. */
export function batchModel(usdPerHour: Readonly<Record<string, number>>): ConfigData {
  const transforms = Object.entries(usdPerHour).map(([region, usd]) => ({
    region,
    modelName: 'rain-batch-v2',
    instance: 'ml.m5.large',
    usdPerHour: usd,
  }));
  const model = asyncModel(Object.keys(usdPerHour)) as { versions: { v1: ConfigData } };
  return { ...model, versions: { v1: { ...model.versions.v1, transforms } } };
}

/** Puts an object below `days/` in the bucket of each of these regions. */
export function putDays(simulator: Simulator, regions: readonly string[], name: string, text: string): void {
  const head = { contentType: 'text/csv', metadata: {} };
  for (const region of regions)
    simulator.objects(region).put(bucketIn(region), `days/${name}`, Buffer.from(text), head);
}

/** A batch as the gateway shows it. */
export interface ShownBatch {
  readonly id: string;
  readonly state: string;
  readonly version: string;
  readonly region?: string;
  readonly detail?: string;
  readonly outputLocation?: string;
  readonly costUsd?: number;
  readonly progress?: { readonly inputs?: number; readonly outputs?: number };
  readonly attempts: readonly { readonly region: string; readonly failure?: string; readonly endedAt?: string }[];
}

/** Callers' side of batches at a gateway. */
export function batchesClient({ urls }: Pick<TestGateway, 'urls'>, headers: Record<string, string> = {}) {
  const post = (body: object, more: Record<string, string> = {}, model = 'rain') =>
    fetch(`${urls.data}/v1/models/${model}/batches`, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: JSON.stringify(body),
    });
  const get = (id: string) => fetch(`${urls.data}/v1/batches/${id}`, { headers });
  const look = async (id: string) => (await (await get(id)).json()) as ShownBatch;
  return {
    post,
    get,
    look,
    create: async (body: object = {}): Promise<ShownBatch> => {
      const response = await post({ inputLocation: inputs, contentType: 'text/csv', ...body });
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      return (await response.json()) as ShownBatch;
    },
    remove: (id: string) => fetch(`${urls.data}/v1/batches/${id}`, { method: 'DELETE', headers }),
    until: async (t: Test, id: string, state: string): Promise<ShownBatch> => {
      await eventually(t, `batch is ${state}`, async () => (await look(id)).state === state);
      return look(id);
    },
  };
}

/** The object at `s3://bucket/key` in a region's bucket. */
export function objectAt(simulator: Simulator, region: string, location: string): string {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location) ?? [];
  return simulator.objects(region).get(bucket, key).body.toString();
}
