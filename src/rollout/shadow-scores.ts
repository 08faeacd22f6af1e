import { populationStabilityOfCounts } from '../statistics/distances.ts';
import { quantileEdges } from '../statistics/edges.ts';
import { binOf } from '../statistics/fixed-histogram.ts';
import type { Predictions } from './shadow-compare.ts';

/** Pairs of answers after which the edges are set. */
const edgesAfter = 50;
/** Predictions of one answer that count. */
const mostOfOne = 1_000;
/** Labels told apart; any further one counts as another, and so does a text too long to be a label. */
const labelsKnown = 50;
const longestLabel = 256;
const another = '\u0000other';

/** How the predictions of both versions are spread, over the same bins. */
export interface Scores {
  add(primary: Predictions, shadow: Predictions): void;
  /** Population stability index of the shadow's spread against the primary's; undefined while too few were seen. */
  psi(): number | undefined;
  /** Predictions of the primary's. */
  readonly count: number;
}

/** Ten bins for numbers, their edges frozen at the deciles of the primary's first answers, and a bin for each label. */
export function createScores(): Scores {
  let early: (readonly [Predictions, Predictions])[] | undefined = [];
  let edges: readonly number[] = [];
  const bins = new Map<string, { primary: number; shadow: number }>();
  let count = 0;

  const nameOf = (prediction: number | string): string => {
    if (typeof prediction === 'number') return `#${binOf(edges, prediction)}`;
    if (prediction === another) return another;
    const name = `=${prediction}`;
    return bins.has(name) || bins.size < labelsKnown ? name : another;
  };
  const put = (side: 'primary' | 'shadow', predictions: Predictions) => {
    for (const prediction of predictions) {
      const name = nameOf(prediction);
      const bin = bins.get(name) ?? { primary: 0, shadow: 0 };
      bin[side] += 1;
      bins.set(name, bin);
    }
  };
  const putBoth = (primary: Predictions, shadow: Predictions) => {
    put('primary', primary);
    put('shadow', shadow);
  };
  return {
    add: (primary, shadow) => {
      const pair = [shortened(primary), shortened(shadow)] as const;
      count += pair[0].length;
      if (early === undefined) return putBoth(...pair);
      early.push(pair);
      if (early.length < edgesAfter) return;
      const numbers = early.flatMap(([each]) => each.filter(value => typeof value === 'number'));
      edges = quantileEdges(
        numbers.sort((a, b) => a - b),
        10,
      );
      for (const each of early) putBoth(...each);
      early = undefined;
    },
    psi: () => {
      if (early !== undefined) return undefined;
      const all = [...bins.values()];
      return populationStabilityOfCounts(
        all.map(bin => bin.primary),
        all.map(bin => bin.shadow),
      );
    },
    get count() {
      return count;
    },
  };
}

/** What is kept of an answer's predictions: whole texts would be as large as the answers. */
function shortened(predictions: Predictions): Predictions {
  return predictions
    .slice(0, mostOfOne)
    .map(each => (typeof each === 'string' && each.length > longestLabel ? another : each));
}
