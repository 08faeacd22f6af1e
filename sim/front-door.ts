import { createServer, type Server, type Socket } from 'node:net';

export interface ConnectionCounts {
  readonly open: number;
  readonly accepted: number;
  /** Reset at accept by a `new-connections` fault. */
  readonly turnedAway: number;
}

/** The TCP side of a region: a port that can be closed and opened again while the region lives on. */
export interface FrontDoor {
  /** The port, fixed from the first opening on. */
  readonly port: number;
  /** Listens. Rejects, naming the port, when it is taken. */
  open(): Promise<void>;
  /** Stops listening, so that connecting is refused by the kernel, and resets every connection. */
  shut(): void;
  counts(): ConnectionCounts;
}

export interface FrontDoorOptions {
  /** Whose door it is, for error messages. */
  readonly name: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Asked for each new connection: reset it at once? */
  readonly turnAway?: () => boolean;
  readonly onConnection: (socket: Socket) => void;
}

export function createFrontDoor({
  name,
  host,
  port,
  turnAway = () => false,
  onConnection,
}: FrontDoorOptions): FrontDoor {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let boundPort = port;
  let accepted = 0;
  let turnedAway = 0;

  const admit = (socket: Socket) => {
    socket.on('error', () => {}); // a client that leaves is no event here
    if (turnAway()) {
      turnedAway++;
      socket.resetAndDestroy();
      return;
    }
    accepted++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  };

  return {
    get port() {
      return boundPort;
    },
    open: async () => {
      if (server !== undefined) return;
      const opening = createServer({ noDelay: true }, admit);
      server = opening;
      try {
        boundPort = await listen(opening, host, boundPort);
      } catch (error) {
        server = undefined;
        throw isTaken(error)
          ? new Error(`port ${boundPort} on ${host} (${name}) is already in use`, { cause: error })
          : error;
      }
    },
    shut: () => {
      server?.close();
      server = undefined;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    counts: () => ({ open: sockets.size, accepted, turnedAway }),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
