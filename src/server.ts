#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Stripped and compiled sources are kept for the next start, which then takes half the time and 20 MB less. Where the
// folder cannot be written nothing is kept. What is imported before this line would not be, hence `import()` below.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/meridian'));
// Where the system resolves names, each that hangs holds a thread of libuv's pool: four are soon gone. Read at first use.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
const { main } = await import('./cli/meridian.ts');
const { keepAlive } = await import('./core/clock.ts');

// The process: arguments, environment, signals and exit code. Nothing else reads process.env.
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(1); // asked twice: no more patience
    stopping.abort();
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
});
letGo();
// Everything was closed above. Leaving by ourselves, because tearing down the loop can spin in Node 24.
process.exit(exitCode);
