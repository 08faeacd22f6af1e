import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Credentials } from './credentials.ts';
import { Sha256 } from './sha256.ts';

/** What AWS's own clients are given of ours. */
export interface SdkPorts {
  /** Usable keys of an identity now; undefined when there are none. */
  credentialsOf(identity: string): Credentials | undefined;
  readonly lookup: LookupFunction;
}

const connectTimeoutMs = 1_000;
/** Silence after which a call is given up, and tried again by the SDK. It is silence that counts, not the whole call. */
const silenceMs = 10_000;

/** Settings of an AWS client that is not on the request path: our keys, our name lookup, limits on silence. */
export function sdkSettings({ credentialsOf, lookup }: SdkPorts, identity: string, maxSockets: number) {
  // Agents of our own: of plain options the SDK makes others for large uploads, with the system's name lookup.
  const agent = { lookup, keepAlive: true, maxSockets };
  return {
    sha256: Sha256,
    credentials: async () => {
      const keys = credentialsOf(identity);
      if (keys === undefined) throw new Error(`${identity} has no usable credentials`);
      const { expiresAtMs, ...pair } = keys;
      return { ...pair, ...(expiresAtMs !== undefined && { expiration: new Date(expiresAtMs) }) };
    },
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: silenceMs,
      throwOnRequestTimeout: true,
      socketTimeout: silenceMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
  };
}
