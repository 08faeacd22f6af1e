import { createHash, type Hash, hash } from 'node:crypto';

/** Bodies announced as larger than this go into one buffer as they arrive, so that they are not held twice at the end. */
const directBytes = 1_048_576;

/**
 * Gathers a body and its SHA-256. Both are worked on chunk by chunk while the body arrives, some 64 kB at a time, so
 * that a large one neither holds up the event loop at its end nor needs its memory twice.
 */
export class BodyBytes {
  readonly #announced: number | undefined;
  #chunks: Buffer[] = [];
  #whole: Buffer | undefined;
  #hash: Hash | undefined;
  #received = 0;

  /** @param announced content-length, if there is one */
  constructor(announced: number | undefined) {
    this.#announced = announced;
  }

  get received(): number {
    return this.#received;
  }

  /** Memory held once `more` bytes are added. */
  bytesHeldWith(more: number): number {
    const received = this.#received + more;
    const gathered = this.#whole !== undefined || this.#gathersWith(more);
    return gathered ? Math.max(this.#announced ?? 0, received) : received;
  }

  add(chunk: Buffer): void {
    const gathers = this.#whole === undefined && this.#gathersWith(chunk.length);
    if (this.#received > 0) {
      this.#hash ??= createHash('sha256').update(this.#chunks[0] as Buffer);
      this.#hash.update(chunk);
    }
    if (this.#whole === undefined) this.#chunks.push(chunk);
    else chunk.copy(this.#whole, this.#received);
    this.#received += chunk.length;
    if (gathers) this.#gather(this.#announced ?? 0);
  }

  /** The body, and its digest as lower-case hex. Call once, at the end. */
  finish(): { bytes: Buffer; sha256: string } {
    const [first, ...more] = this.#chunks;
    const bytes = this.#whole ?? (more.length === 0 && first !== undefined ? first : Buffer.concat(this.#chunks));
    return { bytes, sha256: this.#hash === undefined ? hash('sha256', bytes, 'hex') : this.#hash.digest('hex') };
  }

  /** At the second chunk or later, once half is here: an announcement alone must cost nothing. */
  #gathersWith(more: number): boolean {
    if (this.#announced === undefined || this.#announced <= directBytes || this.#received === 0) return false;
    return (this.#received + more) * 2 >= this.#announced;
  }

  #gather(announced: number): void {
    this.#whole = Buffer.allocUnsafeSlow(announced);
    let at = 0;
    for (const chunk of this.#chunks) at += chunk.copy(this.#whole, at);
    this.#chunks = [];
  }
}
