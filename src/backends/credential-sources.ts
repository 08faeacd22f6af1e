import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { CredentialSource, Credentials } from './credentials.ts';
import type { CredentialsOptions } from './options.ts';

type RoleOptions = Extract<CredentialsOptions, { roleArn: string }>;

/** One region's STS. */
export interface StsSite {
  readonly region: string;
  readonly url: string;
}

/** What fetching keys needs of the rest. */
export interface SourcePorts {
  readonly clock: Clock;
  readonly lookup: LookupFunction;
  /** Every region's STS, the given region's first. */
  stsSites(region: string): readonly StsSite[];
}

/** One region's STS gets this long before the next one is asked, ms. */
const stsTimeoutMs = 3_000;
/** Instance and container metadata, files and nested roles together, ms. */
const chainTimeoutMs = 10_000;

/** The SDK's default chain: environment, files, container, instance; its own STS calls go to `region`, then elsewhere. */
export function defaultChain(ports: SourcePorts, region: string): CredentialSource {
  return stopped =>
    firstThatAnswers(ports.stsSites(region), async site => {
      // Loaded on first use: a gateway with its own keys never pays for it.
      const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
      const chain = fromNodeProviderChain({ clientConfig: { region: site.region } });
      return limited(ports.clock, chainTimeoutMs, stopped, async () => fromSdk(await chain()));
    });
}

/** A role, assumed at `region`'s STS and, when that fails, at the other configured regions' in turn. */
export function assumedRole(ports: SourcePorts, region: string, role: RoleOptions): CredentialSource {
  const parent = role.source === undefined || role.source === 'default' ? defaultChain(ports, region) : undefined;
  const keys = typeof role.source === 'object' ? role.source : undefined;
  return async stopped => {
    const signWith = role.webIdentityTokenFile === undefined ? (keys ?? (await parent?.(stopped))) : undefined;
    return firstThatAnswers(ports.stsSites(region), site =>
      limited(ports.clock, stsTimeoutMs, stopped, signal => askSts(ports, site, role, signWith, signal)),
    );
  };
}

async function askSts(
  { lookup }: SourcePorts,
  site: StsSite,
  role: RoleOptions,
  signWith: Credentials | undefined,
  abortSignal: AbortSignal,
): Promise<Credentials> {
  const { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const agent = { lookup, keepAlive: false };
  const sts = new STSClient({
    region: site.region,
    endpoint: site.url,
    maxAttempts: 1,
    requestHandler: { httpAgent: agent, httpsAgent: agent },
    ...(signWith && { credentials: { ...signWith } }), // a copy: the SDK writes into what it is given
  });
  const request = {
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName ?? 'meridian',
    DurationSeconds: role.durationSeconds ?? 3_600,
  };
  try {
    const { Credentials: granted } =
      role.webIdentityTokenFile === undefined
        ? await sts.send(new AssumeRoleCommand({ ...request, ExternalId: role.externalId }), { abortSignal })
        : await sts.send(
            new AssumeRoleWithWebIdentityCommand({
              ...request,
              WebIdentityToken: (await readFile(role.webIdentityTokenFile, 'utf8')).trim(),
            }),
            { abortSignal },
          );
    if (granted?.AccessKeyId === undefined || granted.SecretAccessKey === undefined)
      throw new Error(`STS in ${site.region} granted no keys`);
    return fromSdk({
      accessKeyId: granted.AccessKeyId,
      secretAccessKey: granted.SecretAccessKey,
      ...(granted.SessionToken !== undefined && { sessionToken: granted.SessionToken }),
      ...(granted.Expiration !== undefined && { expiration: granted.Expiration }),
    });
  } finally {
    sts.destroy();
  }
}

/** Keys as the SDK hands them out. */
interface SdkKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

function fromSdk({ accessKeyId, secretAccessKey, sessionToken, expiration }: SdkKeys): Credentials {
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiration !== undefined && { expiresAtMs: expiration.getTime() }),
  };
}

/** Asks region after region; rejects with the first region's error, which is the one to mend. */
async function firstThatAnswers(
  sites: readonly StsSite[],
  ask: (site: StsSite) => Promise<Credentials>,
): Promise<Credentials> {
  let first: unknown;
  for (const site of sites) {
    try {
      return await ask(site);
    } catch (error) {
      first ??= error;
      if (isNoCredentials(error)) break;
    }
  }
  throw first ?? new Error('no region to ask');
}

/** The chain found nothing to use: no other region would change that. */
function isNoCredentials(error: unknown): boolean {
  return error instanceof Error && error.name === 'CredentialsProviderError';
}

/** Runs `work` for at most `limitMs`, or until `stopped`; its signal tells it to give up. */
function limited<T>(
  clock: Clock,
  limitMs: number,
  stopped: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const giveUp = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const end = (error: Error) => {
      giveUp.abort(error);
      reject(error);
    };
    const onStop = () => end(new Error('stopped'));
    const cancel = clock.after(limitMs, () => end(new Error(`no answer within ${limitMs} ms`)));
    if (stopped.aborted) onStop();
    else stopped.addEventListener('abort', onStop);
    void work(giveUp.signal)
      .then(resolve, reject)
      .finally(() => {
        cancel();
        stopped.removeEventListener('abort', onStop);
      });
  });
}
