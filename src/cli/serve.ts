import { type App, createApp } from '../app.ts';
import { findingText, type Severity } from '../config/findings.ts';
import { loadConfig } from '../config/load.ts';
import { watchConfig } from '../config/reload.ts';
import { systemClock } from '../core/clock.ts';
import { systemRandom } from '../core/random.ts';
import { createLogger } from '../telemetry/logger.ts';
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
  const { resolved } = loaded;
  const log = createLogger(resolved.config.log, systemClock);
  const { auth } = resolved.config;
  if (auth === 'none' || auth.anonymous) {
    log.logger.warn('callers may be anonymous: everyone who reaches the data port may call every model');
  }
  if (resolved.config.redis !== undefined && resolved.config.cacheStore.keySecret === undefined) {
    log.logger.warn('cached answers are not shared through Redis: cacheStore.keySecret is missing');
  }
  let app: App | undefined;
  try {
    app = await createApp({ resolved, clock: systemClock, random: systemRandom, log });
    const urls = await app.listen();
    log.logger.info({ ...urls, models: [...resolved.models.keys()], hash: resolved.hash }, 'listening');
    const running = app;
    const watch = watchConfig({
      path,
      clock: systemClock,
      env: io.env,
      inForce: () => running.parts.config(),
      onReload: async (next, findings) => {
        await running.reload(next);
        for (const finding of findings) if (finding.severity === 'warning') log.logger.warn(findingText(finding));
      },
      onRefused: reasons => running.refuse(reasons),
    });
    io.onReload(() => void watch.reload());
    return {
      app,
      urls,
      stop: async () => {
        watch.stop();
        await running.shutdown();
        log.close();
      },
    };
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n`);
    await app?.shutdown();
    log.close();
    return undefined;
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
