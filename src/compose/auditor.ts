import type { Logger } from '../telemetry/logger.ts';

/** Who did what, and how it went, is kept at every `log.level`. */
export interface Auditor {
  refused(actor: string, act: string | undefined, error: unknown, what?: object): void;
  /** Runs an operator's act and writes down how it went. */
  audited<What extends object>(
    act: string,
    run: (what: What, actor: string) => Promise<unknown>,
  ): (what: What, actor: string) => Promise<unknown>;
}

/** Writes to the log. */
export function auditor(logger: Logger): Auditor {
  const log = logger.child({}, { level: 'info' });
  const refused: Auditor['refused'] = (actor, act, error, what = {}) =>
    log.warn(
      { actor, act, ...what, refused: error instanceof Error ? error.message : String(error) },
      'operator refused',
    );
  return {
    refused,
    audited: (act, run) => async (what, actor) => {
      try {
        const result = await run(what, actor);
        const line: object = { actor, act, ...what, ...named(result) };
        log.info(line, 'operator');
        return result;
      } catch (error) {
        refused(actor, act, error, what);
        throw error;
      }
    },
  };
}

/** Which thing was made, where the act made one; never its secret. */
function named(result: unknown): { id?: string } {
  const id = typeof result === 'object' && result !== null && 'id' in result ? result.id : undefined;
  return typeof id === 'string' ? { id } : {};
}
