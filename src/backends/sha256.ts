import { createHash, createHmac, type Hash, type Hmac, webcrypto } from 'node:crypto';

type Source = string | ArrayBuffer | ArrayBufferView;

/** Larger inputs would hold up the event loop for milliseconds. */
const offLoopBytes = 1_048_576;

/** SHA-256 as AWS SDK clients ask for it, keyed when it has a secret; large inputs are digested on another thread. */
export class Sha256 {
  readonly #secret: Source | undefined;
  #hash: Hash | Hmac;
  #large: Uint8Array<ArrayBuffer> | undefined;
  #used = false;

  constructor(secret?: Source) {
    this.#secret = secret;
    this.#hash = this.#fresh();
  }

  update(data: Source): void {
    const bytes = bytesOf(data);
    if (!this.#used && this.#secret === undefined && bytes.length > offLoopBytes) this.#large = bytes;
    else {
      this.#settle();
      this.#hash.update(bytes);
    }
    this.#used = true;
  }

  async digest(): Promise<Uint8Array> {
    if (this.#large === undefined) return this.#hash.digest();
    return new Uint8Array(await webcrypto.subtle.digest('SHA-256', this.#large));
  }

  reset(): void {
    this.#hash = this.#fresh();
    this.#large = undefined;
    this.#used = false;
  }

  #fresh(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.#secret));
  }

  /** More follows a large input: the rare case, and still right. */
  #settle(): void {
    if (this.#large !== undefined) this.#hash.update(this.#large);
    this.#large = undefined;
  }
}

function bytesOf(data: Source): Uint8Array<ArrayBuffer> {
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return new Uint8Array(data);
}
