/** What the season's traffic reports every second: answers, and those that came true, by season and version. */
export interface SeasonReport {
  readonly season: string;
  readonly calls: number;
  readonly failed: number;
  readonly seen: Readonly<Record<string, { readonly answered: number; readonly right: number }>>;
}

/** Accuracy of a version's answers in a season, and of how many; undefined when there were none. */
export function accuracyOf(
  report: SeasonReport | undefined,
  season: string,
  version: string,
): { readonly share: number; readonly answers: number } | undefined {
  const found = report?.seen[`${season} ${version}`];
  if (found === undefined || found.answered === 0) return undefined;
  return { share: found.right / found.answered, answers: found.answered };
}

/** `78.1 % of 1,204`. */
export function accuracyText(accuracy: { readonly share: number; readonly answers: number } | undefined): string {
  if (accuracy === undefined) return 'nothing answered';
  return `${(100 * accuracy.share).toFixed(1)} % of ${accuracy.answers.toLocaleString('en')}`;
}
