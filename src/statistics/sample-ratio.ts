import { logShareEvidence } from './share-evidence.ts';

/**
 * Anytime-valid test for a sample ratio mismatch: whether the canary gets the share of calls the split was told to
 * give it. A mismatch means that calls are lost or double-counted on one side, and that no comparison can be trusted.
 * Null hypothesis: each call goes to the canary with the share in force. Plain JSON.
 *
 * While a share is in force its counts add up to one e-value (see `logShareEvidence`). When the share changes, what
 * was reached is kept as a factor and counting begins anew; products of such factors stay e-processes.
 */
export interface SampleRatioTest {
  /** Share in force, within 0 and 1, both excluded; null before the first look. */
  readonly share: number | null;
  /** Calls under this share. */
  readonly canary: number;
  readonly stable: number;
  /** ln of the product of earlier shares' e-values. */
  readonly earlierLog: number;
  /** Greatest logarithm so far, at least 0. */
  readonly mostLog: number;
}

/** A test that has seen nothing. */
export const noSampleRatio: SampleRatioTest = { share: null, canary: 0, stable: 0, earlierLog: 0, mostLog: 0 };

/** New calls of both versions since the last look, and the canary's share that was in force for all of them. */
export interface SampleRatioLook {
  readonly share: number;
  readonly canary: number;
  readonly stable: number;
}

/** The test after one look. A share of 0 or 1 leaves nothing to chance: throws RangeError. */
export function stepSampleRatio(test: SampleRatioTest, look: SampleRatioLook): SampleRatioTest {
  if (!(look.share > 0 && look.share < 1)) throw new RangeError('a share to test is within 0 and 1');
  const continued: SampleRatioTest =
    look.share === test.share
      ? { ...test, canary: test.canary + look.canary, stable: test.stable + look.stable }
      : {
          share: look.share,
          canary: look.canary,
          stable: look.stable,
          earlierLog: logSampleRatioEvidence(test),
          mostLog: 0,
        };
  return { ...continued, mostLog: Math.max(test.mostLog, logSampleRatioEvidence(continued)) };
}

/** Natural logarithm of the e-process now. */
export function logSampleRatioEvidence(test: SampleRatioTest): number {
  return test.share === null ? 0 : test.earlierLog + logShareEvidence(test.canary, test.stable, test.share);
}

/** Always-valid p-value; below 0.001 is the usual alarm. */
export function sampleRatioP(test: SampleRatioTest): number {
  return Math.exp(-test.mostLog);
}
