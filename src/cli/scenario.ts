import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { end, projectFile, startSimulator } from './children.ts';
import { wrapped } from './fit.ts';
import type { Io } from './options.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { type RunningGateway, startGateway } from './serve.ts';
import { Stage } from './stage.ts';

/** How one run goes: another config, another rate of its traffic. */
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
    const outcome = await play(scenario, gateway, { simulator, traffic }, io);
    const stopped = io.stop.aborted ? 'interrupted: ' : '';
    io.out(`${outcome ?? `${stopped}not ${scenario.outcome}`}\n`);
    return outcome === scenario.outcome ? 0 : 1;
  } finally {
    await Promise.all([end(children), gateway?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  }
}

const usualColumns = 120;

/** How it ended; undefined when it came to no end. */
async function play(
  scenario: Scenario,
  gateway: RunningGateway,
  { simulator, traffic }: Readonly<Record<'simulator' | 'traffic', ChildProcess>>,
  io: Io,
): Promise<string | undefined> {
  const simulatorUrl = `http://127.0.0.1:${io.env['SIM_CONTROL_PORT'] ?? '9100'}`;
  io.out(`${wrapped(scenario.about.replaceAll('\n', ' '), io.columns() ?? usualColumns, 0)}\n\n`);
  const stage = new Stage(gateway, traffic, simulatorUrl, io);
  stage.endsWith(simulator, 'simulator');
  const stop = () => stage.end();
  if (io.stop.aborted) stop();
  io.stop.addEventListener('abort', stop, { once: true });
  try {
    return await scenario.play(stage);
  } catch (error) {
    // Ctrl-C in a terminal reaches the simulator too, and what is asked of it then finds nobody.
    if (!io.stop.aborted) stage.tell(`it cannot go on: ${String(error)}`);
    return undefined;
  } finally {
    io.stop.removeEventListener('abort', stop);
    stage.end();
  }
}

function startSeason({ urls }: RunningGateway, rate: string, { env }: Io): ChildProcess {
  const args = ['--url', urls.data, '--rate', rate];
  return fork(projectFile('sim/season-traffic.ts'), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env });
}
