/**
 * Run by `npm test` before the tests: some of them start a real Redis, Prometheus or Alertmanager. Where a program is
 * missing, installs Debian's package if it can (root, or sudo without a password); otherwise says what to install and
 * fails.
 */
import { spawnSync } from 'node:child_process';

/** Programs the tests start, by the Debian package that brings them. */
const programs: Readonly<Record<string, readonly string[]>> = {
  'redis-server': ['redis-server'],
  prometheus: ['prometheus', 'promtool'],
  'prometheus-alertmanager': ['prometheus-alertmanager', 'amtool'],
};

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Packages of which a program is not there. */
const missing = () =>
  Object.entries(programs).flatMap(([name, commands]) =>
    commands.every(command => succeeds(command, ['--version'])) ? [] : [name],
  );

/** The words to put before a command to run it as root, or undefined when this process cannot. */
function asRoot(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

/** Installs Debian's packages without starting their services; the tests start their own. */
function install(prefix: readonly string[], packages: readonly string[]): void {
  const settings = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
  for (const args of [
    ['apt-get', 'update'],
    ['apt-get', 'install', '-y', '--no-install-recommends', ...packages],
  ]) {
    const [command = 'env', ...rest] = [...prefix, ...settings, ...args];
    console.log(`${packages.join(', ')} missing, running: ${args.join(' ')}`);
    spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

const wanted = missing();
if (wanted.length > 0) {
  const prefix = asRoot();
  if (prefix !== undefined && succeeds('apt-get', ['--version'])) install(prefix, wanted);
  const still = missing();
  if (still.length > 0) {
    console.error(`The tests start real servers, and these were not found on PATH: ${still.join(', ')}. Install them, then
run npm test again:
  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y ${still.join(' ')}
  Fedora:          sudo dnf install -y redis golang-github-prometheus golang-github-prometheus-alertmanager
  macOS:           brew install redis prometheus alertmanager (and link alertmanager as prometheus-alertmanager)`);
    process.exit(1);
  }
}
