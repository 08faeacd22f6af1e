/**
 * Keeps the texts that end a completion out of it: servers write them before they stop, callers do not want them. What
 * may yet become one is held back.
 */
export class HeldStops {
  readonly #stops: readonly string[];
  readonly #longest: number;
  #held = '';

  constructor(stops: readonly string[]) {
    this.#stops = stops;
    this.#longest = Math.max(0, ...stops.map(({ length }) => length));
  }

  /** What can go out once this was written. */
  push(text: string): string {
    const all = this.#held + text;
    let from = Math.max(0, all.length - this.#longest);
    while (from < all.length && !this.#stops.some(stop => stop.startsWith(all.slice(from)))) from += 1;
    this.#held = all.slice(from);
    return all.slice(0, from);
  }

  /** What was held back, but for the text that ended it. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    const ended = this.#stops.find(stop => rest.endsWith(stop));
    return ended === undefined ? rest : rest.slice(0, rest.length - ended.length);
  }
}
