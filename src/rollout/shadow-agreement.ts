import { type Agreement, agreements, type ShadowDrop, shadowDrops } from '../core/events.ts';
import type { Comparison } from './shadow-compare.ts';
import { createScores } from './shadow-scores.ts';

/** Disagreements whose request ids are kept. */
const recentKept = 10;

/** What came of the calls mirrored to one version, on this replica, since `sinceMs`. */
export interface AgreementSummary {
  /** Wall-clock ms. */
  readonly sinceMs: number;
  /** Calls chosen for mirroring: those compared and those dropped, and those still under way. */
  readonly mirrored: number;
  /** Mirrored calls that were made, whatever came of them. */
  readonly compared: number;
  readonly by: Readonly<Record<Agreement, number>>;
  /** Of those compared: exact, close or the same label. Undefined while there are none. */
  readonly agreedShare: number | undefined;
  /** Of those made: answered with an error, or not in time. Undefined while there are none. */
  readonly failedShare: number | undefined;
  readonly dropped: Readonly<Record<ShadowDrop, number>>;
  /** Of those dropped for their time or for want of a target: not answered in time, or every target was ejected. */
  readonly unanswered: number;
  readonly labels: number;
  readonly labelsDiffering: number;
  readonly largestDifference: number;
  /** Predictions of the primary's that were read. */
  readonly scores: number;
  /** Of the shadow's scores against the primary's; undefined while too few were seen. */
  readonly psi: number | undefined;
  /** The last disagreements, newest first: what to look for in the log. */
  readonly recent: readonly { readonly requestId: string; readonly agreement: Agreement }[];
}

/** Counts what came of mirrored calls. */
export interface AgreementCount {
  mirrored(): void;
  /** `failed`: a time that was up, or a target that was missing, was the shadow's own doing. */
  dropped(reason: ShadowDrop, failed?: boolean): void;
  compared(requestId: string, comparison: Comparison): void;
  summary(): AgreementSummary;
}

const agreeing: ReadonlySet<Agreement> = new Set(['exact', 'close', 'same-label']);

/** Nothing counted at first. */
export function countAgreement(sinceMs: number): AgreementCount {
  const by = zeros(agreements);
  const dropped = zeros(shadowDrops);
  const scores = createScores();
  const recent: { requestId: string; agreement: Agreement }[] = [];
  const sums = { mirrored: 0, compared: 0, unanswered: 0, labels: 0, labelsDiffering: 0, largestDifference: 0 };
  return {
    mirrored: () => {
      sums.mirrored += 1;
    },
    dropped: (reason, failed = false) => {
      dropped[reason] += 1;
      if (failed && (reason === 'timeout' || reason === 'no-target')) sums.unanswered += 1;
    },
    compared: (requestId, { agreement, differences, primary, shadow, labels, labelsDiffering }) => {
      sums.compared += 1;
      by[agreement] += 1;
      sums.labels += labels;
      sums.labelsDiffering += labelsDiffering;
      for (const difference of differences) sums.largestDifference = Math.max(sums.largestDifference, difference);
      if (primary.length > 0) scores.add(primary, shadow);
      if (agreeing.has(agreement)) return;
      recent.unshift({ requestId, agreement });
      if (recent.length > recentKept) recent.pop();
    },
    summary: () => {
      const agreed = by.exact + by.close + by['same-label'];
      const made = sums.compared + dropped.timeout;
      return {
        sinceMs,
        ...sums,
        by: { ...by },
        agreedShare: sums.compared === 0 ? undefined : agreed / sums.compared,
        failedShare: made === 0 ? undefined : (by.failed + dropped.timeout) / made,
        dropped: { ...dropped },
        scores: scores.count,
        psi: scores.psi(),
        recent: [...recent],
      };
    },
  };
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map(name => [name, 0])) as Record<Name, number>;
}
