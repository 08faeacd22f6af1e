import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { Credentials } from './credentials.ts';
import { Sha256 } from './sha256.ts';

/** Where a region's control planes are, and what signs there. */
export interface ControlSite {
  readonly sagemakerUrl: string;
  readonly eventBridgeUrl: string;
  readonly identity: string;
}

/** What the clients need of the rest. */
export interface ControlPorts {
  /** Undefined for a region the config does not have, or whose control planes nothing uses. */
  siteOf(region: string): ControlSite | undefined;
  /** Usable keys of an identity now; undefined when there are none. */
  credentialsOf(identity: string): Credentials | undefined;
  readonly lookup: LookupFunction;
}

/** One SDK client a service and region, made when first asked for and again when its site changes. */
export interface ControlClients {
  /** Throws where the config has no control plane. */
  sagemaker(region: string): SageMakerClient;
  eventBridge(region: string): EventBridgeClient;
  stop(): void;
}

const connectTimeoutMs = 1_000;
const answerTimeoutMs = 10_000;
/** The SDK's own included; who calls keeps count of more, so that a restart does not begin anew. */
const tries = 2;

interface Made<Client> {
  readonly url: string;
  readonly identity: string;
  readonly client: Client;
}

/** Clients of the control planes in every region. */
export function controlClients(ports: ControlPorts): ControlClients {
  const sagemakers = new Map<string, Made<SageMakerClient>>();
  const buses = new Map<string, Made<EventBridgeClient>>();
  const clientOf = <Client extends { destroy(): void }>(
    made: Map<string, Made<Client>>,
    region: string,
    urlOf: (site: ControlSite) => string,
    make: (settings: ReturnType<typeof settingsOf>) => Client,
  ): Client => {
    const site = ports.siteOf(region);
    if (site === undefined) throw new Error(`no control plane is configured in ${region}`);
    const url = urlOf(site);
    const known = made.get(region);
    if (known !== undefined && known.url === url && known.identity === site.identity) return known.client;
    known?.client.destroy();
    const client = make(settingsOf(ports, region, url, site.identity));
    made.set(region, { url, identity: site.identity, client });
    return client;
  };
  return {
    sagemaker: region =>
      clientOf(
        sagemakers,
        region,
        site => site.sagemakerUrl,
        settings => new SageMakerClient(settings),
      ),
    eventBridge: region =>
      clientOf(
        buses,
        region,
        site => site.eventBridgeUrl,
        settings => new EventBridgeClient(settings),
      ),
    stop: () => {
      for (const { client } of [...sagemakers.values(), ...buses.values()]) client.destroy();
      sagemakers.clear();
      buses.clear();
    },
  };
}

function settingsOf(ports: ControlPorts, region: string, endpoint: string, identity: string) {
  // Agents of our own, for our own name lookup.
  const agent = { lookup: ports.lookup, keepAlive: true, maxSockets: 8 };
  return {
    region,
    endpoint,
    maxAttempts: tries,
    sha256: Sha256,
    credentials: async () => {
      const keys = ports.credentialsOf(identity);
      if (keys === undefined) throw new Error(`${identity} has no usable credentials for ${region}`);
      const { expiresAtMs, ...pair } = keys;
      return { ...pair, ...(expiresAtMs !== undefined && { expiration: new Date(expiresAtMs) }) };
    },
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: answerTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: answerTimeoutMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent(agent),
    },
  };
}
