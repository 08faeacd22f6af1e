/** What stands behind an endpoint's name, as its control plane describes it. */
export interface EndpointBuild {
  /** False while it is created, updated or rolled back: what is described then is on its way out. */
  readonly inService: boolean;
  readonly configName: string;
  /** Wall-clock ms; scaling and new weights move it too. */
  readonly modifiedAtMs: number;
  /** Each variant's images by digest, and when they were resolved. */
  readonly images: readonly string[];
  /** Each variant's weight and instances: what moves when an endpoint is scaled. */
  readonly capacity: readonly string[];
}
