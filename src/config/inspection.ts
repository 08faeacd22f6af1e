import type { TargetOptions } from '../backends/options.ts';
import { besideFile } from './baseline-paths.ts';
import {
  type Finding,
  isWithin,
  isWritten,
  type Path,
  pathText,
  placeOf,
  type Severity,
  type Source,
} from './findings.ts';
import type { PriceTable } from './prices.ts';
import type { Config, ModelOptions, VersionOptions } from './schema.ts';
import { shown } from './secrets.ts';

/** A decoded config and what is needed to tell where its parts were written. */
export interface Checked {
  readonly value: Config;
  readonly source: Source;
  readonly prices: PriceTable;
  /** Paths that are stand-ins for wrong parts; nothing more is told about them. */
  readonly unsound: ReadonlySet<string>;
}

/** One question asked of a whole config. A rule is one function, told in one list (`validate.ts`). */
export type Rule = (inspection: Inspection) => void;

/** A target of the config and where it stands. */
export interface LocatedTarget {
  readonly path: Path;
  readonly model: string;
  readonly options: ModelOptions;
  readonly version: string;
  readonly target: TargetOptions;
}

/** What rules look at and tell through. */
export class Inspection {
  readonly config: Config;
  readonly prices: PriceTable;
  readonly findings: Finding[] = [];
  readonly #source: Source;
  readonly #unsound: readonly string[];

  constructor({ value, source, prices, unsound }: Checked) {
    this.config = value;
    this.prices = prices;
    this.#source = source;
    this.#unsound = [...unsound];
  }

  /** Whether nothing is known to be wrong at, around or inside this path: else a rule would judge a stand-in. */
  sound(path: Path): boolean {
    const text = pathText(path);
    return !this.#unsound.some(unsound => isWithin(text, unsound) || isWithin(unsound, text));
  }

  /** Whether this is, or is part of, something missing or wrong: then nothing can be said of what it lacks. */
  standIn(path: Path): boolean {
    return this.#unsound.some(unsound => isWithin(pathText(path), unsound));
  }

  /** Whether it stands in the file and is no default. */
  written(path: Path): boolean {
    return isWritten(this.#source, path);
  }

  /** The value at a path as it may be shown. */
  shown(path: Path, value: unknown): string {
    return shown(this.#source, path, value);
  }

  /** A path written in the config, made absolute: see `besideFile`. */
  besideFile(path: Path, written: string): string {
    return besideFile(this.#source, path, written);
  }

  /** `file:line` of a path. */
  where(path: Path): string {
    const { file, line } = placeOf(this.#source, path);
    return `${file}:${line}`;
  }

  error(path: Path, problem: string, mend: string): void {
    this.#tell('error', path, problem, mend);
  }

  warning(path: Path, problem: string, mend: string): void {
    this.#tell('warning', path, problem, mend);
  }

  note(path: Path, problem: string, mend: string): void {
    this.#tell('note', path, problem, mend);
  }

  models(): readonly (readonly [string, ModelOptions, Path])[] {
    return Object.entries(this.config.models).map(([name, options]) => [name, options, ['models', name]]);
  }

  versions(model: string, options: ModelOptions): readonly (readonly [string, VersionOptions, Path])[] {
    const base: Path = ['models', model, 'versions'];
    return Object.entries(options.versions).map(([name, version]) => [name, version, [...base, name]]);
  }

  targetsOf(model: string, options: ModelOptions): readonly LocatedTarget[] {
    return this.versions(model, options).flatMap(([version, { targets }, path]) =>
      targets.map((target, index) => ({ path: [...path, 'targets', index], model, options, version, target })),
    );
  }

  targets(): readonly LocatedTarget[] {
    return this.models().flatMap(([model, options]) => this.targetsOf(model, options));
  }

  #tell(severity: Severity, path: Path, problem: string, mend: string): void {
    const { file, line } = placeOf(this.#source, path);
    this.findings.push({ severity, path: pathText(path), file, line, problem, mend });
  }
}
