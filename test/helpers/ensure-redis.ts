/**
 * Run by `npm test` before the tests: some of them start a real `redis-server`. Where the binary is missing, installs
 * Debian's package if it can (root, or sudo without a password); otherwise says what to install and fails.
 */
import { spawnSync } from 'node:child_process';

const HINT = `The tests start a real redis-server, and none was found on PATH. Install it, then run npm test again:
  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y redis-server
  Fedora:          sudo dnf install -y redis
  macOS:           brew install redis`;

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

const hasRedis = () => succeeds('redis-server', ['--version']);

/** The words to put before a command to run it as root, or undefined when this process cannot. */
function asRoot(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

/** Installs Debian's redis-server without starting its service; the tests start their own. */
function install(prefix: readonly string[]): void {
  const settings = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  for (const args of [
    ['apt-get', 'update'],
    ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'],
  ]) {
    const [command = 'env', ...rest] = [...prefix, ...settings, ...args];
    console.log(`redis-server is missing, running: ${args.join(' ')}`);
    spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

if (!hasRedis()) {
  const prefix = asRoot();
  if (prefix !== undefined && succeeds('apt-get', ['--version'])) install(prefix);
  if (!hasRedis()) {
    console.error(HINT);
    process.exit(1);
  }
}
