import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { type SdkPorts, sdkSettings } from './sdk-settings.ts';

/** Where a region's control planes are, and what signs there. */
export interface ControlSite {
  readonly sagemakerUrl: string;
  readonly eventBridgeUrl: string;
  readonly identity: string;
}

/** What the clients need of the rest. */
export interface ControlPorts extends SdkPorts {
  /** Undefined for a region the config does not have, or whose control planes nothing uses. */
  siteOf(region: string): ControlSite | undefined;
}

/** One SDK client a service and region, made when first asked for and again when its site changes. */
export interface ControlClients {
  /** Throws where the config has no control plane. */
  sagemaker(region: string): SageMakerClient;
  eventBridge(region: string): EventBridgeClient;
  stop(): void;
}

const connectionsPerRegion = 8;
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
  return { region, endpoint, maxAttempts: tries, ...sdkSettings(ports, identity, connectionsPerRegion) };
}
