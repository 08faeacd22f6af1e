import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../core/clock.ts';
import type { GatewayEvent } from '../core/events.ts';
import { end, projectFile, startSimulator } from './children.ts';
import { narrator } from './narrate.ts';
import type { Io } from './options.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import type { SeasonReport } from './season-report.ts';
import { type RunningGateway, startGateway } from './serve.ts';

/** What a scenario does things with. */
export interface Stage {
  readonly gateway: RunningGateway;
  /** The simulator's control listener. */
  readonly simulatorUrl: string;
  /** Tells one link of the chain, with the time since the start. */
  tell(line: string): void;
  /** Turns the season of the traffic. */
  turn(season: 'winter' | 'summer'): void;
  /** The traffic's latest report. */
  report(): SeasonReport | undefined;
  /** Resolves once an event fits, from now on; undefined when the scenario's time is over. */
  until(fits: (event: GatewayEvent) => boolean): Promise<GatewayEvent | undefined>;
  /** Resolves after so long, or when the scenario's time is over. */
  wait(ms: number): Promise<void>;
  /** Resolves once it holds; false when the scenario's time is over. */
  holds(condition: () => boolean): Promise<boolean>;
}

/** A scenario ends by itself within this. */
const longestMs = 300_000;
const lookEveryMs = 200;

/** How one run goes. */
export interface ScenarioOptions {
  readonly config: string | undefined;
  readonly rate: string | undefined;
}

/**
 * Runs a scenario from start to end, on the demo's ports. Resolves to 0 when its outcome came, to 1 when it did not; the
 * last line names the outcome.
 */
export async function runScenario(
  name: keyof typeof scenarios,
  { config, rate }: ScenarioOptions,
  io: Io,
): Promise<number> {
  const scenario: Scenario = scenarios[name];
  const directory = mkdtempSync(join(tmpdir(), `meridian-${name}-`));
  const own: Io = { ...io, env: { ...io.env, MERIDIAN_SCENARIO_DIR: directory } };
  const simulator = await startSimulator(own);
  const children: ChildProcess[] = simulator === undefined ? [] : [simulator];
  let gateway: RunningGateway | undefined;
  try {
    if (simulator === undefined) return 1;
    gateway = await startGateway(config ?? projectFile(`config/scenarios/${name}.yaml`), own, ['error']);
    if (gateway === undefined) return 1;
    const traffic = startSeason(gateway, rate ?? scenario.rate, own);
    children.push(traffic);
    const outcome = await play(scenario, gateway, traffic, io);
    io.out(`${outcome ?? `not ${scenario.outcome}`}\n`);
    return outcome === scenario.outcome ? 0 : 1;
  } finally {
    await Promise.all([end(children), gateway?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The scenario's own outcome, or undefined when it did not come. */
async function play(
  scenario: Scenario,
  gateway: RunningGateway,
  traffic: ChildProcess,
  io: Io,
): Promise<string | undefined> {
  const over = new AbortController();
  const stop = () => over.abort();
  io.stop.addEventListener('abort', stop, { once: true });
  const cancel = systemClock.after(longestMs, stop);
  const startedAt = systemClock.now();
  const tell = (line: string) => {
    const seconds = ((systemClock.now() - startedAt) / 1000).toFixed(1).padStart(6);
    io.out(`${seconds} s  ${line}\n`);
  };
  const story = narrator();
  const waiting = new Set<(event: GatewayEvent) => void>();
  gateway.app.join(event => {
    if (over.signal.aborted) return; // the outcome is the last line
    const line = story.line(event);
    if (line !== undefined) tell(line);
    for (const hear of waiting) hear(event);
  });
  let report: SeasonReport | undefined;
  traffic.on('message', message => {
    report = message as SeasonReport;
  });
  traffic.once('exit', () => {
    if (!over.signal.aborted) tell('the traffic ended by itself');
    stop();
  });
  const stage: Stage = {
    gateway,
    simulatorUrl: `http://127.0.0.1:${io.env['SIM_CONTROL_PORT'] ?? '9100'}`,
    tell,
    turn: season => void traffic.send({ season }),
    report: () => report,
    until: fits =>
      new Promise(resolve => {
        const settle = (event: GatewayEvent | undefined) => {
          waiting.delete(hear);
          resolve(event);
        };
        const hear = (event: GatewayEvent) => {
          if (fits(event)) settle(event);
        };
        if (over.signal.aborted) return resolve(undefined);
        waiting.add(hear);
        over.signal.addEventListener('abort', () => settle(undefined), { once: true });
      }),
    wait: ms => sleep(systemClock, ms, over.signal),
    holds: async condition => {
      while (!over.signal.aborted) {
        if (condition()) return true;
        await sleep(systemClock, lookEveryMs, over.signal);
      }
      return false;
    },
  };
  try {
    io.out(`${scenario.about}\n\n`);
    return await scenario.play(stage);
  } finally {
    cancel();
    over.abort();
    io.stop.removeEventListener('abort', stop);
  }
}

function startSeason({ urls }: RunningGateway, rate: string, { env }: Io): ChildProcess {
  const args = ['--url', urls.data, '--rate', rate];
  return fork(projectFile('sim/season-traffic.ts'), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env });
}
