import { readSource, systemSurroundings } from './files.ts';
import type { Finding, Source } from './findings.ts';
import { type ModelGrid, modelGrids } from './grid.ts';
import type { Surroundings } from './interpolate.ts';
import { type Examined, examine, loadPrices } from './load.ts';
import { resolveConfig } from './resolve.ts';

/** What is looked at under each heading, in the order it is told. */
const headings = {
  file: 'read, valid YAML, every reference filled in',
  schema: 'every key known, every value of its kind, nothing missing',
  listeners: 'addresses usable, the admin side guarded',
  callers: 'keys distinct, their models and residencies exist',
  regions: 'endpoints usable, credentials unambiguous, none idle',
  models: 'names distinct, versions reachable, a second region',
  targets: 'regions exist, none twice, settings fit their kind',
  fallback: 'stand-ins exist, none in a circle, each can be reached',
  jobs: 'buckets in regions of the config, copies possible',
  monitors: 'baselines sound, marks in order, captures have a place',
  retraining: 'regions of actions known, numbers of windows possible, hooks told apart',
  limits: 'deadlines, bodies and timers fit, paths usable, replicas agree',
  prices: 'every target and region priced',
} as const satisfies Record<Parameters<Examined['findings']['get']>[0], string>;

/** One heading of the check-up and what was found under it. */
export interface CheckedHeading {
  readonly heading: string;
  /** What was looked at. */
  readonly about: string;
  /** `partial`: nothing found, but mistakes of form hid some of it. `unseen`: nothing could be read. */
  readonly state: 'good' | 'warned' | 'failed' | 'partial' | 'unseen';
  readonly findings: readonly Finding[];
}

/** A check-up of a config. Plain data: this is what `--json` prints. */
export interface CheckReport {
  /** Whether the config would be put in force. Warnings and notes do not prevent it. */
  readonly ok: boolean;
  readonly file: string;
  /** Of the config that would be in force; absent when it would be refused. */
  readonly hash?: string;
  readonly checked: readonly CheckedHeading[];
  readonly models: readonly ModelGrid[];
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
}

/** Reads and examines a config file or directory. Never throws. */
export function checkConfig(path: string, env: Surroundings['env']): CheckReport {
  return checkReport(readSource(path, systemSurroundings(env)));
}

/** As `checkConfig`, from what was already read. */
export function checkReport(source: Source, prices = loadPrices()): CheckReport {
  const examined = examine(source, prices);
  const all = [...examined.findings.values()].flat();
  const count = (severity: Finding['severity']) => all.filter(finding => finding.severity === severity).length;
  const errors = count('error');
  const checked = Object.entries(headings).map(([heading, about]) => {
    const findings = [...examined.findings].find(([name]) => name === heading)?.[1];
    return {
      heading,
      about,
      state: stateOf(findings, judges(heading) && examined.unsound.size > 0),
      findings: findings ?? [],
    };
  });
  return {
    ok: errors === 0,
    file: source.file,
    ...(errors === 0 && { hash: resolveConfig(examined.config, examined.prices).hash }),
    checked,
    models: modelGrids(examined),
    errors,
    warnings: count('warning'),
    notes: count('note'),
  };
}

function stateOf(findings: readonly Finding[] | undefined, unsound: boolean): CheckedHeading['state'] {
  if (findings === undefined) return 'unseen';
  if (findings.some(({ severity }) => severity === 'error')) return 'failed';
  if (unsound) return 'partial';
  return findings.some(({ severity }) => severity === 'warning') ? 'warned' : 'good';
}

/** Whether a heading judges what `file` and `schema` let through. */
function judges(heading: string): boolean {
  return heading !== 'file' && heading !== 'schema';
}
