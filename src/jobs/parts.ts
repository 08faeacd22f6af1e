/** Of every part but the last. S3 takes 5 MiB to 5 GiB and 10,000 parts; 1 GiB makes 128. */
export const partBytes = 8 * 1024 * 1024;
/** Parts in memory at once, whatever is uploaded to however many regions. */
export const partsHeld = 4;

/** A piece of a payload, which can be sent again until `free` gives its buffer back. */
export interface Part {
  readonly bytes: Buffer;
  readonly last: boolean;
  free(): void;
}

/**
 * A payload cut into parts of `size`, each a buffer of its own. The last one may be shorter, or the only one empty.
 * Buffers are used again: garbage of this size piles up faster than it is collected.
 */
export async function* partsOf(chunks: AsyncIterable<Buffer>, size: number = partBytes): AsyncGenerator<Part> {
  const spare: Buffer[] = [];
  const partOf = (buffer: Buffer, length: number, last: boolean): Part => ({
    bytes: buffer.subarray(0, length),
    last,
    free: () => void spare.push(buffer),
  });
  let part: Buffer = Buffer.alloc(0);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === size) {
        yield partOf(part, filled, false);
        part = spare.pop() ?? Buffer.allocUnsafeSlow(size);
        filled = 0;
      }
      if (filled === part.length) part = grown(part, filled + chunk.length - at, size);
      const count = Math.min(part.length - filled, chunk.length - at);
      chunk.copy(part, filled, at, at + count);
      filled += count;
      at += count;
    }
  }
  yield partOf(part, filled, true);
}

/** Doubles, so that small payloads take little and large ones are not copied often; never beyond `most`. */
function grown(part: Buffer, least: number, most: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(least, 2 * part.length)));
  part.copy(larger);
  return larger;
}
