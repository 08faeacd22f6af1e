import type { Clock } from '../core/clock.ts';
import type { Listener } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { Memory } from '../core/result.ts';
import { callQueue } from './call-queue.ts';
import type { CaptureFiles } from './capture-files.ts';
import { captureKeys } from './capture-keys.ts';
import { idOf, lineOf } from './capture-line.ts';
import type { CaptureStoreOptions } from './capture-options.ts';
import { type CapturePlace, tenantTag } from './capture-path.ts';
import { inferenceIdOf, truthRecord } from './capture-record.ts';
import type { Removal } from './capture-removal.ts';
import { type CaptureWriter, captureWriter } from './capture-writer.ts';
import type { RememberedCall } from './drift.ts';
import type { MonitoredModel } from './ports.ts';
import type { CalledEvent } from './readable-call.ts';
import type { Totals } from './totals.ts';

/** Keeps requests and answers of models that ask for it. */
export interface Capture {
  readonly hear: Listener;
  /** Keeps what came true of a call beside what is captured of its model, under `{model}.truth`. */
  truths(call: RememberedCall, truths: readonly (number | string | null)[]): void;
  /** Writes what waits, now. */
  flush(): Promise<void>;
  /** Removes files that are too old. */
  expire(): Promise<number>;
  /** Removes records from every destination; resolves to how many. */
  remove(what: Removal, mayRewrite: (place: CapturePlace) => boolean): Promise<number>;
  stop(): Promise<void>;
}

/** What capture needs of the gateway. */
export interface CapturePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly memory: Memory;
  /** Of the start; a change needs a restart. */
  readonly options: CaptureStoreOptions | undefined;
  /** Tells this replica's files from others': hex digits. */
  readonly replica: string;
  model(name: string): MonitoredModel | undefined;
  filesOf(destination: string): CaptureFiles;
  readonly counted: Totals;
  warn(message: string): void;
}

const hourMs = 3_600_000;

/** Starts capturing; without destinations nothing is ever kept. */
export function startCapture(ports: CapturePorts): Capture {
  const { clock, random, memory, options } = ports;
  const writers = writersOf(ports);
  const queue = callQueue({ clock, memory, warn: ports.warn });
  const keys = captureKeys(options);
  const count = (model: string, result: string) =>
    ports.counted.add('meridian_captured_calls_total', { model, result });

  const keep = (
    event: CalledEvent,
    target: { residency: string; version: string },
    model: MonitoredModel,
    atMs: number,
  ) => {
    const wanted = model.options.capture;
    const writer = writers.get(target.residency);
    if (wanted === undefined || writer === undefined) return;
    const line = lineOf(event, model, wanted, atMs);
    if (line === undefined) return count(model.name, 'unredactable');
    const place = {
      model: model.name,
      version: target.version,
      hourMs: Math.floor(atMs / hourMs) * hourMs,
      replica: ports.replica,
      tenant: tenantTag(event.request.caller.tenant),
    };
    const text = `${keys.seal(target.residency, line)}\n`;
    if (!writer.add({ text, place, inferenceId: idOf(event) })) count(model.name, 'dropped');
  };

  const called = (event: CalledEvent) => {
    const model = ports.model(event.model);
    const wanted = model?.options.capture;
    if (model === undefined || wanted === undefined || event.answer === undefined) return;
    const { answer, request } = event;
    const target = event.attempts.findLast(({ result }) => result.answer === answer)?.target;
    if (target === undefined || answer.status >= 300) return;
    if (!writers.has(target.residency)) return count(model.name, 'no-destination');
    if (wanted.sampleRate < 1 && random() >= wanted.sampleRate) return count(model.name, 'sampled-out');
    const largest = Math.max(request.body.length, answer.body.length);
    if (largest > wanted.maxBodyBytes) return count(model.name, 'too-large');
    const at = clock.wallMs();
    const bytes = request.body.length + answer.body.length;
    const waits = queue.add({ bytes, read: () => keep(event, target, model, at) }, options?.maxQueuedBytes ?? 0);
    if (!waits) count(model.name, 'dropped');
  };
  const truths: Capture['truths'] = (call, told) => {
    const { model, version, tenant, residency, inferenceId } = call;
    const writer = writers.get(residency);
    if (ports.model(model)?.options.capture === undefined || writer === undefined) return;
    const hourOf = Math.floor(clock.wallMs() / hourMs) * hourMs;
    const place = {
      model: `${model}.truth`,
      version,
      hourMs: hourOf,
      replica: ports.replica,
      tenant: tenantTag(tenant),
    };
    const text = `${keys.seal(residency, JSON.stringify(truthRecord(inferenceId, told)))}\n`;
    if (!writer.add({ text, place, inferenceId })) count(model, 'dropped');
  };
  const all = <T>(run: (writer: CaptureWriter) => Promise<T>) => Promise.all([...writers.values()].map(run));
  const expire = async () => (await all(writer => writer.expire())).reduce((sum, each) => sum + each, 0);
  if (writers.size > 0) void expire();
  const stopExpiring = writers.size > 0 ? clock.every(hourMs, () => void expire()) : () => {};
  return {
    hear: event => {
      if (event.type === 'version-called') called(event);
    },
    truths,
    flush: async () => {
      queue.flush();
      await all(writer => writer.flush());
    },
    expire,
    remove: async (what, mayRewrite) => {
      queue.flush();
      return (await all(writer => writer.remove(what, mayRewrite))).reduce((sum, each) => sum + each, 0);
    },
    stop: async () => {
      stopExpiring();
      queue.flush();
      await all(writer => writer.stop());
    },
  };
}

function writersOf(ports: CapturePorts): ReadonlyMap<string, CaptureWriter> {
  const { clock, memory, options, counted, warn } = ports;
  const keys = captureKeys(options);
  const writers = new Map<string, CaptureWriter>();
  for (const [name, { retentionDays }] of Object.entries(options?.destinations ?? {})) {
    const files = ports.filesOf(name);
    writers.set(
      name,
      captureWriter({
        clock,
        memory,
        files,
        maxQueuedBytes: options?.maxQueuedBytes ?? 0,
        maxFileBytes: options?.maxFileBytes ?? 0,
        flushMs: (files.appends ? options?.flushMs : options?.objectFlushMs) ?? 0,
        retentionDays,
        idOf: line => {
          try {
            return inferenceIdOf(keys.open(line));
          } catch {
            return undefined; // sealed with a key that is not known any more
          }
        },
        wrote: ({ model }, result, lines) => counted.add('meridian_captured_calls_total', { model, result }, lines),
        warn,
      }),
    );
  }
  return writers;
}
