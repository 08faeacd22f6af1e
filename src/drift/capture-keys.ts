import { openSealed, seal, sealingKeys } from '../core/seal.ts';
import type { CaptureStoreOptions } from './capture-options.ts';
import { isObject, parse } from './json-values.ts';

/** Seals and opens captured lines. */
export interface CaptureKeys {
  /** A line as it is written at a destination: sealed, unless its config says `encryption: none`. */
  seal(destination: string, line: string): string;
  /** A line as SageMaker would have written it, whatever destination it is of; the line itself when it is not sealed. */
  open(line: string): string;
}

/** A sealed line names its destination, and opens under that one's keys only. */
interface SealedLine {
  /** Of the destination. */
  readonly sealedFor: string;
  /** Initialisation vector, tag and text, Base64. */
  readonly sealed: string;
}

/** A key per destination, which is derived from the config's; older keys open as well. */
export function captureKeys(options: CaptureStoreOptions | undefined): CaptureKeys {
  const keys = new Map<string, readonly Buffer[]>();
  for (const [name, { encryption }] of Object.entries(options?.destinations ?? {})) {
    if (encryption === 'none') continue;
    const texts = [encryption.encryptionKey, ...encryption.formerEncryptionKeys];
    keys.set(name, sealingKeys(texts, `meridian capture ${name}`));
  }
  return {
    seal: (destination, line) => {
      const key = keys.get(destination)?.[0];
      if (key === undefined) return line;
      const envelope: SealedLine = {
        sealedFor: destination,
        sealed: seal(key, line, destination).toString('base64'),
      };
      return JSON.stringify(envelope);
    },
    open: line => {
      if (!line.startsWith('{"sealedFor":')) return line;
      const envelope = parse(line);
      if (!isSealed(envelope)) return line;
      const { sealedFor, sealed } = envelope;
      const opened = openSealed(keys.get(sealedFor) ?? [], Buffer.from(sealed, 'base64'), sealedFor);
      if (opened !== undefined) return opened;
      throw new Error(`no key of the destination ${sealedFor} opens this: name the config with --config`);
    },
  };
}

function isSealed(value: unknown): value is SealedLine {
  return isObject(value) && typeof value['sealedFor'] === 'string' && typeof value['sealed'] === 'string';
}
