/** Datatypes of the Open Inference Protocol, version 2. */
export const tensorDatatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

/** A tensor as a model declares it; -1 in `shape` is any length, and the first one counts the rows. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: (typeof tensorDatatypes)[number];
  readonly shape: readonly number[];
}

/** How a model's own JSON, `{"instances":[…]}` and `{"predictions":[…]}`, is made of tensors and into them. */
export interface TensorMapping {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** `records`: an object for each row, by the tensors' names; `rows`: the one tensor's own rows. */
  readonly instances: 'records' | 'rows';
}
