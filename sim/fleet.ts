import type { EndpointSpec } from './endpoints/create.ts';
import { mib } from './endpoints/endpoint.ts';
import type { Identity, Role } from './principals.ts';

/** An endpoint of the fleet, and the regions it is in: all of them unless it names some. */
export type FleetEndpoint = EndpointSpec & { readonly regions?: readonly string[] };

/** The simulated regions: usual port, and median round trip as seen from Seattle. */
export const demoRegions = {
  'us-east-1': { port: 9101, roundTripMs: 65 },
  'us-west-2': { port: 9102, roundTripMs: 8 },
  'eu-west-1': { port: 9103, roundTripMs: 130 },
  'ap-southeast-1': { port: 9104, roundTripMs: 165 },
} as const;

export const demoAccount = '123456789012';

/** What the demo runs against. All accounts see the same endpoints, so that roles can be tried too. */
export const demoEndpoints: readonly FleetEndpoint[] = [
  { kind: 'real-time', name: 'rain-v1', container: 'rain-v1' },
  { kind: 'real-time', name: 'rain-v2', container: 'rain-v2' },
  { kind: 'real-time', name: 'rain-v3', container: 'rain-v3' },
  { kind: 'real-time', name: 'rain-winter', container: 'rain-winter' },
  { kind: 'serverless', name: 'rain-serverless', container: 'rain-v1', maxConcurrency: 20 },
  {
    kind: 'variants',
    name: 'rain-ab',
    variants: [
      { name: 'v1', weight: 90, container: 'rain-v1' },
      { name: 'v2', weight: 10, container: 'rain-v2' },
    ],
  },
  {
    kind: 'components',
    name: 'rain-components',
    components: [
      { name: 'rain-v1', container: 'rain-v1' },
      { name: 'rain-v2', container: 'rain-v2' },
    ],
  },
  { kind: 'multi-model', name: 'flight-delay', container: 'flight-delay', memoryBytes: 2048 * mib },
  { kind: 'async', name: 'rain-batch', container: 'rain-batch', outputs: 's3://meridian-jobs-{region}/outputs' },
];

/** SageMaker models of every region, as transform jobs name them: their containers. */
export const demoModels: Readonly<Record<string, string>> = {
  'rain-batch-v2': 'rain-batch',
};

/** The buckets of every region. */
export const demoBuckets: readonly string[] = ['meridian-jobs-{region}'];

export const demoIdentities: readonly Identity[] = [
  { accessKeyId: 'demo', secretAccessKey: 'demo', account: demoAccount, userName: 'demo' },
  { accessKeyId: 'assumer', secretAccessKey: 'assumer', account: demoAccount, userName: 'assumer' },
  { accessKeyId: 'denied', secretAccessKey: 'denied', account: demoAccount, userName: 'denied', mayInvoke: false },
];

export const demoRoles: readonly Role[] = [
  {
    arn: 'arn:aws:iam::222222222222:role/meridian',
    trusts: ['demo', 'assumer'],
    externalId: 'meridian-demo',
    webIdentityTokens: ['demo-web-identity-token'],
  },
];
