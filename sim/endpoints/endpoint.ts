import { AwsError, validationError } from '../aws-error.ts';
import type { Clock } from '../clock.ts';
import type { InvokeFields } from '../invoke-fields.ts';
import type { ModelContainer, ModelOutput } from '../model-port.ts';
import type { Random } from '../random.ts';
import type { Accepted, AsyncInvocation } from './async.ts';

/** A call that passed signature and header checks. */
export interface Invocation {
  readonly endpoint: string;
  readonly account: string;
  readonly body: Buffer;
  readonly fields: InvokeFields;
}

export interface Invoked {
  readonly output: ModelOutput;
  /** Answered as `x-Amzn-Invoked-Production-Variant`. */
  readonly variant: string;
}

/** One hosted endpoint in one region. One file per kind. */
export interface Endpoint {
  readonly name: string;
  readonly maxPayloadBytes: number;
  /** Whether callers may open sticky sessions. */
  readonly sessions: boolean;
  /** Runs the call; throws AwsError for what the service itself refuses. */
  invoke(invocation: Invocation): Promise<Invoked>;
  /** Puts the call in a queue, where the kind has one. */
  readonly invokeAsync?: (invocation: AsyncInvocation) => Accepted;
  /** What is warm, busy or queued now, for `GET /stats`. */
  state(): Readonly<Record<string, unknown>>;
}

/** What an endpoint is given by its region. */
export interface Hosting {
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  container(name: string): ModelContainer;
  /** Milliseconds that work of this median length takes this time. */
  workMs(medianMs: number): number;
  /** False while nothing cold can be warmed. */
  mayWarmUp(): boolean;
}

export const mib = 1024 * 1024;
/** Model Hosting FAQs of the SageMaker guide: 25 MB for real-time endpoints, 4 MB for serverless. */
export const realTimePayloadBytes = 25 * mib;
export const serverlessPayloadBytes = 4 * mib;

/** The variant of an endpoint that was created without naming one. */
export const onlyVariant = 'AllTraffic';

export function throttled(): AwsError {
  return new AwsError('ThrottlingException', 'Rate exceeded');
}

export function notReady(message: string): AwsError {
  return new AwsError('ModelNotReadyException', message);
}

/** Runs the container on the call's body. */
export function predict(container: ModelContainer, { body, fields }: Invocation): ModelOutput {
  const { contentType, accept, targetModel } = fields;
  return container.predict({ body, contentType, accept, ...(targetModel === undefined ? {} : { targetModel }) });
}

/** Refuses what only other kinds of endpoint understand. */
export function refuseFields(invocation: Invocation, refused: readonly (keyof InvokeFields)[]): void {
  const { endpoint, fields } = invocation;
  const messages: Partial<Record<keyof InvokeFields, string>> = {
    targetModel: `Endpoint ${endpoint} is not a multi-model endpoint and does not support target model header.`,
    targetContainerHostname: `Endpoint ${endpoint} is not a multi-container endpoint and does not support target container hostname header.`,
    inferenceComponent: `Endpoint ${endpoint} does not have inference components and does not support inference component header.`,
  };
  for (const field of refused) {
    if (fields[field] !== undefined)
      throw validationError(messages[field] ?? `Endpoint ${endpoint} does not support ${field}.`);
  }
}

/** Endpoints with one variant accept its name and no other. */
export function checkOnlyVariant({ endpoint, account, fields }: Invocation): void {
  if (fields.targetVariant === undefined || fields.targetVariant === onlyVariant) return;
  throw variantNotFound(fields.targetVariant, endpoint, account);
}

export function variantNotFound(variant: string, endpoint: string, account: string): AwsError {
  return validationError(`Variant ${variant} of endpoint ${endpoint} of account ${account} not found.`);
}
