/** An error of a JSON 1.1 control plane, as its service would answer it. */
export class ControlError extends Error {
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }

  /** `{"__type","message"}` (AWS JSON protocol 1.1). */
  body(): Buffer {
    return Buffer.from(JSON.stringify({ __type: this.type, message: this.message }));
  }
}

/** A member of the input that must be text. Throws `ValidationException`. */
export function textOf(input: Readonly<Record<string, unknown>>, name: string): string {
  const value = input[name];
  if (typeof value !== 'string' || value === '') throw invalid(`${name} is required and must be a string`);
  return value;
}

/** What the service's own checks of a request say. */
export function invalid(message: string): ControlError {
  return new ControlError('ValidationException', message);
}

/** A thing of SageMaker's that is not there. */
export function notFound(what: string): ControlError {
  return new ControlError('ResourceNotFound', `${what} does not exist.`);
}
