import { parseArgs } from 'node:util';
import { containers } from './models/containers.ts';
import { defaultPorts, type Ports, type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
import { putYears } from './years.ts';

const help = `The AWS stand-in: four regions of SageMaker, Bedrock, STS and S3, a control listener and a resolver.

  node sim/main.ts [options]

  --port REGION=PORT     port of a region; may be repeated   (SIM_PORTS=us-east-1=9101,us-west-2=9102,...)
  --control-port PORT    default 9100                        (SIM_CONTROL_PORT)
  --dns-port PORT        default 9153                        (SIM_DNS_PORT)
  --host ADDRESS         default 127.0.0.1                   (SIM_HOST)
  --seed NUMBER          default 1                           (SIM_SEED)
  --latency-scale NUMBER default 1; 0 answers at once        (SIM_LATENCY_SCALE)
  --help
A port of 0 takes any free one.`;

/** Flags win over the environment, which wins over the defaults. Throws an Error that says what is wrong. */
function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Omit<SimulatorOptions, 'containers'> | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', multiple: true },
      'control-port': { type: 'string' },
      'dns-port': { type: 'string' },
      host: { type: 'string' },
      seed: { type: 'string' },
      'latency-scale': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  const regionPorts = values.port ?? env['SIM_PORTS']?.split(',') ?? [];
  const ports: Ports = {
    control: portNumber(values['control-port'] ?? env['SIM_CONTROL_PORT'], '--control-port', defaultPorts.control),
    dns: portNumber(values['dns-port'] ?? env['SIM_DNS_PORT'], '--dns-port', defaultPorts.dns),
    regions: { ...defaultPorts.regions, ...Object.fromEntries(regionPorts.map(parseRegionPort)) },
  };
  return {
    ports,
    host: values.host ?? env['SIM_HOST'] ?? '127.0.0.1',
    seed: number(values.seed ?? env['SIM_SEED'], '--seed', 1),
    latencyScale: number(values['latency-scale'] ?? env['SIM_LATENCY_SCALE'], '--latency-scale', 1),
  };
}

function parseRegionPort(text: string): [region: string, port: number] {
  const [region = '', port] = text.split('=');
  const regions = Object.keys(defaultPorts.regions);
  if (!regions.includes(region))
    throw new Error(`--port: expected REGION=PORT with REGION one of ${regions.join(', ')}, got '${text}'`);
  return [region, portNumber(port, `--port ${region}`, undefined)];
}

function portNumber(text: string | undefined, name: string, fallback: number | undefined): number {
  const port = number(text, name, fallback);
  if (!Number.isInteger(port) || port > 65_535)
    throw new Error(`${name}: expected a port between 0 and 65535, got '${text}'`);
  return port;
}

function number(text: string | undefined, name: string, fallback: number | undefined): number {
  if (text === undefined && fallback !== undefined) return fallback;
  const value = Number(text);
  if (text === undefined || text.trim() === '' || !(value >= 0) || value === Number.POSITIVE_INFINITY) {
    throw new Error(`${name}: expected a number of at least 0, got '${text ?? ''}'`);
  }
  return value;
}

function announce(simulator: Simulator): void {
  const regions = Object.entries(simulator.urls).map(([region, url]) => `${region} ${url}`);
  console.log(
    `simulator ready: ${regions.join(', ')}, control ${simulator.controlUrl}, dns 127.0.0.1:${simulator.dnsPort}`,
  );
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    console.log(help);
    return;
  }
  const simulator = await startSimulator({ ...options, containers });
  putYears(simulator);
  const end = () => {
    simulator.stop().finally(() => process.exit(0));
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  process.once('disconnect', end); // forked, and the parent is gone
  announce(simulator);
}

main().catch((error: unknown) => {
  console.error(`simulator: ${error instanceof Error ? error.message : String(error)} (--help lists the options)`);
  process.exit(1);
});
