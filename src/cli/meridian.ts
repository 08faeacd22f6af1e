import { gatewayVersion } from '../compose/version.ts';
import { AdminCallFailed } from './admin-client.ts';
import { baseline } from './baseline.ts';
import { canary } from './canary.ts';
import { check } from './check.ts';
import { data } from './data.ts';
import { demo } from './demo.ts';
import { episodes } from './episodes.ts';
import { explain } from './explain.ts';
import { keys } from './keys.ts';
import { drain, purge, undrain } from './operate.ts';
import { type Command, type Io, UsageError } from './options.ts';
import { serveCommand } from './serve.ts';
import { versions } from './versions.ts';

const commands: readonly Command[] = [
  serveCommand,
  demo,
  check,
  explain,
  canary,
  drain,
  undrain,
  purge,
  keys,
  baseline,
  data,
  episodes,
  versions,
];

const overview = `Usage: meridian COMMAND [options]

${commands.map(command => `  ${command.name.padEnd(9)} ${command.summary}`).join('\n')}

meridian COMMAND --help tells more of each, meridian --version which this is.
`;

/** Runs one command line; resolves to the exit code. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.out(overview);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    io.out(`${gatewayVersion}\n`);
    return 0;
  }
  const command = commands.find(candidate => candidate.name === name);
  if (command === undefined) {
    io.err(`meridian knows no command ${name}.\n\n${overview}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(`${command.usage}\n`);
    return 0;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`${error.message}\n\n${command.usage}\n`);
      return 2;
    }
    if (error instanceof AdminCallFailed) {
      io.err(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}
