/** Where a value stands: keys and list indexes from the root of the config. */
export type Path = readonly (string | number)[];

/** `error` stops a start and refuses a reload; `warning` and `note` are told and change nothing. */
export type Severity = 'error' | 'warning' | 'note';

/** One thing to tell about a config. Holds no secret's value. */
export interface Finding {
  readonly severity: Severity;
  /** `models.rain.versions.v1.targets[0].region`; empty for the file as a whole. */
  readonly path: string;
  readonly file: string;
  /** First line is 1; 0 when the finding has no line. */
  readonly line: number;
  readonly problem: string;
  /** What to write or do instead. */
  readonly mend: string;
}

/** Where a value was written, and how, if it was written with `${…}`. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** The text as it stands in the file, when interpolation changed it. Shown in findings instead of the value. */
  readonly written?: string;
  /** Whether an interpolated text stood without quotes, so that it may become a number or a boolean. */
  readonly plain?: boolean;
}

/** Everything read from the file or directory: one value, where each part of it came from, what could not be read. */
export interface Source {
  readonly findings: readonly Finding[];
  readonly value: unknown;
  /** By `pathText`. */
  readonly places: ReadonlyMap<string, Place>;
  /** The file, or the directory's main one: where findings about the whole are told. */
  readonly file: string;
}

/** `models.rain.versions.v1.targets[0].region`; keys that are no plain words are quoted. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The place of a value, or of the nearest thing around it that was written down. */
export function placeOf(source: Source, path: Path): Place {
  for (let length = path.length; length > 0; length--) {
    const place = source.places.get(pathText(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  return { file: source.file, line: 0 };
}

/** Whether the value was written down, not defaulted. */
export function isWritten(source: Source, path: Path): boolean {
  return source.places.has(pathText(path));
}

/** Whether one path (as text) is the other or stands inside it. */
export function isWithin(inner: string, outer: string): boolean {
  return outer === '' || inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

/** One line: `gateway.yaml:12: models.rain.deadlineMs: found "10 s", expected a whole number, 10 to 900000`. */
export function findingText(finding: Finding): string {
  const place = finding.line === 0 ? finding.file : `${finding.file}:${finding.line}`;
  const about = finding.path === '' ? '' : `${finding.path}: `;
  return `${place}: ${about}${finding.problem}; ${finding.mend}`;
}
