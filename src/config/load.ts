import { fileURLToPath } from 'node:url';
import { withBaselinePaths } from './baseline-paths.ts';
import { decode } from './decode.ts';
import { readSource, systemSurroundings, textSource } from './files.ts';
import type { Finding, Source } from './findings.ts';
import type { Surroundings } from './interpolate.ts';
import { PriceTable } from './prices.ts';
import { hashOf, type ResolvedConfig, resolveConfig } from './resolve.ts';
import { Config } from './schema.ts';
import { type Heading, validate } from './validate.ts';

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
export function loadSource(source: Source, prices = loadPrices()): Loaded {
  const { config, findings } = examine(source, prices);
  const all = inFileOrder([...findings.values()].flat()).toSorted((a, b) => ranks[a.severity] - ranks[b.severity]);
  if (all.some(finding => finding.severity === 'error')) return { ok: false, findings: all };
  return { ok: true, resolved: resolveWithPaths(config, prices, source), findings: all };
}

/** Baselines are found from anywhere; the hash is that of the config as it is written, on every machine the same. */
function resolveWithPaths(config: Config, prices: PriceTable, source: Source): ResolvedConfig {
  return { ...resolveConfig(withBaselinePaths(config, source), prices), hash: hashOf(config, prices) };
}

const ranks = { error: 0, warning: 1, note: 2 } as const;

/** Everything found out about a source. With errors, wrong parts of `config` are stand-ins and it must not serve. */
export interface Examined {
  readonly config: Config;
  readonly prices: PriceTable;
  readonly findings: ReadonlyMap<'file' | 'schema' | Heading, readonly Finding[]>;
  readonly unsound: ReadonlySet<string>;
}

/** Reads the whole before judging any of it, so that every mistake is told in one run. */
export function examine(source: Source, prices: PriceTable): Examined {
  const { value, findings, unsound } = decode(Config, source);
  // Where nothing was read there is one mistake, not one for each key that is not there.
  const judged =
    source.value === undefined ? [] : [['schema', findings] as const, ...validate({ value, source, prices, unsound })];
  return {
    config: value,
    prices,
    unsound,
    findings: new Map(
      [['file', source.findings] as const, ...judged].map(([heading, told]) => [heading, inFileOrder(told)]),
    ),
  };
}

function inFileOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

/** Reads a price list, by default the one that ships with the gateway. Throws when it is not one. */
export function loadPrices(path = bundledPrices): PriceTable {
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
