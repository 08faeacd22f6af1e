import { type ChildProcess, fork } from 'node:child_process';
import { end, projectFile, startSimulator, stoppedOrBroken } from './children.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';
import { runScenario } from './scenario.ts';
import { isScenario, scenarios } from './scenarios.ts';
import { type RunningGateway, startGateway } from './serve.ts';
import { type RegionReport, statusLine, type TrafficReport } from './status-line.ts';

/** `meridian demo`. */
export const demo: Command = {
  name: 'demo',
  summary: 'four simulated regions, the gateway and real requests, on this machine',
  usage: `Usage: meridian demo [--rate N] [--quiet]
       meridian demo --scenario outage|drift|bad-canary

  --config FILE    default config/demo.yaml
  --rate N         requests a second of the built-in traffic (default 20; 0 for none)
  --quiet          no status line
  --scenario NAME  a story that ends by itself: outage (20 October 2025 in a minute), drift (the season turns, the model
                   is mended), or bad-canary (a wrong version is tried and taken back); its last line is its outcome

Nothing leaves this machine: no AWS account, no Redis, no Docker.`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, {
      config: { type: 'string' },
      rate: { type: 'string' },
      scenario: { type: 'string' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    });
    if (positionals.length > 0) throw new UsageError(`demo takes no ${positionals[0]}.`);
    const { config = projectFile('config/demo.yaml'), rate: asked = '20', scenario } = values;
    const rate = Number(asked);
    if (!(rate >= 0 && rate <= 1_000) || asked.trim() === '')
      throw new UsageError(`--rate is a number of requests a second, 0 to 1000, not ${asked}.`);
    if (scenario !== undefined) {
      if (!isScenario(scenario))
        throw new UsageError(`No scenario is called ${scenario}: there are ${Object.keys(scenarios).join(', ')}.`);
      return runScenario(scenario, { config: values.config, rate: values.rate }, io);
    }
    const simulator = await startSimulator(io);
    if (simulator === undefined) return 1;
    const gateway = await startGateway(config, io, ['error']);
    if (gateway === undefined) {
      await end([simulator]);
      return 1;
    }
    introduce(gateway, io);
    const children = [simulator];
    if (rate > 0) children.push(startTraffic(gateway, asked, values.quiet, io));
    const broken = await stoppedOrBroken(io.stop, children);
    await Promise.all([end(children), gateway.stop()]);
    if (broken !== undefined) io.err(`\n${broken}\n`);
    else io.out('\nStopped.\n');
    return broken === undefined ? 0 : 1;
  },
};

function startTraffic(gateway: RunningGateway, rate: string, quiet: boolean, io: Io): ChildProcess {
  const args = ['--url', gateway.urls.data, '--rate', rate];
  const child = fork(projectFile('sim/traffic.ts'), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: io.env,
  });
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

Try a better version on a share of the calls, in another terminal:

  npm run -s meridian -- canary start rain v2
  npm run -s meridian -- canary status rain --watch

Ctrl-C stops everything.

`);
}
