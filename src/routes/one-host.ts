import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../core/errors.ts';

/**
 * A request names one host, or the one that is judged and the one a proxy before us judged may be two (RFC 9112, 3.2).
 * Node checks neither: it is told to leave answering to us, and of several takes the first. Throws `invalid-request`.
 */
export function checkOneHost({
  headers,
  rawHeaders,
  httpVersion,
}: Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersion'>): void {
  if (httpVersion === '2.0') return; // :authority; HTTP/2 has its own rules, which Node enforces
  if (headers.host === undefined) {
    if (httpVersion === '1.0') return;
    throw new GatewayError('invalid-request', 'HTTP/1.1 wants a Host header: send one.');
  }
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) throw new GatewayError('invalid-request', 'There are several Host headers: send one.');
}
