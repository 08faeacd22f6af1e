import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SignedRequest } from '../sigv4-canonical.ts';
import { S3Error } from './s3-error.ts';

/** The bytes of an upload: taken out of `aws-chunked` framing, and checked against every digest the client sent. */
export function uploadBody(request: SignedRequest): Buffer {
  const sha256 = one(request, 'x-amz-content-sha256');
  const streamed = sha256.startsWith('STREAMING-');
  if (streamed && !sha256.startsWith('STREAMING-UNSIGNED-PAYLOAD-TRAILER'))
    throw new S3Error('NotImplemented', `${sha256} is not simulated: send UNSIGNED-PAYLOAD or a digest.`);
  const { body, trailers } = streamed ? unchunked(request.body) : { body: request.body, trailers: new Map() };
  if (/^[0-9a-f]{64}$/.test(sha256) && createHash('sha256').update(body).digest('hex') !== sha256)
    throw new S3Error('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' does not match.");
  checkCrc32(body, trailers.get('x-amz-checksum-crc32') ?? one(request, 'x-amz-checksum-crc32'));
  const md5 = one(request, 'content-md5');
  if (md5 !== '' && createHash('md5').update(body).digest('base64') !== md5) throw badDigest('Content-MD5');
  return body;
}

function checkCrc32(body: Buffer, expected: string): void {
  if (expected === '') return;
  const actual = Buffer.alloc(4);
  actual.writeUInt32BE(crc32(body));
  if (actual.toString('base64') !== expected) throw badDigest('x-amz-checksum-crc32');
}

function badDigest(name: string): S3Error {
  return new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
}

/** `size-in-hex CRLF bytes CRLF … 0 CRLF trailer: value CRLF CRLF` (S3 guide, "aws-chunked" uploads with trailers). */
function unchunked(framed: Buffer): { body: Buffer; trailers: Map<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = framed.indexOf('\r\n', at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(framed.toString('latin1', at, lineEnd), 16);
    if (!(size >= 0)) throw new S3Error('InvalidArgument', 'The body is not aws-chunked.');
    at = lineEnd + 2;
    if (size === 0) break;
    if (at + size + 2 > framed.length) throw new S3Error('InvalidArgument', 'The body ends in the middle of a chunk.');
    chunks.push(framed.subarray(at, at + size));
    at += size + 2;
  }
  const lines = framed.toString('latin1', at).split('\r\n');
  const trailers = lines.flatMap(line => {
    const colon = line.indexOf(':');
    return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const];
  });
  return { body: Buffer.concat(chunks), trailers: new Map(trailers) };
}

function one(request: SignedRequest, header: string): string {
  return request.headers[header]?.[0] ?? '';
}
