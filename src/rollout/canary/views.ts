import type { StateStore } from '../../state/state.ts';
import { type CanaryRecord, canaryKey, effective, readRecord, readStop, type Stop, stopKey } from './record.ts';

/** A canary as this replica knows it now. */
export interface View {
  /** As it stands in the store; what a change must replace. */
  readonly text: string | undefined;
  readonly stored: CanaryRecord | undefined;
  /** An end that was written down alone. */
  readonly stop: Stop | undefined;
  /** What is in force: what is stored, with that end. */
  readonly record: CanaryRecord | undefined;
}

const nothing: View = { text: undefined, stored: undefined, stop: undefined, record: undefined };

/** Reads canaries from the store. Asked for every call, so what did not change is not read twice. */
export function canaryViews(state: StateStore): (model: string) => View {
  const known = new Map<string, { stopText: string | undefined; view: View }>();
  return model => {
    const text = state.get(canaryKey(model));
    if (text === undefined) return nothing;
    const last = known.get(model);
    const stored = last?.view.text === text ? last.view.stored : readRecord(text);
    const stopText = stored && state.get(stopKey(model, stored.id));
    if (last?.view.text === text && last.stopText === stopText) return last.view;
    const stop = readStop(stopText);
    const view: View = { text, stored, stop, record: stored && effective(stored, stop) };
    known.set(model, { stopText, view });
    return view;
  };
}
