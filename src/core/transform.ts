/** A place where batches of a version can run: instances that SageMaker starts for one and lets go of. */
export interface Transform {
  readonly region: string;
  /** Residency class of the region. */
  readonly residency: string;
  /** Of SageMaker's model. */
  readonly modelName: string;
  readonly instance: string;
  readonly count: number;
  /** Of all its instances together; undefined when unknown. */
  readonly usdPerHour: number | undefined;
  readonly maxPayloadMb: number;
  readonly maxConcurrent: number | undefined;
}

/** Cheapest first; those without a known price last, else in the config's order. */
export function byPrice(transforms: readonly Transform[]): readonly Transform[] {
  const usdOf = ({ usdPerHour }: Transform) => usdPerHour ?? Number.POSITIVE_INFINITY;
  return transforms.toSorted((a, b) => (usdOf(a) === usdOf(b) ? 0 : usdOf(a) - usdOf(b)));
}
