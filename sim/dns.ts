import { createSocket } from 'node:dgram';
import { buildAnswer, parseQuestion, type Question, recordTypes, responseCodes } from './dns-packet.ts';
import type { FaultBoard } from './faults.ts';

/** A resolver whose answers the dns faults spoil: point `Resolver.setServers` of node:dns at it. */
export interface DnsServer {
  readonly port: number;
  stop(): Promise<void>;
}

export interface DnsOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly regions: readonly string[];
  readonly faults: FaultBoard;
}

/** What every name below `<region>.sim.test` resolves to. */
const address = '127.0.0.1';
const ttlSeconds = 5;

/**
 * Answers `<service>.<region>.sim.test` and `runtime.sagemaker.<region>.sim.test` with A records, and NXDOMAIN for
 * every other name. Rejects, naming the port, when it is taken.
 */
export async function startDns({ host, port, regions, faults }: DnsOptions): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const reply = (question: Question): Buffer | undefined => {
    const region = regionOf(question.name, regions);
    if (region === undefined) return buildAnswer(question, responseCodes.NXDOMAIN, [], ttlSeconds);
    if (faults.hit(region, 'dns-hang')) return undefined;
    const failure = faults.hit(region, 'dns-fail');
    if (failure !== undefined) {
      const code = failure.errorType === 'NODATA' ? responseCodes.NOERROR : responseCodes.NXDOMAIN;
      return buildAnswer(question, code, [], ttlSeconds);
    }
    return buildAnswer(question, responseCodes.NOERROR, question.type === recordTypes.A ? [address] : [], ttlSeconds);
  };
  socket.on('message', (packet, client) => {
    const question = parseQuestion(packet);
    const answer = question === undefined ? undefined : reply(question);
    if (answer !== undefined) socket.send(answer, client.port, client.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', error =>
      reject(new Error(`DNS port ${port} on ${host} cannot be used: ${error.message}`, { cause: error })),
    );
    socket.bind(port, host, () => resolve());
  });
  socket.on('error', () => {}); // a client that went away
  return { port: socket.address().port, stop: () => new Promise(resolve => socket.close(() => resolve())) };
}

function regionOf(name: string, regions: readonly string[]): string | undefined {
  return regions.find(region => name.endsWith(`.${region}.sim.test`));
}
