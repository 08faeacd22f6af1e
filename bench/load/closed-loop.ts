import { Connection } from './connection.ts';

/** A server and the bytes to send it. */
export interface Aim {
  readonly port: number;
  readonly request: Buffer;
  /** What every right answer holds. Default: the prediction. */
  readonly expected?: string;
}

export interface Saturation {
  readonly answered: number;
  readonly seconds: number;
  /** What came instead of the right answer; the connection it came on was not used again. */
  readonly wrong: readonly string[];
}

/** Keeps `connections` requests in flight for `seconds`, or until `most` were sent, and waits for the last answers. */
export async function saturate(
  aim: Aim,
  seconds: number,
  { connections = 32, most = Number.POSITIVE_INFINITY } = {},
): Promise<Saturation> {
  const pool = await Connection.openMany(aim.port, connections, aim.expected);
  const start = performance.now();
  const end = start + seconds * 1_000;
  const wrong: string[] = [];
  let sent = 0;
  const run = (connection: Connection) =>
    new Promise<void>(resolve => {
      const next = () => {
        if (sent >= most || performance.now() >= end) return resolve();
        sent += 1;
        connection.send(aim.request, instead => {
          if (instead === undefined) return next();
          wrong.push(instead);
          resolve();
        });
      };
      next();
    });
  await Promise.all(pool.map(run));
  for (const connection of pool) connection.close();
  return { answered: sent - wrong.length, seconds: (performance.now() - start) / 1_000, wrong };
}
