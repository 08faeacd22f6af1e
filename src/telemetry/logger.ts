import { type DestinationStream, type Logger, pino } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { GatewayEvent, Listener } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { Target } from '../core/target.ts';
import { openLogFile } from './log-file.ts';
import { logRequest, round } from './log-request.ts';
import type { LogOptions } from './options.ts';

export type { Logger } from 'pino';

/** Where log lines go, with a way to write out what is buffered. */
export interface LogSink {
  readonly logger: Logger;
  /** Writes out buffered lines; call before exit. Never throws, and takes a second at most. */
  flush(): void;
  /** The same, and hears no more of the end of the process. */
  close(): void;
  /** Lines lost since the start, because the file or pipe did not take them. */
  readonly dropped: number;
}

/** JSON lines to `stream`, or to the file of the options, or to standard output. */
export function createLogger(options: LogOptions, clock: Clock, stream?: DestinationStream): LogSink {
  const style = { level: options.level, base: null, timestamp: isoTimestamp(clock), messageKey: 'message' };
  if (stream !== undefined) return { logger: pino(style, stream), flush: () => {}, close: () => {}, dropped: 0 };
  const file = openLogFile(options.file, clock);
  const lastWords = () => file.flush();
  process.once('exit', lastWords); // the last words of a process that ends by an exception
  return {
    logger: pino(style, file),
    flush: lastWords,
    close: () => {
      lastWords();
      process.off('exit', lastWords);
    },
    get dropped() {
      return file.dropped;
    },
  };
}

/** pino's ISO time, its seconds formatted once each: most lines share one with the line before. */
function isoTimestamp(clock: Clock): () => string {
  let second = '';
  let until = 0;
  return () => {
    const now = clock.wallMs();
    if (now >= until || now < until - 1_000) {
      second = new Date(now).toISOString().slice(0, 20);
      until = now - (now % 1_000) + 1_000;
    }
    return `,"time":"${second}${String(now % 1_000).padStart(3, '0')}Z"`;
  };
}

/**
 * One completion line per request: who, what, where it went, how long. Nothing of the body, no secret.
 * Sampling only ever drops requests that a first attempt or the cache answered.
 */
export function logEvents(logger: Logger, sampleRate: number, random: Random): Listener {
  return event => {
    switch (event.type) {
      case 'request-finished':
        return logRequest(logger, event, sampleRate, random);
      case 'attempt-finished':
        return logMend(logger, event);
      case 'target-ejected':
        return logger.warn(
          { ...named(event.target), reason: event.reason, forMs: Math.round(event.forMs), detail: event.detail },
          'target ejected',
        );
      case 'breaker-changed':
        return logger.info({ ...named(event.target), from: event.from, to: event.to }, 'breaker changed');
      case 'region-changed':
        return logger.warn({ region: event.region, from: event.from, to: event.to }, 'region changed');
      case 'redis-changed':
        return logger[event.up ? 'info' : 'warn']({ up: event.up, detail: event.detail }, 'redis changed');
      case 'config-reloaded':
        return logger[event.ok ? 'info' : 'error'](
          { hash: event.hash, detail: event.detail },
          event.ok ? 'config in force' : 'config refused',
        );
      case 'credentials-changed':
        return logger[event.ok ? 'info' : 'error'](
          { identity: event.identity, detail: event.detail },
          event.ok ? 'credentials renewed' : 'credentials could not be renewed',
        );
      case 'canary-changed': {
        const { type: _, to, ...line } = event;
        return logger[to === 'rolled-back' || to === 'held' ? 'warn' : 'info']({ ...line, to }, 'canary');
      }
      case 'job-changed': {
        const { id, tenant, model, from, to, region, ageMs, detail } = event;
        const line = { job: id, tenant, model, from, to, region, ageMs: Math.round(ageMs), detail };
        return logger[to === 'failed' || (from === 'running' && to === 'queued') ? 'warn' : 'info'](line, 'job');
      }
      case 'batch-changed': {
        const { id, tenant, model, from, to, region, ageMs, detail } = event;
        const line = { batch: id, tenant, model, from, to, region, ageMs: Math.round(ageMs), detail };
        return logger[to === 'failed' || (from === 'running' && to === 'queued') ? 'warn' : 'info'](line, 'batch');
      }
      case 'batch-charged': {
        const { id, tenant, model, region, costUsd } = event;
        return logger.info({ batch: id, tenant, model, region, costUsd }, 'batch charged');
      }
      case 'work-asked':
        return logAsked(logger, event);
      case 'build-changed':
        return logger.warn({ ...named(event.target), detail: event.detail }, 'new build behind an endpoint');
      case 'shadow-compared': {
        const { model, version, requestId, agreement } = event;
        return logger.debug({ requestId, model, version, agreement }, 'shadow compared');
      }
      case 'episode-changed': {
        const { model, id: episode, scope, from, to, by, reason, version } = event;
        const line = { model, episode, scope, version, from, to, by, reason };
        return logger[to === 'failed' || to === 'suspected' ? 'warn' : 'info'](line, 'episode');
      }
      case 'retrain-action': {
        const { model, episode, action, region, result, detail } = event;
        return logger[result === 'done' ? 'info' : 'warn'](
          { model, episode, action, region, result, detail },
          'retrain',
        );
      }
      case 'alert-received':
      case 'shadow-dropped':
      case 'version-called':
      case 'stale-consulted':
      case 'retry-refused':
      case 'call-shed':
      case 'limit-decided':
      case 'limit-decided-alone':
        return;
    }
  };
}

function logAsked(logger: Logger, event: Extract<GatewayEvent, { type: 'work-asked' }>): void {
  const { requestId, kind, what, id, tenant, status, error, durationMs } = event;
  const line = { requestId, [kind]: id.slice(0, 36), what, tenant, status, error, durationMs: round(durationMs) };
  logger[status >= 500 ? 'warn' : 'info'](line, 'work request');
}

/** A target as every line calls it: unique within its model. */
function named(target: Target): { model: string; target: string } {
  return { model: target.model, target: target.name };
}

/** What the operator has to mend is logged where it is seen; the caller never learns it. */
function logMend(logger: Logger, event: Extract<GatewayEvent, { type: 'attempt-finished' }>): void {
  const { target, result } = event.attempt;
  if (result.outcome !== 'misconfigured') return;
  logger.error(
    {
      requestId: event.request.id,
      ...named(target),
      endpoint: target.endpoint,
      type: result.error?.type,
      mend: result.error?.message,
    },
    'target misconfigured',
  );
}
