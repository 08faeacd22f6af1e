/** An object of somebody else's JSON. */
export type Fields = Readonly<Record<string, unknown>>;

/** Everything that is wrong with a `DeploymentConfig`, or that it cannot say of a plan. */
export class DeploymentConfigError extends Error {
  /** One line each: the field, what is wrong, what to write. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'DeploymentConfigError';
    this.problems = problems;
  }
}

/** Collects mistakes, so that all are told at once. */
export class Problems {
  readonly #found: string[] = [];

  add(at: string, problem: string, mend: string): void {
    this.#found.push(`${at} ${problem}; ${mend}`);
  }

  /** A JSON object, or a `DeploymentConfigError` at once: nothing can be said of what it lacks. */
  parse(text: string): Fields {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new DeploymentConfigError([`it is no JSON: ${error instanceof Error ? error.message : error}`]);
    }
    if (isFields(value)) return value;
    if (value === null)
      throw new DeploymentConfigError(['it is null: the endpoint was never updated with a DeploymentConfig']);
    throw new DeploymentConfigError(['it is no JSON object; export it with aws sagemaker describe-endpoint']);
  }

  throwAny(): void {
    if (this.#found.length > 0) throw new DeploymentConfigError(this.#found);
  }
}

/** `a.b`; `b` at the root. */
export function field(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

/** The object under a name; an empty one, and a problem, where something else stands. */
export function objectAt(fields: Fields, name: string, problems: Problems, at = ''): Fields {
  const value = fields[name];
  if (value === undefined || value === null) return {};
  if (isFields(value)) return value;
  problems.add(field(at, name), 'is no object', 'write { … }');
  return {};
}

/** The whole number under a name, within a range; `otherwise` where it may be missing. The range's end stands in for others. */
export function wholeAt(
  fields: Fields,
  name: string,
  at: string,
  [low, high]: readonly [number, number],
  problems: Problems,
  otherwise?: number,
): number {
  const value = fields[name] ?? otherwise;
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
  problems.add(field(at, name), `is ${JSON.stringify(value) ?? 'missing'}`, `write a whole number, ${low} to ${high}`);
  return high;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
