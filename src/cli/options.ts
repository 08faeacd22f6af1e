import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** A mistake in how a command was called: printed with the command's usage, exit code 2. */
export class UsageError extends Error {}

/** What every command gets of the process. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the process is asked to end. */
  readonly stop: AbortSignal;
  /** Registers what a SIGHUP does. */
  onReload(reload: () => void): void;
  /** Width of the terminal; undefined when output is not a terminal. */
  columns(): number | undefined;
  /** Its height; undefined as above. */
  rows(): number | undefined;
  out(text: string): void;
  err(text: string): void;
}

/** A subcommand. `run` resolves to the exit code: 0 done, 1 it found something wrong, 2 called wrongly. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  run(args: readonly string[], io: Io): Promise<number>;
}

/** Parses options strictly; throws `UsageError` with the first of the parser's own words. */
export function parse<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new UsageError(words.replace(/\. To specify a positional argument.*$/s, '.'));
  }
}
