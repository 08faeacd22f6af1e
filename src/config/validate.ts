import type { Finding, Source } from './findings.ts';
import type { PriceTable } from './prices.ts';
import type { Config } from './schema.ts';

/** A decoded config and what is needed to tell where its parts were written. */
export interface Checked {
  readonly value: Config;
  readonly source: Source;
  readonly prices: PriceTable;
  /** Paths that are stand-ins for wrong parts; nothing more is told about them. */
  readonly unsound: ReadonlySet<string>;
}

export function validate(_checked: Checked): readonly Finding[] {
  return [];
}
