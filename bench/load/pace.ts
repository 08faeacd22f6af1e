import { parentPort, workerData } from 'node:worker_threads';

// Says when each request is due. A thread that sleeps in `Atomics.wait` wakes within some 60 µs; the event loop's own
// timers count whole milliseconds, and spinning would take the core from the upstream beside it.
const { startNs, dueMs }: { startNs: bigint; dueMs: readonly number[] } = workerData;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

for (const [index, ms] of dueMs.entries()) {
  const waitMs = ms - Number(process.hrtime.bigint() - startNs) / 1e6;
  if (waitMs > 0) Atomics.wait(sleeper, 0, 0, waitMs);
  parentPort?.postMessage(index);
}
