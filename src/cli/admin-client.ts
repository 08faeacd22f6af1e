import type { Io } from './options.ts';
import { plain } from './plain-text.ts';

/** The admin API as the CLI calls it. */
export interface AdminClient {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

/** An admin call that failed: unreachable, or refused with the gateway's words. */
export class AdminCallFailed extends Error {}

/** Options of every command that talks to a running gateway. */
export const adminOptions = {
  admin: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What those options are, for `--help`. */
export const adminUsage = `  --admin URL   the gateway's admin listener (default $MERIDIAN_ADMIN or http://127.0.0.1:8081)
  --json        print what the gateway answered
  $MERIDIAN_ADMIN_KEY is sent as the admin key when set.`;

/**
 * Calls the admin listener at `--admin`, `$MERIDIAN_ADMIN` or the default. Texts in its answers are as they may stand on
 * a terminal; with `--json`, as they came.
 */
export function adminClient(
  { admin, json = false }: { readonly admin?: string | undefined; readonly json?: boolean | undefined },
  io: Io,
): AdminClient {
  const base = (admin ?? io.env['MERIDIAN_ADMIN'] ?? 'http://127.0.0.1:8081').replace(/\/$/, '');
  const key = io.env['MERIDIAN_ADMIN_KEY'];
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(base + path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new AdminCallFailed(
        `No gateway answers at ${base}: ${cause}. Is it running? Name another with --admin URL.`,
      );
    });
    const text = await response.text();
    const parsed = parseJson(text, !(json && response.ok));
    if (response.ok) return parsed;
    const answered = `The gateway answered ${response.status}: ${plain(text.slice(0, 200))}`;
    throw new AdminCallFailed(messageOf(parsed) ?? answered);
  };
  return { get: path => call('GET', path), post: (path, body) => call('POST', path, body) };
}

function parseJson(text: string, forTerminal: boolean): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => (forTerminal && typeof value === 'string' ? plain(value) : value));
  } catch {
    return undefined;
  }
}

function messageOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const { error } = body;
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  const unknown = 'code' in error && error.code === 'unauthenticated';
  return `${error.message}${unknown ? ' This command sends $MERIDIAN_ADMIN_KEY.' : ''}`;
}
