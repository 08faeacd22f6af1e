import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../core/errors.ts';
import { deepestJson, jsonSize } from '../wire/json-size.ts';
import type { Call } from './call.ts';
import type { Asked, InvokePorts, InvokeProtocol } from './invoke-ports.ts';

/**
 * What a value costs in memory while its call is translated, beside the bytes it came in: 12 million numbers in 22 MB
 * were seen to take 1 GB (86 bytes each), as many empty lists 79, members of objects 42. Most of it is short-lived.
 */
const bytesPerValue = 48;

/**
 * What a body says of its own call, where the protocol reads it; the memory of the values read is admitted first, and
 * given back with the answer's. Throws `invalid-request`, `too-large` or `buffers-full`.
 */
export function readAsked(
  { admission, maxJsonValues }: Pick<InvokePorts, 'admission' | 'maxJsonValues'>,
  call: Pick<Call, 'parsedBytes' | 'over'>,
  protocol: Pick<InvokeProtocol, 'ask' | 'size'>,
  body: Buffer,
  headers: IncomingHttpHeaders,
): Asked | undefined {
  if (protocol.ask === undefined) return undefined;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new GatewayError('invalid-request', 'The body is compressed (content-encoding): send it as it is.');
  const { depth, values } = protocol.size?.(body, headers) ?? jsonSize(body);
  if (depth > deepestJson)
    throw new GatewayError('invalid-request', `The body nests deeper than ${deepestJson} levels: send it flatter.`);
  const bytes = values * bytesPerValue;
  const most = Math.min(maxJsonValues(), Math.floor(admission.maxBytes / bytesPerValue));
  if (values > most)
    throw new GatewayError('too-large', `The body holds ${values} values, more than ${most}: send fewer per call.`);
  if (call.over) throw new GatewayError('client-closed', 'The caller went away.'); // nothing would give them back
  admission.take(bytes);
  call.parsedBytes = bytes;
  return protocol.ask(body, headers);
}
