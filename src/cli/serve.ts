import { type App, createApp } from '../app.ts';
import { findingText, type Severity } from '../config/findings.ts';
import { loadConfig } from '../config/load.ts';
import { watchConfig } from '../config/reload.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../core/clock.ts';
import { systemRandom } from '../core/random.ts';
import { createLogger, type LogSink } from '../telemetry/logger.ts';
import { type Command, type Io, parse, UsageError } from './options.ts';

/** `meridian serve`. */
export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the gateway',
  usage: `Usage: meridian serve --config FILE

  --config FILE   a config file or directory (default $MERIDIAN_CONFIG)

The config is read again on SIGHUP and when it changes; SIGTERM drains and ends.`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { config: { type: 'string' }, help: { type: 'boolean' } });
    const path = values.config ?? io.env['MERIDIAN_CONFIG'];
    if (positionals.length > 0) throw new UsageError(`serve takes no ${positionals[0]}.`);
    if (path === undefined) throw new UsageError('Name a config: --config config/gateway.yaml.');
    const gateway = await startGateway(path, io);
    if (gateway === undefined) return 1;
    await stopped(io.stop);
    await gateway.stop();
    return 0;
  },
};

/** A gateway that listens. */
export interface RunningGateway {
  readonly app: App;
  readonly urls: { readonly data: string; readonly admin: string };
  stop(): Promise<void>;
}

/** Loads, starts and watches; undefined, with the reasons printed, when the config or a port will not do. */
export async function startGateway(
  path: string,
  io: Io,
  shown: readonly Severity[] = ['error', 'warning'],
): Promise<RunningGateway | undefined> {
  const loaded = loadConfig(path, io.env);
  for (const finding of loaded.findings) if (shown.includes(finding.severity)) io.err(`${findingText(finding)}\n`);
  if (!loaded.ok) {
    io.err(`${path} cannot be used: meridian check ${path} tells more.\n`);
    return undefined;
  }
  const log = createLogger(loaded.resolved.config.log, systemClock);
  warnOfOpenDoors(loaded.resolved.config, log);
  let app: App | undefined;
  try {
    app = await createApp({ resolved: loaded.resolved, clock: systemClock, random: systemRandom, log });
    return await listening(app, path, io, log);
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n`);
    await app?.shutdown();
    log.close();
    return undefined;
  }
}

function warnOfOpenDoors({ auth, redis, cacheStore }: Config, { logger }: LogSink): void {
  if (auth === 'none' || auth.anonymous)
    logger.warn('callers may be anonymous: everyone who reaches the data port may call every model');
  if (redis !== undefined && cacheStore.keySecret === undefined)
    logger.warn('cached answers are not shared through Redis: cacheStore.keySecret is missing');
}

/** Listens, and watches the config from then on. */
async function listening(app: App, path: string, io: Io, log: LogSink): Promise<RunningGateway> {
  const urls = await app.listen();
  const { models, hash } = app.parts.config();
  log.logger.info({ ...urls, models: [...models.keys()], hash }, 'listening');
  const watch = watchConfig({
    path,
    clock: systemClock,
    env: io.env,
    inForce: () => app.parts.config(),
    onReload: async (next, findings) => {
      await app.reload(next);
      for (const finding of findings) if (finding.severity === 'warning') log.logger.warn(findingText(finding));
    },
    onRefused: reasons => app.refuse(reasons),
  });
  io.onReload(() => void watch.reload());
  return {
    app,
    urls,
    stop: async () => {
      watch.stop();
      await app.shutdown();
      log.close();
    },
  };
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
