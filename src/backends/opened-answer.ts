import type { Clock } from '../core/clock.ts';
import type { Answer, AnswerStream } from '../core/result.ts';
import type { AttemptLimits } from './backend.ts';
import type { Unfinished } from './failures.ts';
import { type EventReader, openStream } from './opened-stream.ts';
import type { TransportStream } from './transport-call.ts';

/** What a streamed answer's head and bytes are made into. */
export interface Opened {
  readonly reader: EventReader;
  readonly framing: AnswerStream['framing'];
  readonly headers: Answer['headers'];
  /** When the call was sent, monotonic ms, and how long it may take from then to its first content. */
  readonly startedAt: number;
  readonly timeoutMs: number;
}

/** From the head of a streamed answer to its first content: an answer whose stream goes on, or why there is none. */
export async function openedAnswer(
  clock: Clock,
  limits: AttemptLimits,
  { status, bytes }: TransportStream,
  { reader, framing, headers, startedAt, timeoutMs }: Opened,
): Promise<Unfinished> {
  const { stream: settings, memory, maxResponseBytes: maxBytes } = limits;
  if (settings === undefined) throw new Error('a streamed answer to a call that asked for none');
  const contentMs = Math.min(timeoutMs, settings.firstContentMs);
  const found = await openStream({ clock, bytes, reader, settings, startedAt, contentMs, memory, maxBytes });
  if (!('stream' in found)) return found;
  const answer = { status, headers, body: Buffer.alloc(0), stream: { framing, ...found.stream } };
  return { outcome: 'ok', answer, sent: true, firstContentMs: found.firstContentMs };
}
