import { main } from '../../src/cli/meridian.ts';

/** Runs one command line in this process, asked to stop from the start; resolves to its exit code and what it printed. */
export async function runCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  let [out, err] = ['', ''];
  const code = await main(args, {
    env,
    stop: AbortSignal.abort(),
    onReload: () => {},
    columns: () => undefined,
    rows: () => undefined,
    out: text => {
      out += text;
    },
    err: text => {
      err += text;
    },
  });
  return { code, out, err };
}
