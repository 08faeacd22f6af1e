import { createHash, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { bearerToken } from './callers.ts';
import type { AdminOptions } from './options.ts';

/** Viewers look, operators act. */
export type AdminRole = 'viewer' | 'operator';

/** What the admin listener needs to know of a request to judge it. */
export interface AdminCall {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly role: AdminRole;
  /** What the call would do, for the audit of refusals. */
  readonly act?: string;
}

/** Who acts. */
export interface AdminActor {
  readonly actor: string;
  readonly role: AdminRole;
  /** Whose models it may steer; undefined means everybody's. */
  readonly owners?: readonly string[];
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);
const wildcards = new Set(['0.0.0.0', '[::]', '::']);

/**
 * Judges calls to the admin plane. Returns who acts (for the audit), or throws.
 * Host and Origin are checked on every call, so that a web page the operator visits cannot reach a loopback listener
 * (DNS rebinding, CSRF). `ownAddress` is what it listens on, as `host:port` or a bare host: it answers to that host as
 * well, unless it stands for every interface. Beyond loopback every call needs a key; on loopback without keys the
 * machine's users operate.
 */
export function createAdminAccess({ keys, hosts }: AdminOptions, ownAddress?: string): (call: AdminCall) => AdminActor {
  const known = keys.map(key => ({ ...key, digest: Buffer.from(key.sha256, 'hex') }));
  const allowed = new Set([...loopbackHosts, ...hosts.map(host => host.toLowerCase()), ...ownHost(ownAddress)]);
  const checkHost = (value: string | undefined, what: string) => {
    const name = value
      ?.toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/:\d+$/, '');
    if (name === undefined || !allowed.has(name)) {
      throw new GatewayError(
        'not-allowed',
        `The admin listener does not answer to this ${what}: add it to admin.hosts.`,
      );
    }
  };
  return call => {
    checkHost(call.host, 'Host');
    if (call.origin !== undefined) checkHost(call.origin, 'Origin');
    const token = bearerToken(call.authorization);
    if (token === undefined) {
      if (known.length === 0 && isLoopback(call.remoteAddress)) return { actor: 'local', role: 'operator' };
      throw new GatewayError('unauthenticated', 'The admin listener needs a key: Authorization: Bearer KEY.');
    }
    const digest = createHash('sha256').update(token).digest();
    const key = known.find(candidate => timingSafeEqual(candidate.digest, digest));
    if (key === undefined) throw new GatewayError('unauthenticated', 'This admin key is not known here.');
    if (call.role === 'operator' && key.role !== 'operator') {
      throw new GatewayError('not-allowed', `The key ${key.id} may look but not act: use one with the role operator.`);
    }
    return { actor: key.id, role: key.role, ...(key.owners !== undefined && { owners: key.owners }) };
  };
}

/** The host as a `Host` header would name it; a wildcard names nobody. */
function ownHost(address: string | undefined): string[] {
  const host = address?.toLowerCase().replace(/(?<=\]|^[^:]+):\d+$/, '');
  return host === undefined || wildcards.has(host) ? [] : [host];
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(::ffff:)?127\./.test(address));
}
