import { main } from './cli/meridian.ts';
import { keepAlive } from './core/clock.ts';

// The process: arguments, environment, signals and exit code. Nothing else but `meridian.mjs` reads process.env.
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(1); // asked twice: no more patience
    stopping.abort();
  });
}

// Nobody reads any more, as after `| head`: no reason to go on showing, nor to fall over. A gateway serves on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (process.argv[2] !== 'serve') stopping.abort();
  });
}

const letGo = keepAlive();
const exitCode = await main(process.argv.slice(2), {
  env: process.env,
  stop: stopping.signal,
  onReload: reload => {
    process.on('SIGHUP', reload);
  },
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  columns: () => (process.stdout.isTTY ? process.stdout.columns : undefined),
  rows: () => (process.stdout.isTTY ? process.stdout.rows : undefined),
});
letGo();
// Everything was closed above. Leaving by ourselves, because tearing down the loop can spin in Node 24.
process.exit(exitCode);
