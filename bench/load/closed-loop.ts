import { Connection } from './connection.ts';

/** A server and the bytes to send it. */
export interface Aim {
  readonly port: number;
  readonly request: Buffer;
}

export interface Saturation {
  readonly answered: number;
  readonly seconds: number;
}

/**
 * Keeps `connections` requests in flight for `seconds`, or until `most` were answered, and waits for the last answers.
 * @throws when anything but the prediction comes back
 */
export async function saturate(
  aim: Aim,
  seconds: number,
  { connections = 32, most = Number.POSITIVE_INFINITY } = {},
): Promise<Saturation> {
  const pool = await Connection.openMany(aim.port, connections);
  const start = performance.now();
  const end = start + seconds * 1_000;
  let sent = 0;
  let answered = 0;
  const run = (connection: Connection) =>
    new Promise<void>((resolve, reject) => {
      const next = () => {
        if (sent >= most || performance.now() >= end) return resolve();
        sent += 1;
        connection.send(aim.request, wrong => {
          if (wrong !== undefined) return reject(new Error(`port ${aim.port} answered: ${wrong}`));
          answered += 1;
          next();
        });
      };
      next();
    });
  try {
    await Promise.all(pool.map(run));
    return { answered, seconds: (performance.now() - start) / 1_000 };
  } finally {
    for (const connection of pool) connection.close();
  }
}
