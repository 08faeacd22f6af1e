import type { StateStore } from '../../state/state.ts';
import { type CanaryRecord, canaryKey, effective, readRecord, readStop, stopKey } from './record.ts';

/** A canary as this replica knows it now. */
export interface View {
  /** As it stands in the store; what a change must replace. */
  readonly text: string | undefined;
  /** What is in force: with the end that was written down alone, if there is one. */
  readonly record: CanaryRecord | undefined;
}

const nothing: View = { text: undefined, record: undefined };

/** Reads canaries from the store. Asked for every call, so what did not change is not read twice. */
export function canaryViews(state: StateStore): (model: string) => View {
  const known = new Map<string, { text: string; stop: string | undefined; view: View }>();
  return model => {
    const text = state.get(canaryKey(model));
    if (text === undefined) return nothing;
    const last = known.get(model);
    const id = last?.text === text ? last.view.record?.id : readRecord(text)?.id;
    const stop = id === undefined ? undefined : state.get(stopKey(model, id));
    if (last !== undefined && last.text === text && last.stop === stop) return last.view;
    const record = readRecord(text);
    const view: View = { text, record: record && effective(record, readStop(stop)) };
    known.set(model, { text, stop, view });
    return view;
  };
}
