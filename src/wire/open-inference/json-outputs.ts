type Json = Readonly<Record<string, unknown>>;

/**
 * An infer request that asks for its outputs as JSON: Triton's client asks for the binary form unless told otherwise, takes
 * either, and the gateway passes on JSON only. The same object where nothing asks for it.
 */
export function withJsonOutputs(infer: Json): Json {
  const { parameters, outputs } = infer;
  const asksForAll = isObject(parameters) && 'binary_data_output' in parameters;
  const asksForSome = Array.isArray(outputs) && outputs.some(wantsBinary);
  if (!asksForAll && !asksForSome) return infer;
  return {
    ...infer,
    ...(asksForAll && { parameters: { ...parameters, binary_data_output: undefined } }),
    ...(asksForSome && { outputs: (outputs as readonly unknown[]).map(asJson) }),
  };
}

function asJson(output: unknown): unknown {
  if (!wantsBinary(output)) return output;
  return { ...output, parameters: { ...output.parameters, binary_data: undefined } };
}

function wantsBinary(output: unknown): output is { readonly parameters: Json } {
  return isObject(output) && isObject(output['parameters']) && 'binary_data' in output['parameters'];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
