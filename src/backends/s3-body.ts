/** An object as its first answer gave it. */
export interface FirstAnswer {
  readonly bytes: number;
  readonly body: AsyncIterable<Buffer>;
}

/** Connections in a row that may break off without a byte. */
const mostFailures = 3;

/**
 * An object's bytes through as many connections as it takes: S3, and our own limit on silence, close one whose reader
 * pauses, and who reads a large object slowly is no reason to break it off.
 * @param onward reads the same object from a byte on; rejects when it has changed meanwhile
 */
export async function* wholeBody(
  { bytes, body }: FirstAnswer,
  onward: (from: number) => Promise<AsyncIterable<Buffer>>,
): AsyncGenerator<Buffer> {
  let at = 0;
  let failures = 0;
  let part: AsyncIterable<Buffer> | undefined = body;
  for (;;) {
    try {
      part ??= await onward(at);
      for await (const chunk of part) {
        at += chunk.length;
        failures = 0;
        yield chunk;
      }
      if (at >= bytes) return;
      throw new Error(`the object ended after ${at} of ${bytes} bytes`);
    } catch (error) {
      failures += 1;
      if (failures > mostFailures) throw error;
      part = undefined;
    }
  }
}
