import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayError } from '../core/errors.ts';
import type { Emit, Protocol } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Operation } from '../core/operation.ts';
import type { Caller, InferenceRequest, InvokeFields } from '../core/request.ts';
import type { Answer, Served } from '../core/result.ts';
import type { JsonSize } from '../wire/json-size.ts';
import type { AdmitPorts } from './admit.ts';
import type { StreamEncoding } from './streamed.ts';

/** What the invoke routes need of the gateway. */
export interface InvokePorts extends AdmitPorts {
  readonly emit: Emit;
  /** Names of the models that this caller may call. */
  models(caller: Caller): readonly string[];
  /** By region, the `s3://…` location a caller names as the input of a queued call. Throws `invalid-request` or `not-allowed`. */
  inputPlaces(location: string, caller: Caller): ReadonlyMap<string, string>;
  serve(model: Model, request: InferenceRequest): Promise<Served>;
  /** Hears of a fault of the gateway's own: a bug, for the log. */
  onFault(error: unknown, requestId: string): void;
  /** At most in a body that is read here: all other calls wait while it is. */
  maxJsonValues(): number;
  /** A caller that takes none of its answer for this long is cut off: it would hold the answer's memory. */
  stalledReaderMs(): number;
  /** Requests being served, for the gauge. */
  readonly inFlight: { requests: number };
  readonly draining: boolean;
}

/** What a body says of its own call. */
export interface Asked {
  /** Where the path does not name it. */
  readonly model?: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** The body was not that JSON, but another form of it. */
  readonly binary?: true;
  readonly streaming: StreamEncoding | undefined;
  /** As `x-meridian-session` would say it. */
  readonly session: string | undefined;
}

/** An error in a protocol's shape. */
export interface RenderedError {
  /** Where it is another than the error's own. */
  readonly status?: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** What differs between the protocols that carry opaque bytes. */
export interface InvokeProtocol {
  readonly name: Protocol;
  readonly operation: Operation;
  /** An error of the gateway's in this protocol's shape. */
  error(error: GatewayError, requestId: string): RenderedError;
  /** A model's refusal, which comes in the AWS shape, in this protocol's. */
  refusal(answer: Answer, requestId: string): Answer;
  /** What a body says of the call, where it is read here; one whose path names no model is read before that is known. */
  ask?(bytes: Buffer, headers: IncomingHttpHeaders): Asked;
  /** What reading it will take, where not all of it may be JSON; undefined where it is. */
  size?(bytes: Buffer, headers: IncomingHttpHeaders): JsonSize | undefined;
  /** Whether calls are queued and answered with a receipt. */
  readonly queued?: true;
  /** Where calls have a field under another name than InvokeEndpoint's. */
  readonly fieldNames?: Partial<Record<keyof InvokeFields, string>>;
  /** What bodies are, whatever their callers say. */
  readonly contentType?: string;
  /** How the answer to this call goes out event by event; undefined when it is wanted whole. */
  streaming(headers: IncomingHttpHeaders): StreamEncoding | undefined;
}
