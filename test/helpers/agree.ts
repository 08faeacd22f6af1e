/** Whether a value agrees with a reference to a relative error (absolute below 1). */
export function close(got: number, wanted: number, relative = 1e-9): boolean {
  return Math.abs(got - wanted) <= relative * Math.max(1e-9, Math.abs(wanted)) + (wanted === 0 ? relative : 0);
}

/** Assert of a table of [name, got, wanted] as `t.ok` lines. */
export function agree(
  t: { ok: (value: unknown, message: string) => unknown },
  cases: readonly (readonly [string, number, number])[],
  relative?: number,
): void {
  for (const [name, got, wanted] of cases) t.ok(close(got, wanted, relative), `${name}: ${got} for ${wanted}`);
}
