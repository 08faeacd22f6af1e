import { crc32 } from 'node:zlib';

/** One message of `application/vnd.amazon.eventstream`, and the bytes it came in. */
export interface Frame {
  /** Header values as text; kinds other than text keep their usual notation (numbers, ISO times, hex). */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
  /** The whole frame as received, to pass on untouched. */
  readonly bytes: Buffer;
}

/** The stream cannot be read on: a checksum or a length is wrong, or it ended within a frame. */
export class BrokenStream extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BrokenStream';
  }
}

/** Lengths of prelude (two lengths and their checksum) and trailing checksum. */
const preludeBytes = 12;
const checksumBytes = 4;
/** Limits of the format (AWS SDKs: 128 KiB of headers, 24 MiB of payload). */
const maxHeaderBytes = 131_072;
const maxPayloadBytes = 25_165_824;

/** Makes a frame whose headers are all text, as the events of SageMaker and Bedrock are. */
export function encodeFrame(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const fields = Object.entries(headers).map(([name, value]) => encodeText(name, value));
  const headerBytes = fields.reduce((sum, field) => sum + field.length, 0);
  const frame = Buffer.alloc(preludeBytes + headerBytes + payload.length + checksumBytes);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(headerBytes, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  let at = preludeBytes;
  for (const field of fields) at += field.copy(frame, at);
  frame.set(payload, at);
  frame.writeUInt32BE(crc32(frame.subarray(0, -checksumBytes)), frame.length - checksumBytes);
  return frame;
}

const textType = 7;

function encodeText(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
  const head = Buffer.alloc(nameBytes.length + 4);
  head.writeUInt8(nameBytes.length, 0);
  nameBytes.copy(head, 1);
  head.writeUInt8(textType, nameBytes.length + 1);
  head.writeUInt16BE(valueBytes.length, nameBytes.length + 2);
  return Buffer.concat([head, valueBytes]);
}

/** Cuts a byte stream into frames, however it is chunked. Holds at most one unfinished frame. */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Length of the frame under way; undefined until its prelude is whole. */
  #frameBytes: number | undefined;

  /** @param maxFrameBytes a longer frame breaks the stream as soon as it is announced */
  constructor(maxFrameBytes = Number.POSITIVE_INFINITY) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of a frame that is not whole yet. */
  get held(): number {
    return this.#bytes;
  }

  /** The frames that are whole now. Throws `BrokenStream`. */
  push(chunk: Buffer): Frame[] {
    if (chunk.length > 0) this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: Frame[] = [];
    for (;;) {
      if (this.#frameBytes === undefined) {
        if (this.#bytes < preludeBytes) return frames;
        this.#frameBytes = frameLength(this.#joined());
        if (this.#frameBytes > this.#maxFrameBytes)
          throw new BrokenStream(`a frame of ${this.#frameBytes} bytes is longer than ${this.#maxFrameBytes}`);
      }
      if (this.#bytes < this.#frameBytes) return frames;
      const all = this.#joined();
      frames.push(decodeFrame(all.subarray(0, this.#frameBytes)));
      const rest = all.subarray(this.#frameBytes);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#bytes = rest.length;
      this.#frameBytes = undefined;
    }
  }

  /** The stream ended. Throws `BrokenStream` when that was within a frame. */
  end(): void {
    if (this.#bytes > 0) throw new BrokenStream(`the stream ended ${this.#bytes} bytes into a frame`);
  }

  #joined(): Buffer {
    const [first, ...more] = this.#chunks;
    if (first !== undefined && more.length === 0) return first;
    const joined = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [joined];
    return joined;
  }
}

/** Checks a prelude and says how long its frame is. */
function frameLength(prelude: Buffer): number {
  const total = prelude.readUInt32BE(0);
  const headerBytes = prelude.readUInt32BE(4);
  if (crc32(prelude.subarray(0, 8)) !== prelude.readUInt32BE(8))
    throw new BrokenStream('a prelude’s checksum is wrong');
  const payloadBytes = total - headerBytes - preludeBytes - checksumBytes;
  if (payloadBytes < 0 || headerBytes > maxHeaderBytes || payloadBytes > maxPayloadBytes)
    throw new BrokenStream(`a frame of ${total} bytes with ${headerBytes} of headers cannot be`);
  return total;
}

function decodeFrame(bytes: Buffer): Frame {
  const payloadEnd = bytes.length - checksumBytes;
  if (crc32(bytes.subarray(0, payloadEnd)) !== bytes.readUInt32BE(payloadEnd))
    throw new BrokenStream('a frame’s checksum is wrong');
  const headersEnd = preludeBytes + bytes.readUInt32BE(4);
  return {
    headers: decodeHeaders(bytes.subarray(preludeBytes, headersEnd)),
    payload: bytes.subarray(headersEnd, payloadEnd),
    bytes,
  };
}

function decodeHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  try {
    for (let at = 0; at < bytes.length; ) {
      const nameEnd = at + 1 + bytes.readUInt8(at);
      const name = bytes.toString('utf8', at + 1, nameEnd);
      const { value, end } = decodeValue(bytes, bytes.readUInt8(nameEnd), nameEnd + 1);
      if (end > bytes.length) throw new RangeError('past the end');
      headers[name] = value;
      at = end;
    }
  } catch (error) {
    if (error instanceof RangeError) throw new BrokenStream('a header reaches past the end of its frame');
    throw error;
  }
  return headers;
}

/** Types 0 to 9: true, false, int8, int16, int32, int64, bytes, text, time in ms, UUID. */
function decodeValue(bytes: Buffer, type: number, at: number): { value: string; end: number } {
  switch (type) {
    case 0:
      return { value: 'true', end: at };
    case 1:
      return { value: 'false', end: at };
    case 2:
      return { value: String(bytes.readInt8(at)), end: at + 1 };
    case 3:
      return { value: String(bytes.readInt16BE(at)), end: at + 2 };
    case 4:
      return { value: String(bytes.readInt32BE(at)), end: at + 4 };
    case 5:
      return { value: String(bytes.readBigInt64BE(at)), end: at + 8 };
    case 6:
    case 7: {
      const end = at + 2 + bytes.readUInt16BE(at);
      return { value: bytes.toString(type === 6 ? 'hex' : 'utf8', at + 2, end), end };
    }
    case 8:
      return { value: String(bytes.readBigInt64BE(at)), end: at + 8 };
    case 9:
      return { value: bytes.toString('hex', at, at + 16), end: at + 16 };
    default:
      throw new BrokenStream(`a header has the unknown type ${type}`);
  }
}
