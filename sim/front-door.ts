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

export function createFrontDoor(options: FrontDoorOptions): FrontDoor {
  return new Door(options);
}

class Door implements FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;
  #accepted = 0;
  #turnedAway = 0;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const { name, host } = this.#options;
    const opening = createServer({ noDelay: true }, socket => this.#admit(socket));
    this.#server = opening;
    try {
      this.#port = await listen(opening, host, this.#port);
    } catch (error) {
      this.#server = undefined;
      throw isTaken(error)
        ? new Error(`port ${this.#port} on ${host} (${name}) is already in use`, { cause: error })
        : error;
    }
  }

  shut(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  counts(): ConnectionCounts {
    return { open: this.#sockets.size, accepted: this.#accepted, turnedAway: this.#turnedAway };
  }

  #admit(socket: Socket): void {
    socket.on('error', () => {}); // a client that leaves is no event here
    if (this.#options.turnAway?.() === true) {
      this.#turnedAway += 1;
      socket.resetAndDestroy();
      return;
    }
    this.#accepted += 1;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#options.onConnection(socket);
  }
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
