import type { Clock } from '../core/clock.ts';
import type { Book, Work } from './book.ts';

/** Between tries to tell whoever waits for an end; doubled each time. */
const againMs = 2_000;
const atMostMs = 600_000;
/** A webhook that has not listened for this long is given up. */
const giveUpMs = 86_400_000;

/** What telling ends needs of the rest. */
export interface TellPorts<W extends Work> {
  readonly clock: Clock;
  readonly book: Book<W>;
  /** Tells whoever waits for it; resolves to whether all of them heard it. Never rejects. */
  tell(work: W): Promise<boolean>;
  warn(message: string): void;
}

/** Tells the end of what is over, and notes that it was told. */
export async function tellEnd<W extends Work & { readonly told?: boolean }>(
  ports: TellPorts<W>,
  work: W,
): Promise<{ readonly againMs: number }> {
  const sinceMs = ports.clock.wallMs() - (work.finishedAtMs ?? 0);
  const heard = await ports.tell(work);
  if (!heard && sinceMs < giveUpMs) return { againMs: Math.min(atMostMs, Math.max(againMs, sinceMs)) };
  if (!heard)
    ports.warn(`the end of ${ports.book.kind.name} ${work.id} was told to nobody: its webhook does not answer`);
  await ports.book.save({ ...work, told: true });
  return { againMs: 0 };
}
