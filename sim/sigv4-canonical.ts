import { createHash } from 'node:crypto';

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly target: string;
  /** Lower-case names; every value of a repeated header. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly body: Buffer;
  /** What stands for the body's digest, where the service takes the client's word for it (S3). */
  readonly payloadHash?: string;
  /** S3 signs the path as it is on the wire, and does not resolve it. */
  readonly pathAsItIs?: boolean;
}

/** The text whose digest is signed. Throws URIError when the query is not percent-encoded properly. */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  const question = request.target.indexOf('?');
  const path = question < 0 ? request.target : request.target.slice(0, question);
  const query = question < 0 ? '' : request.target.slice(question + 1);
  const headers = signedHeaders.map(name => `${name}:${canonicalValue(request, name)}\n`).join('');
  const bodyHash = request.payloadHash ?? createHash('sha256').update(request.body).digest('hex');
  const uri = request.pathAsItIs ? path : canonicalPath(path);
  return [request.method, uri, canonicalQuery(query), headers, signedHeaders.join(';'), bodyHash].join('\n');
}

/** Dot segments resolved, empty segments dropped, then each segment encoded once more than it was on the wire. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  const trailing = path.length > 1 && path.endsWith('/') && segments.length > 0 ? '/' : '';
  return `/${segments.join('/')}${trailing}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map(pair => {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    return [encode(decodeURIComponent(name)), encode(decodeURIComponent(value))] as const;
  });
  pairs.sort(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function canonicalValue(request: SignedRequest, name: string): string {
  const values = request.headers[name === ':authority' ? 'host' : name] ?? [];
  return values.map(value => value.trim().replace(/ +/g, ' ')).join(',');
}

/** RFC 3986: everything but unreserved characters is encoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
