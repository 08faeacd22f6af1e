import type { ExportablePlan } from './deployment-config.ts';
import type { Problems } from './deployment-fields.ts';

const longestWaitSeconds = 3_600;
/** Percent. */
const largestCanary = 50;
const smallestLinear = 10;

/** `TrafficRoutingConfiguration` of a plan's steps; problems where SageMaker has no such one. */
export function exportRouting(plan: ExportablePlan, problems: Problems): Readonly<Record<string, unknown>> {
  const shares = plan.steps.map(step => (typeof step === 'number' ? step : step.share));
  const wait = { WaitIntervalInSeconds: waitSeconds(plan, problems) };
  const [first = 100, second] = shares;
  const size = { Type: 'CAPACITY_PERCENT', Value: first };
  if (shares.at(-1) !== 100)
    problems.add('steps', `end at ${shares.at(-1)} %`, 'let the last be 100: SageMaker ends at all traffic');
  if (!shares.every(Number.isInteger))
    problems.add('steps', 'are no whole percent', 'round them: SageMaker’s smallest step is 1 %');
  if (shares.length <= 1) return { Type: 'ALL_AT_ONCE', ...wait };
  if (shares.length === 2 && second === 100) {
    if (first > largestCanary)
      problems.add('steps[0]', `is ${first} %`, `write at most ${largestCanary}: SageMaker’s canary is no larger`);
    return { Type: 'CANARY', ...wait, CanarySize: size };
  }
  const even = shares.every((share, index) => share === Math.min(100, first * (index + 1)));
  if (!even || first < smallestLinear || first > largestCanary) {
    const mend = `write one step of at most ${largestCanary} and 100, or equal ones of ${smallestLinear} to ${largestCanary}`;
    problems.add('steps', `are ${shares.join(', ')} %`, mend);
  }
  return { Type: 'LINEAR', ...wait, LinearStepSize: size };
}

/** One time for all steps, whole seconds. */
function waitSeconds({ steps, bakeMs }: ExportablePlan, problems: Problems): number {
  const times = new Set(steps.map(step => (typeof step === 'object' ? (step.bakeMs ?? bakeMs) : bakeMs)));
  const [first = bakeMs] = times;
  if (times.size > 1)
    problems.add('steps', `bake for ${[...times].join(', ')} ms`, 'give them one time: SageMaker has only one');
  const seconds = first / 1_000;
  if (!Number.isInteger(seconds)) problems.add('bakeMs', `is ${first}`, 'write whole seconds, in ms');
  if (seconds > longestWaitSeconds)
    problems.add(
      'bakeMs',
      `is ${first}`,
      `write at most ${longestWaitSeconds * 1_000}: SageMaker waits an hour at most`,
    );
  return seconds;
}
