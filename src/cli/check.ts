import { checkConfig } from '../config/check.ts';
import { renderCheck } from '../config/render-check.ts';
import { type Command, parse, UsageError } from './options.ts';

/** `meridian check`. */
export const check: Command = {
  name: 'check',
  summary: 'a check-up of a config file',
  usage: `Usage: meridian check FILE

  --json   the report as data

Exit code 0 when the config would be put in force, 1 when it would be refused.`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean' }, help: { type: 'boolean' } });
    const [path] = positionals;
    if (path === undefined || positionals.length > 1) throw new UsageError('Name one config file or directory.');
    const report = checkConfig(path, io.env);
    io.out(values.json ? `${JSON.stringify(report, null, 2)}\n` : `${renderCheck(report)}\n`);
    return report.ok ? 0 : 1;
  },
};
