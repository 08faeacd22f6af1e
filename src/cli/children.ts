import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../core/clock.ts';
import type { Io } from './options.ts';

/** A file of the project, by its path from the root. */
export function projectFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Starts the AWS stand-in as a process of its own; undefined, with the reason printed, when it cannot start. */
export function startSimulator(io: Io): Promise<ChildProcess | undefined> {
  const child = fork(projectFile('sim/main.ts'), [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: io.env });
  let said = '';
  let hear = (text: string) => {
    said += text;
  };
  child.stderr?.on('data', chunk => hear(String(chunk)));
  return new Promise(resolve => {
    const failed = (code: number | null) => {
      if (io.stop.aborted) {
        io.out('Stopped before it began.\n');
        return resolve(undefined);
      }
      const words = said.replace(/ \(--help lists the options\)/, '');
      const mend = /in use|EADDRINUSE/.test(words)
        ? 'Is another demo running? Stop it, or what else holds the port.\n'
        : '';
      io.err(words === '' ? `The simulator ended at once (exit code ${code}).\n` : `${words}${mend}`);
      resolve(undefined);
    };
    child.once('exit', failed);
    child.stdout?.once('data', () => {
      child.off('exit', failed);
      hear = io.err;
      resolve(child);
    });
  });
}

/** Resolves when asked to stop, or with the reason when a child ended by itself. */
export function stoppedOrBroken(stop: AbortSignal, children: readonly ChildProcess[]): Promise<string | undefined> {
  return new Promise(resolve => {
    if (stop.aborted) resolve(undefined);
    stop.addEventListener('abort', () => resolve(undefined), { once: true });
    for (const child of children) {
      child.once('exit', code => {
        if (!stop.aborted)
          resolve(`A part of the demo ended by itself (${child.spawnargs[1] ?? 'child'}, exit code ${code}).`);
      });
    }
  });
}

const patienceMs = 1_500;

/** Asks the children to end, and makes them after a while. */
export function end(children: readonly ChildProcess[]): Promise<unknown> {
  return Promise.all(
    children.map(child => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      const gone = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGTERM');
      const cancel = systemClock.after(patienceMs, () => child.kill('SIGKILL'));
      return gone.finally(cancel);
    }),
  );
}
