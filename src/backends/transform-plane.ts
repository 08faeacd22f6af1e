/** A batch transform as SageMaker is asked for it. */
export interface TransformStart {
  /** Unique in the account and region: creating it twice under one name makes one. */
  readonly jobName: string;
  /** Of SageMaker's model, not of an endpoint. */
  readonly modelName: string;
  /** `s3://…`: every object whose key begins so. */
  readonly input: string;
  readonly contentType: string | undefined;
  /** `line`: each line is a record, and each result ends one; `none`: an object goes to the model whole. */
  readonly split: 'line' | 'none';
  /** Whether as many records as fit go to the model at once. */
  readonly together: boolean;
  readonly maxPayloadMb: number;
  readonly maxConcurrent: number | undefined;
  readonly output: string;
  readonly accept: string | undefined;
  readonly instance: string;
  readonly count: number;
}

/** How a transform goes, in SageMaker's words; times are wall-clock ms. */
export interface TransformState {
  readonly status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  readonly failure: string | undefined;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

/** SageMaker's control plane for transform jobs, in every region. Every call rejects with `TransformPlaneError`. */
export interface TransformPlane {
  /** Resolves when there is a transform of this name, made now or before. */
  create(region: string, start: TransformStart): Promise<void>;
  /** Undefined when there is none of this name. */
  describe(region: string, jobName: string): Promise<TransformState | undefined>;
  /** Also fine for one that is over, or is not there. */
  stop(region: string, jobName: string): Promise<void>;
}

/** A refusal of the control plane, or its silence. */
export class TransformPlaneError extends Error {
  /** AWS's error type, or the network's code. */
  readonly code: string;
  /** Whether the call may have been carried out all the same. */
  readonly unsure: boolean;

  constructor(code: string, message: string, unsure: boolean) {
    super(message);
    this.name = 'TransformPlaneError';
    this.code = code;
    this.unsure = unsure;
  }
}
