/** The little of DNS (RFC 1035) that a resolver for a handful of IPv4 names needs. */
export const recordTypes = { A: 1, AAAA: 28 } as const;

export interface Question {
  readonly id: number;
  /** Lower-case, without the final dot. */
  readonly name: string;
  readonly type: number;
  /** The question section as it came, to be repeated in the answer. */
  readonly raw: Buffer;
  readonly recursionDesired: boolean;
}

export const responseCodes = { NOERROR: 0, NXDOMAIN: 3, NOTIMP: 4 } as const;

const headerBytes = 12;

/** Reads the one question of a query; undefined when it is not a query with exactly one. */
export function parseQuestion(packet: Buffer): Question | undefined {
  if (packet.length < headerBytes + 5 || packet.readUInt16BE(4) !== 1) return undefined;
  const flags = packet.readUInt16BE(2);
  if ((flags & 0xf800) !== 0) return undefined; // an answer, or another opcode than QUERY
  const labels: string[] = [];
  let offset = headerBytes;
  for (let length = packet[offset]; length !== undefined && length !== 0; length = packet[offset]) {
    if (length > 63 || offset + 1 + length >= packet.length) return undefined; // compressed or cut short
    labels.push(packet.toString('latin1', offset + 1, offset + 1 + length).toLowerCase());
    offset += 1 + length;
  }
  const end = offset + 5;
  if (end > packet.length) return undefined;
  return {
    id: packet.readUInt16BE(0),
    name: labels.join('.'),
    type: packet.readUInt16BE(offset + 1),
    raw: packet.subarray(headerBytes, end),
    recursionDesired: (flags & 0x0100) !== 0,
  };
}

/** An authoritative answer: the question, and an A record for each address. */
export function buildAnswer(
  question: Question,
  code: number,
  addresses: readonly string[],
  ttlSeconds: number,
): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(0x8480 | (question.recursionDesired ? 0x0100 : 0) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  const records = addresses.map(address => {
    const record = Buffer.alloc(16);
    record.writeUInt16BE(0xc000 | headerBytes, 0); // the name of the question
    record.writeUInt16BE(recordTypes.A, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(ttlSeconds, 6);
    record.writeUInt16BE(4, 10);
    record.set(address.split('.').map(Number), 12);
    return record;
  });
  return Buffer.concat([header, question.raw, ...records]);
}
