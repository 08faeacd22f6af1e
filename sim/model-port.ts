/** What a SageMaker container receives on `POST /invocations`. */
export interface ModelInput {
  readonly body: Buffer;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  /** Multi-model containers only: which model, as in the `TargetModel` header (`SEA.tar.gz`). */
  readonly targetModel?: string;
}

/** What the container answers. A status of 400 or more reaches the caller as `ModelError` with `OriginalStatusCode`. */
export interface ModelOutput {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  /** The body as the container writes it, piece by piece; all at once when absent. */
  readonly chunks?: readonly Buffer[];
}

/**
 * A model as the simulator hosts it. The fleet names containers by key. `predict` is pure and never throws: bad input
 * is an answer with status 400, as a container would give.
 */
export interface ModelContainer {
  predict(input: ModelInput): ModelOutput;
  /** Multi-model containers only: bytes of memory the model takes once loaded; undefined when there is no such model. */
  loadBytes?(targetModel: string): number | undefined;
}

/** Containers by the name the fleet uses. */
export type Containers = Readonly<Record<string, ModelContainer>>;
