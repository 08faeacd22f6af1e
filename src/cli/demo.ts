import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../core/clock.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';
import { type RunningGateway, startGateway } from './serve.ts';
import { type RegionReport, statusLine, type TrafficReport } from './status-line.ts';

const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** `meridian demo`. */
export const demo: Command = {
  name: 'demo',
  summary: 'four simulated regions, the gateway and real requests, on this machine',
  usage: `Usage: meridian demo [--rate N] [--quiet]

  --config FILE   default config/demo.yaml
  --rate N        requests a second of the built-in traffic (default 20; 0 for none)
  --quiet         no status line

Nothing leaves this machine: no AWS account, no Redis, no Docker.`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, {
      config: { type: 'string', default: here('config/demo.yaml') },
      rate: { type: 'string', default: '20' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    });
    if (positionals.length > 0) throw new UsageError(`demo takes no ${positionals[0]}.`);
    const rate = Number(values.rate);
    if (!(rate >= 0 && rate <= 1_000) || values.rate.trim() === '')
      throw new UsageError(`--rate is a number of requests a second, 0 to 1000, not ${values.rate}.`);
    const simulator = await startSimulator(io);
    if (simulator === undefined) return 1;
    const gateway = await startGateway(values.config, io, ['error']);
    if (gateway === undefined) {
      await end([simulator]);
      return 1;
    }
    introduce(gateway, io);
    const children = [simulator];
    if (rate > 0) children.push(startTraffic(gateway, values.rate, values.quiet, io));
    const broken = await stoppedOrBroken(io.stop, children);
    await Promise.all([end(children), gateway.stop()]);
    if (broken !== undefined) io.err(`\n${broken}\n`);
    else io.out('\nStopped.\n');
    return broken === undefined ? 0 : 1;
  },
};

/** Starts the AWS stand-in as a process of its own; undefined, with the reason printed, when it cannot start. */
function startSimulator(io: Io): Promise<ChildProcess | undefined> {
  const child = fork(here('sim/main.ts'), [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: io.env });
  let said = '';
  let hear = (text: string) => {
    said += text;
  };
  child.stderr?.on('data', chunk => hear(String(chunk)));
  return new Promise(resolve => {
    const failed = (code: number | null) => {
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

function startTraffic(gateway: RunningGateway, rate: string, quiet: boolean, io: Io): ChildProcess {
  const args = ['--url', gateway.urls.data, '--rate', rate];
  const child = fork(here('sim/traffic.ts'), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: io.env });
  child.on('message', message => {
    if (quiet) return;
    const line = statusLine(message as TrafficReport, regionReports(gateway));
    const columns = io.columns();
    io.out(columns === undefined ? `${line}\n` : `\r\u001b[2K${line.slice(0, columns - 1)}`);
  });
  return child;
}

function regionReports({ app }: RunningGateway): ReadonlyMap<string, RegionReport> {
  const { health } = app.parts;
  const usable = new Set(
    health
      .describeAll()
      .flatMap(({ target, health: { availability } }) => (availability.usable ? [target.region] : [])),
  );
  const report = (region: string, state: RegionReport) =>
    state === 'serving' && !usable.has(region) ? 'ejected' : state;
  return new Map([...health.regions()].map(([region, state]) => [region, report(region, state)]));
}

function introduce({ urls }: RunningGateway, io: Io): void {
  io.out(`Meridian demo: four simulated AWS regions behind one URL.

  Gateway    ${urls.data}
  Admin      ${urls.admin}   (/metrics, /admin/targets, /admin/regions, /admin/explain?model=rain)
  Simulator  http://127.0.0.1:9100   (POST /faults breaks a region)

Ask for a prediction:

  curl -i ${urls.data}/v1/models/rain/invocations \\
    -H 'content-type: application/json' \\
    -d '{"instances":[{"date":"2014-11-03","precipitation":4.1,"temp_max":11.7,"temp_min":7.2,"wind":3.9}]}'

Break the nearest region and watch:

  curl -X POST http://127.0.0.1:9100/faults -d '{"region":"us-west-2","kind":"black-hole","durationMs":30000}'

Ctrl-C stops everything.

`);
}

/** Resolves when asked to stop, or with the reason when a child ended by itself. */
function stoppedOrBroken(stop: AbortSignal, children: readonly ChildProcess[]): Promise<string | undefined> {
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
function end(children: readonly ChildProcess[]): Promise<unknown> {
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
