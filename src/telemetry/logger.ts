import { type DestinationStream, type Logger, pino } from 'pino';
import type { Clock } from '../core/clock.ts';
import type { GatewayEvent, Listener } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { Target } from '../core/target.ts';
import { openLogFile } from './log-file.ts';
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
          'credentials changed',
        );
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

function logRequest(
  logger: Logger,
  event: Extract<GatewayEvent, { type: 'request-finished' }>,
  sampleRate: number,
  random: Random,
): void {
  const plain =
    event.error === undefined && event.status < 400 && event.attempts.length <= 1 && event.served?.fallback === 'none';
  if (plain && sampleRate < 1 && random() >= sampleRate) return;
  const served = event.served;
  const line = {
    requestId: event.requestId,
    protocol: event.protocol,
    model: event.model,
    tenant: event.caller?.tenant,
    keyId: event.caller?.keyId,
    status: event.status,
    error: event.error,
    version: served?.version,
    target: served?.target?.name,
    cache: served?.cache,
    fallback: served?.fallback,
    trail:
      event.attempts.length === 0
        ? undefined
        : event.attempts.map(made => `${made.target.name}:${made.result.outcome}`),
    causes:
      event.attempts.length === 0 || plain ? undefined : event.attempts.flatMap(made => made.result.error?.type ?? []),
    requestBytes: event.requestBytes,
    responseBytes: event.responseBytes,
    durationMs: round(event.durationMs),
    receivingMs: round(event.receivingMs),
    upstreamMs: round(event.upstreamMs),
    clientAttempt: event.clientAttempt > 1 ? event.clientAttempt : undefined,
    traceId: event.traceparent?.slice(3, 35),
  };
  if (event.status >= 500) logger.warn(line, 'request');
  else logger.info(line, 'request');
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
