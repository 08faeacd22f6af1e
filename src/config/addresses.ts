/** A `host:port` of the config; IPv6 hosts stand in brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Splits `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; undefined when it is none. Port 0 asks for a free one. */
export function parseAddress(text: string): Address | undefined {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  const host = parts?.[1] ?? parts?.[2];
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** Whether only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

/** Whether listening on both would collide on one port: the same host, or either is every interface. */
export function overlap(a: Address, b: Address): boolean {
  const everywhere = ['0.0.0.0', '::'];
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || everywhere.includes(a.host) || everywhere.includes(b.host);
}
