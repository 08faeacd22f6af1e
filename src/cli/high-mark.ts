import type { ResolvedConfig } from '../config/resolve.ts';
import type { GatewayEvent } from '../core/events.ts';
import { alarmAt } from '../drift/error-shifts.ts';

type DriftJudged = Extract<GatewayEvent, { type: 'drift-judged' }>;

/** From which value on a finding is called drift: the model's `marks` in the config, or the online detector's own. */
export function highMark({ config }: ResolvedConfig, event: DriftJudged): number | undefined {
  const { model, monitor, statistic, window } = event;
  if (window === 'stream') return alarmAt;
  const marks = config.models[model]?.monitor?.marks;
  if (marks === undefined) return undefined;
  if (monitor === 'performance') return marks.performance.high;
  if (monitor === 'data-quality') return marks.quality.high;
  return isEffect(statistic, marks) ? marks[statistic].high : undefined;
}

function isEffect<Marks extends object>(name: string, marks: Marks): name is keyof Marks & string {
  return Object.hasOwn(marks, name);
}
