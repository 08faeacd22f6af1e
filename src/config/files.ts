import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Finding, Path, Place, Source } from './findings.ts';
import type { Surroundings } from './interpolate.ts';
import { type Parsed, parseYaml } from './yaml-source.ts';

/** A secret or a payload, never a device or a log by mistake. */
const maxReferencedBytes = 1_048_576;

/** What `${…}` may read in a real process: the environment it is handed, and small plain files. */
export function systemSurroundings(env: Surroundings['env']): Surroundings {
  return {
    env,
    readFile: path => {
      const stat = statSync(path);
      if (!stat.isFile()) throw Object.assign(new Error('not a plain file'), { code: 'not a plain file' });
      if (stat.size > maxReferencedBytes) throw Object.assign(new Error('too large'), { code: 'larger than 1 MiB' });
      return readFileSync(path, 'utf8');
    },
  };
}

/** One text as a whole config, as if read from `file`. */
export function textSource(text: string, file: string, surroundings: Surroundings): Source {
  return { file, ...parseYaml(text, file, [], surroundings) };
}

/**
 * Reads a config file, or a directory: `gateway.yaml` (without one, every `*.yaml`) for the top level and
 * `models/NAME.yaml` for a model each. What two files both say is a mistake. Never throws.
 */
export function readSource(path: string, surroundings: Surroundings): Source {
  try {
    return statSync(path).isDirectory() ? readDirectory(path, surroundings) : readOne(path, surroundings);
  } catch (error) {
    return unreadable(path, error);
  }
}

/** The files that make up the config now: what a watcher looks at. */
export function configFiles(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return [...topFiles(path), ...modelFiles(path)];
  } catch {
    return [path];
  }
}

function readOne(path: string, surroundings: Surroundings): Source {
  return textSource(readFileSync(path, 'utf8'), path, surroundings);
}

function unreadable(path: string, error: unknown): Source {
  const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
  const finding = { severity: 'error', path: '', file: path, line: 0 } as const;
  const findings = [{ ...finding, problem: `cannot be read (${why})`, mend: 'name a config file or a directory' }];
  return { value: undefined, places: new Map(), file: path, findings };
}

function yamlFiles(directory: string): string[] {
  const names = readdirSync(directory).filter(name => /^[^.].*\.ya?ml$/.test(name));
  return names.sort().map(name => join(directory, name));
}

function topFiles(directory: string): string[] {
  const main = join(directory, 'gateway.yaml');
  return existsSync(main) ? [main] : yamlFiles(directory);
}

function modelFiles(directory: string): string[] {
  const models = join(directory, 'models');
  return existsSync(models) ? yamlFiles(models) : [];
}

function readDirectory(directory: string, surroundings: Surroundings): Source {
  const merge = new Merge();
  const read = (file: string, base: Path) => parseYaml(readFileSync(file, 'utf8'), file, base, surroundings);
  const top = topFiles(directory);
  for (const file of top) merge.addTop(read(file, []), file);
  for (const file of modelFiles(directory)) {
    const name = basename(file).replace(/\.ya?ml$/, '');
    merge.addModel(name, read(file, ['models', name]), file);
  }
  const { value, places, findings } = merge;
  return { value, places, findings, file: top[0] ?? directory };
}

/** Top-level keys are each said by one file; `models` and `regions` are gathered name by name. */
class Merge {
  readonly value: Record<string, unknown> = {};
  readonly places = new Map<string, Place>();
  readonly findings: Finding[] = [];

  addTop(parsed: Parsed, file: string): void {
    this.findings.push(...parsed.findings);
    if (parsed.value === null || parsed.value === undefined) return;
    if (!isMapping(parsed.value)) this.#tell('', file, 1, 'is not a mapping', 'write top-level keys');
    else this.#addKeys(parsed.value, parsed, file);
    this.#addPlaces(parsed);
  }

  #addKeys(top: Record<string, unknown>, parsed: Parsed, file: string): void {
    for (const [key, item] of Object.entries(top)) {
      const known = Object.hasOwn(this.value, key) ? this.value[key] : undefined;
      if ((key === 'models' || key === 'regions') && isMapping(item) && (known === undefined || isMapping(known))) {
        this.value[key] = known ?? {};
        for (const [name, entry] of Object.entries(item)) this.#add([key, name], entry, parsed, file);
      } else this.#add([key], item, parsed, file);
    }
  }

  #addPlaces(parsed: Parsed): void {
    for (const [path, place] of parsed.places) if (!this.places.has(path)) this.places.set(path, place);
  }

  addModel(name: string, parsed: Parsed, file: string): void {
    this.findings.push(...parsed.findings);
    this.value['models'] ??= {};
    if (isMapping(this.value['models'])) this.#add(['models', name], parsed.value ?? null, parsed, file);
    this.#addPlaces(parsed);
    if (!this.places.has(`models.${name}`)) this.places.set(`models.${name}`, { file, line: 1 });
  }

  #add([key, name]: readonly [string, string?], item: unknown, parsed: Parsed, file: string): void {
    const into = name === undefined ? this.value : this.value[key];
    const last = name ?? key;
    if (!isMapping(into)) return;
    if (!Object.hasOwn(into, last)) {
      into[last] = item;
      return;
    }
    const path = name === undefined ? key : `${key}.${name}`;
    const other = this.places.get(path);
    const where = other === undefined ? 'another file' : `${other.file}:${other.line}`;
    this.#tell(path, file, parsed.places.get(path)?.line ?? 1, `is also in ${where}`, 'keep one of the two');
  }

  #tell(path: string, file: string, line: number, problem: string, mend: string): void {
    this.findings.push({ severity: 'error', path, file, line, problem, mend });
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
