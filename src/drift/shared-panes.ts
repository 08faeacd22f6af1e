import type { Counter, PaneCounts } from './counts.ts';
import { addPane } from './counts.ts';
import type { DriftPorts } from './ports.ts';
import { decodePane } from './stored-panes.ts';

/** One version's panes as replicas hand them to each other. */
export class SharedPanes {
  readonly #ports: Pick<DriftPorts, 'tallies' | 'warn'>;
  readonly #scope: string;
  readonly #counter: Counter;
  readonly #final = new Set<number>();

  /** @param scope of the version, its baseline and the length of a pane */
  constructor(ports: Pick<DriftPorts, 'tallies' | 'warn'>, scope: string, counter: Counter) {
    this.#ports = ports;
    this.#scope = scope;
    this.#counter = counter;
  }

  /** Whether this replica's share of a pane was handed over for good. */
  isFinal(index: number): boolean {
    return this.#final.has(index);
  }

  /** Hands over this replica's share of a pane that is over; resolves to whether that was possible. */
  async finish(index: number, counts: PaneCounts): Promise<boolean> {
    this.#final.add(index); // before it is a text: what comes now counts in the next
    const done = await this.offer(index, counts);
    if (!done) this.#final.delete(index);
    return done;
  }

  /** Hands over what there is of it so far, in the place of what was there; resolves to whether that was possible. */
  offer(index: number, counts: PaneCounts): Promise<boolean> {
    return this.#ports.tallies.publish(`${this.#scope}/${index}`, JSON.stringify(counts)).then(
      () => true,
      () => false,
    );
  }

  /** The sum of what all replicas handed over; undefined while they cannot be asked. */
  async collect(index: number): Promise<PaneCounts | undefined> {
    const scope = `${this.#scope}/${index}`;
    const all = await this.#ports.tallies.collect(scope).catch(() => undefined);
    if (all === undefined) return undefined;
    const sum = this.#counter.empty();
    for (const [replica, text] of [...all].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const counts = decodePane(text, sum);
      if (counts === undefined) this.#ports.warn(`counts of replica ${replica} cannot be read: ${scope}`);
      else addPane(sum, counts);
    }
    return sum;
  }

  /** This replica is through with a pane. */
  close(index: number): void {
    this.#final.delete(index);
  }

  /** Nobody asks for a pane any more. */
  forget(index: number): void {
    this.#ports.tallies.forget(`${this.#scope}/${index}`).catch(() => undefined); // it expires by itself too
  }

  /** Shares handed over from this pane on are not final after all. */
  reopenFrom(index: number): void {
    for (const each of this.#final) if (each >= index) this.#final.delete(each);
  }
}
