/** What an operation of a control plane is told beside its input. */
export interface ControlCall {
  /** Of whoever signed. */
  readonly account: string;
}

/** One operation: JSON in, JSON out; throws `ControlError`. */
export type Operation = (input: Readonly<Record<string, unknown>>, call: ControlCall) => object | Promise<object>;
