import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
} from 'yaml';
import { type Finding, type Path, type Place, pathText } from './findings.ts';
import { interpolate, type Surroundings } from './interpolate.ts';

/** Far above any real config, and low enough that nested aliases cannot fill the memory. */
const maxNodes = 100_000;
const maxDepth = 40;
const maxBytes = 8_388_608;

/** A YAML text as data, with the line of each path. */
export interface Parsed {
  readonly value: unknown;
  readonly places: Map<string, Place>;
  readonly findings: readonly Finding[];
}

/** Reads one YAML document strictly. `base` is where its root stands in the whole config. Never throws. */
export function parseYaml(text: string, file: string, base: Path, surroundings: Surroundings): Parsed {
  const lines = new LineCounter();
  const walk = new Walk(file, lines, surroundings);
  if (text.length > maxBytes) {
    walk.tell(0, base, `the file is larger than ${maxBytes} bytes`, 'split it, one file per model');
    return { value: undefined, places: walk.places, findings: walk.findings };
  }
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      version: '1.2',
      logLevel: 'error',
    });
    walk.tellSyntax([...document.errors, ...document.warnings], text, base);
    if (walk.findings.length > 0) return { value: undefined, places: walk.places, findings: walk.findings };
    const value = walk.node(document.contents, base);
    return { value, places: walk.places, findings: walk.findings };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TooMuch)) throw error;
    walk.tell(0, base, 'the file nests or repeats too much', `keep to ${maxDepth} levels and ${maxNodes} values`);
    return { value: undefined, places: walk.places, findings: walk.findings };
  }
}

class TooMuch extends Error {}

/** One pass over a document's nodes: builds the value, remembers each place, fills in `${…}`. */
class Walk {
  readonly places = new Map<string, Place>();
  readonly findings: Finding[] = [];
  readonly #anchors = new Map<string, unknown>();
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #surroundings: Surroundings;
  #nodes = 0;

  constructor(file: string, lines: LineCounter, surroundings: Surroundings) {
    this.#file = file;
    this.#lines = lines;
    this.#surroundings = surroundings;
  }

  tell(line: number, path: Path, problem: string, mend: string): void {
    this.findings.push({ severity: 'error', path: pathText(path), file: this.#file, line, problem, mend });
  }

  /** Repeated keys and tags are told all; of mistakes of form only the first, since the parser then finds its echoes. */
  tellSyntax(errors: readonly YAMLError[], text: string, base: Path): void {
    const own = ({ code }: YAMLError) => code === 'DUPLICATE_KEY' || code === 'TAG_RESOLVE_FAILED';
    const first = errors.find(error => !own(error));
    for (const error of errors) {
      if (error === first || own(error)) this.#tellSyntaxError(this.#lineAt(error.pos[0]), error, text, base);
    }
  }

  #tellSyntaxError(line: number, error: YAMLError, text: string, base: Path): void {
    if (error.code === 'RESOURCE_EXHAUSTION') throw new TooMuch();
    if (error.code === 'DUPLICATE_KEY') {
      const key = /^"[^"\n]*|^'[^'\n]*|^[^:\n]*/.exec(text.slice(error.pos[0]))?.[0] ?? '';
      this.tell(line, base, `the key ${key.replace(/^["']/, '')} is written twice`, 'keep one of the two');
    } else if (error.code === 'MULTIPLE_DOCS') {
      this.tell(line, base, 'a second document begins here', 'keep one document per file, without a second ---');
    } else if (error.code === 'TAG_RESOLVE_FAILED') {
      this.tell(line, base, 'unknown tag', 'write the value without it');
    } else {
      const unquoted = text.split('\n')[line - 1]?.includes('${') === true;
      const quote = unquoted ? '; inside { } or [ ] a text with ${ needs quotes' : '';
      this.tell(line, base, 'this is not YAML', `${plainMessage(error)}${quote}`);
    }
  }

  node(node: unknown, path: Path): unknown {
    if (++this.#nodes > maxNodes || path.length > maxDepth) throw new TooMuch();
    if (isAlias(node)) return this.#alias(node, path);
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#mapping(node.items, path);
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        this.#remember(item, [...path, index]);
        return this.node(item, [...path, index]);
      });
    }
    return isScalar(node) ? this.#scalar(node, path) : null;
  }

  #alias(node: Alias, path: Path): unknown {
    const anchored = this.#anchors.get(node.source);
    if (anchored !== undefined) return this.node(anchored, path);
    this.tell(this.#lineOf(node), path, `nothing above is anchored as &${node.source}`, 'write the value itself');
    return null;
  }

  #mapping(pairs: readonly Pair[], path: Path): unknown {
    const value: Record<string, unknown> = {};
    for (const { key, value: node } of pairs) {
      const line = this.#lineOf(key);
      const name = isScalar(key) ? (typeof key.value === 'string' ? key.value : key.source) : undefined;
      if (name === undefined || name === '__proto__') {
        this.tell(line, path, 'a key here is not a plain word', 'write the key as text');
        continue;
      }
      this.#remember(key, [...path, name]);
      value[name] = this.node(node, [...path, name]);
    }
    return value;
  }

  #scalar(node: Scalar, path: Path): unknown {
    if (typeof node.value === 'object' && node.value !== null) {
      this.tell(this.#lineOf(node), path, 'a tagged value', 'write a plain text, number or boolean');
      return null;
    }
    if (typeof node.value !== 'string' || !node.value.includes('${')) return node.value;
    const { text, problems } = interpolate(node.value, this.#surroundings);
    const line = this.#lineOf(node);
    for (const { problem, mend } of problems) this.tell(line, path, problem, mend);
    const known = this.places.get(pathText(path)) ?? { file: this.#file, line };
    this.places.set(pathText(path), { ...known, written: node.value, plain: node.type === 'PLAIN' });
    return text;
  }

  #remember(node: unknown, path: Path): void {
    this.places.set(pathText(path), { file: this.#file, line: this.#lineOf(node) });
  }

  #lineAt(offset: number): number {
    return this.#lines.linePos(offset).line;
  }

  #lineOf(node: unknown): number {
    const start = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined;
    return start === undefined ? 0 : this.#lineAt(start);
  }
}

/** The parser's words with a lower-case start, to stand within a sentence, and without the text they may quote. */
function plainMessage(error: YAMLError): string {
  const [first = ''] = error.message.split(/\n|: "/);
  return first.charAt(0).toLowerCase() + first.slice(1);
}
