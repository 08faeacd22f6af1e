import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Credentials } from './credentials.ts';

/** What is signed. Name and value alternate in `headers`; names are lower-case and the list is sorted by name. */
export interface SigningInput {
  readonly method: string;
  /** As it is sent: unreserved characters, `/` and `%XX`. The signature covers it encoded once more, as all services but S3 want it. */
  readonly path: string;
  readonly host: string;
  readonly region: string;
  readonly headers: readonly string[];
  readonly bodySha256: string;
  readonly credentials: Credentials;
}

interface DayKey {
  readonly day: string;
  readonly scope: string;
  /** Not the bare bytes: Node 24 makes a key object of those on every use, which takes longer than the HMAC. */
  readonly key: KeyObject;
}

/** Signs calls, by each region's own clock. */
export interface Signer {
  /** The headers to send, `authorization` among them, for `service` in the input's region. */
  sign(input: SigningInput): string[];
  /** The time that `sign` would write now, by the region's clock as far as it is known. Wall time, ms. */
  timeIn(region: string): number;
  /**
   * Takes a region's idea of the time from the `Date` header of its refusal. True if the call was signed with a time so
   * far from it that this explains the refusal, and signing again will help, whoever learnt it: another call, or this
   * machine, whose own clock may have been set while the call was under way.
   */
  adoptTime(region: string, dateHeader: string | undefined, signedAtMs: number): boolean;
}

/** A signature is good for five minutes either way; clocks this close are not why it was refused. */
const harmlessSkewMs = 60_000;

/**
 * AWS Signature Version 4 for one service (AWS General Reference, "Create a signed AWS API request"). It takes 4 µs
 * where `@smithy/signature-v4` takes 30 (Node 24), more than all the rest of a call here; tests hold it to that package's answers.
 */
export function sigV4Signer(service: string, clock: Clock): Signer {
  const offsetsMs = new Map<string, number>();
  const keys = new WeakMap<Credentials, Map<string, DayKey>>();
  /** Formatted once: most calls share it with the call before. */
  let now = { second: 0, time: isoTime(0) };

  function dayKey(credentials: Credentials, region: string, day: string): DayKey {
    let byRegion = keys.get(credentials);
    if (byRegion === undefined) {
      byRegion = new Map();
      keys.set(credentials, byRegion);
    }
    const known = byRegion.get(region);
    if (known?.day === day) return known;
    const derived = deriveKey(credentials, day, region, service);
    byRegion.set(region, derived);
    return derived;
  }

  const timeIn = (region: string): number => clock.wallMs() + (offsetsMs.get(region) ?? 0);

  return {
    timeIn,
    sign(input) {
      const second = Math.floor(timeIn(input.region) / 1_000);
      if (second !== now.second) now = { second, time: isoTime(second * 1_000) };
      const { time } = now;
      const { scope, key } = dayKey(input.credentials, input.region, time.slice(0, 8));
      const headers = withSigningHeaders(input, time);
      const names = signedNames(headers);
      const canonical = `${input.method}\n${input.path.replaceAll('%', '%25')}\n\n${canonicalHeaders(headers)}\n${names}\n${input.bodySha256}`;
      const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
      const signature = createHmac('sha256', key).update(toSign).digest('hex');
      const credential = `${input.credentials.accessKeyId}/${scope}`;
      headers.push(
        'authorization',
        `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
      );
      return headers;
    },
    adoptTime(region, dateHeader, signedAtMs) {
      const theirs = Date.parse(dateHeader ?? '');
      if (Number.isNaN(theirs)) return false;
      if (Math.abs(theirs - timeIn(region)) >= harmlessSkewMs) offsetsMs.set(region, theirs - clock.wallMs());
      return Math.abs(theirs - signedAtMs) >= harmlessSkewMs;
    },
  };
}

function isoTime(wallMs: number): string {
  const iso = new Date(wallMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

function deriveKey(credentials: Credentials, day: string, region: string, service: string): DayKey {
  let key = createHmac('sha256', `AWS4${credentials.secretAccessKey}`).update(day).digest();
  for (const part of [region, service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  return { day, scope: `${day}/${region}/${service}/aws4_request`, key: createSecretKey(key) };
}

/** Merges what every signature covers into the sorted list. */
function withSigningHeaders({ headers, host, bodySha256, credentials }: SigningInput, time: string): string[] {
  const merged: string[] = [];
  let at = 0;
  for (; at < headers.length && (headers[at] ?? '') < 'host'; at += 2)
    merged.push(headers[at] ?? '', headers[at + 1] ?? '');
  merged.push('host', host, 'x-amz-content-sha256', bodySha256, 'x-amz-date', time);
  if (credentials.sessionToken !== undefined) merged.push('x-amz-security-token', credentials.sessionToken);
  for (; at < headers.length; at += 2) merged.push(headers[at] ?? '', headers[at + 1] ?? '');
  return merged;
}

function signedNames(headers: readonly string[]): string {
  let names = headers[0] ?? '';
  for (let at = 2; at < headers.length; at += 2) names += `;${headers[at]}`;
  return names;
}

function canonicalHeaders(headers: readonly string[]): string {
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) lines += `${headers[at]}:${canonicalValue(headers[at + 1] ?? '')}\n`;
  return lines;
}

function canonicalValue(value: string): string {
  return /^ | {2}|[\t\r\n]| $/.test(value) ? value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '') : value;
}
