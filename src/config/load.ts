import { fileURLToPath } from 'node:url';
import { decode } from './decode.ts';
import { readSource, systemSurroundings, textSource } from './files.ts';
import type { Finding, Source } from './findings.ts';
import type { Surroundings } from './interpolate.ts';
import { PriceTable } from './prices.ts';
import { type ResolvedConfig, resolveConfig } from './resolve.ts';
import { Config } from './schema.ts';
import { validate } from './validate.ts';

/** A config that may serve, with its warnings and notes; or everything that is wrong with it. */
export type Loaded =
  | { readonly ok: true; readonly resolved: ResolvedConfig; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** The price list that ships with the gateway. */
const bundledPrices = fileURLToPath(new URL('../../config/prices.yaml', import.meta.url));

/** Reads, checks and resolves a config file or directory. Never throws: what is wrong is in `findings`. */
export function loadConfig(path: string, env: Surroundings['env']): Loaded {
  const surroundings = systemSurroundings(env);
  return loadSource(readSource(path, surroundings));
}

/** As `loadConfig`, from a text; `file` is what findings call it. */
export function loadConfigText(text: string, file: string, surroundings: Surroundings): Loaded {
  return loadSource(textSource(text, file, surroundings));
}

/** As `loadConfig`, from what was already read. */
export function loadSource(source: Source, prices: PriceTable = loadPrices(bundledPrices)): Loaded {
  const decoding = decode(Config, source);
  const told = [...source.findings, ...decoding.findings, ...validate({ source, prices, ...decoding })];
  const findings = told.toSorted((a, b) => ranks[a.severity] - ranks[b.severity]);
  if (findings.some(finding => finding.severity === 'error')) return { ok: false, findings };
  return { ok: true, resolved: resolveConfig(decoding.value, prices), findings };
}

const ranks = { error: 0, warning: 1, note: 2 } as const;

/** Reads a price list. Throws when it is not one, since it ships with the gateway. */
export function loadPrices(path: string): PriceTable {
  const source = readSource(path, systemSurroundings({}));
  const { value, findings } = decode(PriceTable, source);
  const [mistake] = [...source.findings, ...findings];
  if (mistake !== undefined) throw new Error(`${mistake.file}:${mistake.line}: ${mistake.path}: ${mistake.problem}`);
  const { sources, instanceUsdPerHour, ...others } = value;
  for (const prices of [...Object.values(instanceUsdPerHour), ...Object.values(others)]) {
    for (const { from } of Object.values(prices)) {
      if (!Object.hasOwn(sources, from)) throw new Error(`${path}: no source is called ${from}`);
    }
  }
  return value;
}
