import { type Clock, sleep } from '../clock.ts';
import type { FaultBoard } from '../faults.ts';
import { type Random, uuid } from '../random.ts';
import { ControlError, invalid } from './control-error.ts';

/** Where a rule of the bus sends events: an API destination, with the headers of its connection. */
export interface Subscription {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a service of the region tells. */
export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
  readonly resources?: readonly string[];
}

/** EventBridge of one region: takes events, and hands each to every subscription at least once. */
export interface EventBus {
  emit(event: ServiceEvent): void;
  /** PutEvents: 200 even when entries fail; each has an id or an error. Throws `ControlError`. */
  put(input: Readonly<Record<string, unknown>>): { FailedEntryCount: number; Entries: object[] };
  /** Everything taken so far, latest last. */
  taken(): readonly ServiceEvent[];
}

export interface EventBusParts {
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: FaultBoard;
  subscriptions(): readonly Subscription[];
}

/** API reference of PutEvents. */
const mostEntries = 10;
/** AWS: "EventBridge retries for 24 hours and up to 185 times"; here a few times. */
const retriesMs = [100, 500, 2_000, 5_000];
/** SageMaker "might send multiple events for the same status change". */
const repeatedShare = 0.2;

export function createEventBus(parts: EventBusParts): EventBus {
  const { region, account, clock, random, faults } = parts;
  const taken: ServiceEvent[] = [];
  const deliver = async ({ url, headers }: Subscription, body: string) => {
    for (const waitMs of [...retriesMs, undefined]) {
      const response = await post(url, headers, body);
      if (response !== undefined && response < 500 && response !== 429) return;
      if (waitMs !== undefined) await sleep(clock, waitMs);
    }
  };
  const emit = (event: ServiceEvent, id = uuid(random)) => {
    taken.push(event);
    const { source, detailType, detail, resources = [] } = event;
    const time = new Date(clock.wallMs()).toISOString().replace(/\.\d+/, '');
    const envelope = { version: '0', id, 'detail-type': detailType, source, account, time, region, resources, detail };
    const body = JSON.stringify(envelope);
    const times = random() < repeatedShare ? 2 : 1;
    for (const subscription of parts.subscriptions())
      for (let sent = 0; sent < times; sent++) void deliver(subscription, body);
  };
  const putOne = (entry: Readonly<Record<string, unknown>>): object => {
    const { Source: source, DetailType: detailType, Detail: detail, Resources: resources } = entry;
    const fault = faults.hit(region, 'event-entry-error');
    if (fault !== undefined)
      return { ErrorCode: fault.errorType ?? 'InternalFailure', ErrorMessage: 'Unexpected exception occurred.' };
    if (typeof source !== 'string' || source === '')
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
      };
    if (typeof detailType !== 'string' || detailType === '')
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: 'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
      };
    const parsed = typeof detail === 'string' ? parseObject(detail) : undefined;
    if (parsed === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    const id = uuid(random);
    emit(
      { source, detailType, detail: parsed, ...(Array.isArray(resources) && { resources: resources.map(String) }) },
      id,
    );
    return { EventId: id };
  };
  return {
    emit: event => emit(event),
    put: input => {
      const entries = input['Entries'];
      if (!Array.isArray(entries) || entries.length === 0 || entries.length > mostEntries)
        throw invalid(`1 validation error detected: Value at 'entries' must have from 1 to ${mostEntries} members`);
      if (entries.some(entry => typeof entry !== 'object' || entry === null))
        throw new ControlError('SerializationException', 'Entries are objects');
      const results = entries.map((entry: object) => putOne({ ...entry }));
      return { FailedEntryCount: results.filter(result => 'ErrorCode' in result).length, Entries: results };
    },
    taken: () => taken,
  };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The status, or undefined when nobody answered. */
async function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Amazon/EventBridge/ApiDestinations',
        ...headers,
      },
      body,
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}
