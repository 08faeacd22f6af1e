import type { IncomingHttpHeaders } from 'node:http';

/** The head of a call as it came over the wire. */
export interface SignedHead {
  readonly method: string;
  /** Path and query as they were sent, nothing decoded. */
  readonly url: string;
  /** Names in lower case; over HTTP/2 with `:authority`. */
  readonly headers: IncomingHttpHeaders;
}

const unreserved = /^[A-Za-z0-9\-._~/]*$/;
const reserved = /[^A-Za-z0-9\-._~/]/g;

/**
 * The canonical request of Signature Version 4 up to the body's hash, which stands behind it as the last line (AWS
 * General Reference, "Create a signed AWS API request"). Paths are encoded once more than they were sent, as for every
 * service but S3. Dot segments are left as they are: no route takes any. Undefined when a signed header is not there.
 */
export function canonicalHead({ method, url, headers }: SignedHead, signedNames: string): string | undefined {
  const split = url.indexOf('?');
  const path = split === -1 ? url : url.slice(0, split);
  const query = split === -1 ? '' : canonicalQuery(url.slice(split + 1));
  let lines = '';
  for (const name of signedNames.split(';')) {
    const value = signedValue(headers, name);
    if (value === undefined) return undefined;
    lines += `${name}:${canonicalValue(value)}\n`;
  }
  return `${method}\n${encodedAgain(path)}\n${query}\n${lines}\n${signedNames}\n`;
}

function encodedAgain(path: string): string {
  return unreserved.test(path) ? path : path.replace(reserved, encodeCharacter);
}

/** Node gives each byte of a request line as one character. */
function encodeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Sorted by name, then value. Left as encoded by the sender: decoding would let two spellings pass for one. */
function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map(part => {
    const split = part.indexOf('=');
    return split === -1 ? ([part, ''] as const) : ([part.slice(0, split), part.slice(split + 1)] as const);
  });
  return pairs
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** HTTP/2 calls the host `:authority`; a proxy that speaks one to the caller and the other to us keeps its value. */
function signedValue(headers: IncomingHttpHeaders, name: string): string | undefined {
  const other = name === 'host' ? ':authority' : name === ':authority' ? 'host' : name;
  const value = headers[Object.hasOwn(headers, name) ? name : other];
  if (!Object.hasOwn(headers, name) && !Object.hasOwn(headers, other)) return undefined;
  return Array.isArray(value) ? value.join(',') : value;
}

/** Only blanks and tabs fold: what else JavaScript counts as white space would let changed bytes pass. */
function canonicalValue(value: string): string {
  return /^[ \t]| {2}|\t|[ \t]$/.test(value) ? value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '') : value;
}
