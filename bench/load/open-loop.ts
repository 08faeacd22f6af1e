import { Worker } from 'node:worker_threads';
import { arrivals } from '../statistics.ts';
import type { Aim } from './closed-loop.ts';
import { Connection } from './connection.ts';

/** How long answers may still come after the last request, ms. */
const patienceMs = 10_000;
const headStartMs = 100;

/**
 * Sends a Poisson stream whatever the server does, so that a stall is seen by everyone who would have waited in it.
 * @returns time from the moment each request was due to its answer, ms
 * @throws when anything but the prediction comes back, or too late
 */
export async function latencies(aim: Aim, perSecond: number, seconds: number, seed: number): Promise<number[]> {
  const dueMs = arrivals(perSecond, seconds, seed);
  const idle = await Connection.openMany(aim.port, 32);
  const all = [...idle];
  const startNs = process.hrtime.bigint() + BigInt(headStartMs * 1e6);
  const startMs = performance.now() + headStartMs;
  const pacer = new Worker(new URL('pace.ts', import.meta.url), { workerData: { startNs, dueMs } });
  const waiting: number[] = [];
  const taken: number[] = [];
  let giveUp: NodeJS.Timeout | undefined;

  const answeredAll = new Promise<void>((resolve, reject) => {
    const send = (connection: Connection, due: number) =>
      connection.send(aim.request, wrong => {
        if (wrong !== undefined) return reject(new Error(`port ${aim.port} answered: ${wrong}`));
        taken.push(performance.now() - startMs - due);
        if (taken.length === dueMs.length) return resolve();
        const next = waiting.shift();
        if (next === undefined) idle.push(connection);
        else send(connection, next);
      });
    pacer.on('message', (index: number) => {
      const due = dueMs[index] ?? 0;
      const connection = idle.shift();
      if (connection === undefined) waiting.push(due);
      else send(connection, due);
    });
    pacer.on('error', reject);
    const late = () => reject(new Error(`port ${aim.port} answered ${taken.length} of ${dueMs.length} in time`));
    giveUp = setTimeout(late, headStartMs + (dueMs.at(-1) ?? 0) + patienceMs);
  });
  try {
    await answeredAll;
    return taken;
  } finally {
    clearTimeout(giveUp);
    await pacer.terminate();
    for (const connection of all) connection.close();
  }
}
