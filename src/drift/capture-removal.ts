import { type CapturePlace, placeOf } from './capture-path.ts';
import type { CaptureWriterPorts } from './capture-writer.ts';

/** Which records are to be removed. */
export interface Removal {
  /** Whether a file is of a tenant whose records go. */
  readonly tenant: string | undefined;
  readonly inferenceId: string | undefined;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Removes files of hours that are older than the destination keeps them; resolves to how many. Tells what it cannot remove. */
export async function removeExpired({
  clock,
  files,
  retentionDays,
  warn,
}: Pick<CaptureWriterPorts, 'clock' | 'files' | 'retentionDays' | 'warn'>): Promise<number> {
  const oldest = clock.wallMs() - retentionDays * dayMs - hourMs;
  let removed = 0;
  try {
    for await (const path of files.list()) {
      const place = placeOf(path);
      if (place === undefined || place.hourMs > oldest) continue;
      await files.remove(path);
      removed += 1;
    }
  } catch (error) {
    warn(`old captured calls cannot be removed: ${String(error)}`);
  }
  return removed;
}

/** Removes records from the files of a destination; resolves to how many. Rejects when one cannot be read or changed. */
export async function removeFromFiles(
  { files, idOf }: Pick<CaptureWriterPorts, 'files' | 'idOf'>,
  { tenant, inferenceId }: Removal,
  mayRewrite: (place: CapturePlace) => boolean,
): Promise<number> {
  let removed = 0;
  for await (const path of files.list()) {
    const place = placeOf(path);
    if (place === undefined || !mayRewrite(place)) continue;
    if (tenant !== undefined && place.tenant !== tenant) continue;
    const lines = (await files.read(path)).split('\n').filter(line => line !== '');
    const kept = tenant === undefined ? lines.filter(line => idOf(line) !== inferenceId) : [];
    removed += lines.length - kept.length;
    if (kept.length === 0) await files.remove(path);
    else if (kept.length < lines.length) await files.replace(path, kept.map(line => `${line}\n`).join(''));
  }
  return removed;
}
