/** ln of the mean of exp(each), without overflow; −∞ of nothing. */
export function logMeanExp(logs: readonly number[]): number {
  const most = Math.max(...logs);
  if (!Number.isFinite(most)) return most;
  return most + Math.log(logs.reduce((sum, each) => sum + Math.exp(each - most), 0) / logs.length);
}
