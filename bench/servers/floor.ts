import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { passthrough, upstream } from './passthrough.ts';

// The least that any Node proxy to AWS does with AWS's own signer: no keys, no routing, no health, no log.
type Bytes = string | ArrayBuffer | ArrayBufferView;

/** Node's SHA-256 in the shape that `SignatureV4` takes. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', view(secret));
  }

  update(data: Bytes): void {
    this.#hash.update(view(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {}
}

function view(bytes: Bytes): string | NodeJS.ArrayBufferView {
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : (bytes as string | NodeJS.ArrayBufferView);
}

const signer = new SignatureV4({
  service: 'sagemaker',
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDBENCH', secretAccessKey: 'bench-secret' },
  sha256: Sha256,
});
const { protocol, host, hostname, port } = new URL(upstream);
const address = { method: 'POST', protocol, hostname, port: Number(port), query: {} };

await passthrough(async ({ path, headers, body }) => {
  const signed = await signer.sign({ ...address, path, headers: { ...headers, host }, body });
  return { path, headers: signed.headers, body };
});
