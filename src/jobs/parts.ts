/** Of every part but the last. S3 takes 5 MiB to 5 GiB and 10,000 parts; 1 GiB makes 128. */
export const partBytes = 8 * 1024 * 1024;
/** Parts in memory at once, whatever is uploaded to however many regions. */
export const partsHeld = 4;

/** A payload cut into parts, each a buffer of its own that can be sent again. The last one may be shorter, or the only one empty. */
export async function* partsOf(
  chunks: AsyncIterable<Buffer>,
  size: number = partBytes,
): AsyncGenerator<{ readonly bytes: Buffer; readonly last: boolean }> {
  let part: Buffer = Buffer.alloc(0);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === size) {
        yield { bytes: part, last: false };
        part = Buffer.allocUnsafeSlow(size);
        filled = 0;
      }
      if (filled === part.length) part = grown(part, filled + chunk.length - at, size);
      const count = Math.min(part.length - filled, chunk.length - at);
      chunk.copy(part, filled, at, at + count);
      filled += count;
      at += count;
    }
  }
  yield { bytes: part.subarray(0, filled), last: true };
}

/** Doubles, so that small payloads take little and large ones are not copied often; never beyond `most`. */
function grown(part: Buffer, least: number, most: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(least, 2 * part.length)));
  part.copy(larger);
  return larger;
}
