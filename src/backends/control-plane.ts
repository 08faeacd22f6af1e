import type { EndpointBuild } from '../core/build.ts';

/** A request to run a SageMaker pipeline. */
export interface PipelineStart {
  /** Name or ARN. */
  readonly pipeline: string;
  /** 32 to 128 characters: starts with the same token in one region are one start. */
  readonly token: string;
  readonly displayName: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Of a run, in SageMaker's words. */
export type PipelineStatus = 'Executing' | 'Stopping' | 'Stopped' | 'Failed' | 'Succeeded';

/** How a run goes; `why` of one that failed. */
export interface PipelineExecution {
  readonly status: PipelineStatus;
  readonly why: string | undefined;
}

/** Which run of a pipeline is meant. */
export interface ExecutionSearch {
  /** Name or ARN. */
  readonly pipeline: string;
  readonly displayName: string;
  /** Wall-clock ms. */
  readonly sinceMs: number;
}

/** A run that was found. */
export interface FoundExecution {
  readonly arn: string;
  readonly status: PipelineStatus;
}

/** A version of a model in SageMaker's registry. */
export interface RegisteredPackage {
  readonly group: string;
  readonly number: number;
  readonly arn: string;
  /** Wall-clock ms. */
  readonly createdAtMs: number;
}

/** An event for a bus; `detail` is JSON. */
export interface BusEvent {
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: string;
  readonly resources: readonly string[];
}

/** What became of one event: EventBridge answers 200 even when it took none. */
export type BusResult =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly retryable: boolean };

/** The services beside inference that a region is asked for. Every call rejects with `ControlPlaneError`. */
export interface ControlPlane {
  /** Resolves to the ARN of the run. */
  startPipeline(region: string, start: PipelineStart): Promise<string>;
  describeExecution(region: string, arn: string): Promise<PipelineExecution>;
  /** The run of a pipeline that has this display name, of those begun since; undefined when there is none. */
  findExecution(region: string, search: ExecutionSearch): Promise<FoundExecution | undefined>;
  /** Asks a run to stop after its step. @param token as that of a start */
  stopExecution(region: string, arn: string, token: string): Promise<void>;
  /** The newest approved packages of a group of the model registry, the newest first. */
  approvedPackages(region: string, group: string): Promise<readonly RegisteredPackage[]>;
  /** Of an endpoint by its name. */
  describeEndpoint(region: string, endpoint: string): Promise<EndpointBuild>;
  /** Ten events at most; one result for each, in their order. */
  putEvents(region: string, events: readonly BusEvent[]): Promise<readonly BusResult[]>;
}

/**
 * A control plane's refusal, or its silence. `retryable`: the same call may succeed later, or in another region.
 * `unsure`: it may have been carried out all the same.
 */
export class ControlPlaneError extends Error {
  /** AWS's error type, or the network's code. */
  readonly code: string;
  readonly retryable: boolean;
  readonly unsure: boolean;

  constructor(code: string, message: string, retryable: boolean, unsure = false) {
    super(message);
    this.name = 'ControlPlaneError';
    this.code = code;
    this.retryable = retryable;
    this.unsure = unsure;
  }
}
