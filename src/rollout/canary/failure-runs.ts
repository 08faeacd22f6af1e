import type { Side } from './counts.ts';
import type { Run } from './look.ts';

/** Failures of the canary one after another, region by region, as this process sees them. */
export interface FailureRuns {
  /** A call that failed or was answered. */
  note(call: NotedCall, failed: boolean): void;
  all(): readonly Run[];
  /** Forgets the runs of regions that turned out to be ill. */
  forget(regions: Iterable<string>): void;
}

/** Of a run, a call is this much. */
export interface NotedCall {
  readonly side: Side;
  readonly region: string;
  readonly caller?: { readonly key: string | undefined } | undefined;
  /** Whether stable answered the same call after the canary had failed: then it was not the caller's doing. */
  readonly rescued?: boolean;
}

/** A run that the next failure makes longer. */
interface OpenRun {
  readonly run: Run;
  /** Calls of stable's after its last failure: they say nothing of the time in which the canary failed. */
  readonly okSince: number;
  readonly badSince: number;
  /** Callers who are in it: one whose calls fail whoever gets them is one failure. */
  readonly callers: Set<string>;
}

/** Longer runs end every canary. */
const mostCallers = 1_000;

/** No failure was seen. */
export function failureRuns(): FailureRuns {
  const runs = new Map<string, OpenRun>();
  const answeredBeside = (region: string, failed: boolean) => {
    const open = runs.get(region);
    if (open === undefined) return;
    const { okSince, badSince } = open;
    runs.set(region, failed ? { ...open, badSince: badSince + 1 } : { ...open, okSince: okSince + 1 });
  };
  const lengthen = ({ region, caller, rescued }: NotedCall) => {
    const key = rescued ? undefined : caller?.key;
    const open = runs.get(region);
    const callers = open?.callers ?? new Set<string>();
    if (key !== undefined && callers.has(key)) return;
    if (key !== undefined && callers.size < mostCallers) callers.add(key);
    const { length = 0, stableOk = 0, stableBad = 0 } = open?.run ?? {};
    const [ok, bad] = [stableOk + (open?.okSince ?? 0), stableBad + (open?.badSince ?? 0)];
    const run = { region, length: length + 1, stableOk: ok, stableBad: bad };
    runs.set(region, { run, callers, okSince: 0, badSince: 0 });
  };
  return {
    note: (call, failed) => {
      if (call.side === 'stable') answeredBeside(call.region, failed);
      else if (failed) lengthen(call);
      else runs.delete(call.region);
    },
    all: () => [...runs.values()].map(({ run }) => run),
    forget: regions => {
      for (const region of regions) runs.delete(region);
    },
  };
}
