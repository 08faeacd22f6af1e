import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayError } from '../core/errors.ts';
import type { Emit, Protocol } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Answer, Served } from '../core/result.ts';
import type { AdmitPorts } from './admit.ts';
import type { StreamEncoding } from './streamed.ts';

/** What the invoke routes need of the gateway. */
export interface InvokePorts extends AdmitPorts {
  readonly emit: Emit;
  serve(model: Model, request: InferenceRequest): Promise<Served>;
  /** Hears of a fault of the gateway's own: a bug, for the log. */
  onFault(error: unknown, requestId: string): void;
  /** A caller that takes none of its answer for this long is cut off: it would hold the answer's memory. */
  stalledReaderMs(): number;
  /** Requests being served, for the gauge. */
  readonly inFlight: { requests: number };
  readonly draining: boolean;
}

/** What differs between the protocols that carry opaque bytes. */
export interface InvokeProtocol {
  readonly name: Protocol;
  /** An error of the gateway's in this protocol's shape. */
  error(error: GatewayError, requestId: string): { headers: Record<string, string>; body: string };
  /** A model's refusal, which comes in the AWS shape, in this protocol's. */
  refusal(answer: Answer, requestId: string): Answer;
  /** How the answer to this call goes out event by event; undefined when it is wanted whole. */
  streaming(headers: IncomingHttpHeaders): StreamEncoding | undefined;
}
