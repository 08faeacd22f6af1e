import type { Explanation } from '../routing/explanation.ts';
import { renderExplain } from '../routing/render-explain.ts';
import { adminClient, adminOptions, adminUsage } from './admin-client.ts';
import { type Command, parse, UsageError } from './options.ts';

const queryOptions = [
  'key',
  'region',
  'residency',
  'prefer',
  'bytes',
  'target-model',
  'variant',
  'component',
  'operation',
] as const;

/** `meridian explain`. */
export const explain: Command = {
  name: 'explain',
  summary: 'show where a model’s calls go now, and why',
  usage: `Usage: meridian explain MODEL [as a caller would hint]

  --key ID               what the API key of this id may reach
  --region REGION        pinned there, or !REGION to avoid one
  --residency CLASS      e.g. eu
  --prefer WISH          latency, cost or balanced
  --bytes N              size of the body
  --stream               wanted event by event
  --operation NAME       invoke (the default), converse, count-tokens, chat, embeddings or infer
  --target-model NAME    of a multi-model endpoint
  --variant NAME         production variant
  --component NAME       inference component
${adminUsage}`,
  run: async (args, io) => {
    const strings = Object.fromEntries(queryOptions.map(name => [name, { type: 'string' }])) as Record<
      (typeof queryOptions)[number],
      { type: 'string' }
    >;
    const { values, positionals } = parse(args, { ...adminOptions, ...strings, stream: { type: 'boolean' } });
    const [model] = positionals;
    if (model === undefined || positionals.length > 1) throw new UsageError('Name one model.');
    const query = new URLSearchParams({ model });
    for (const name of queryOptions) {
      const value = values[name];
      if (typeof value === 'string') query.set(name === 'target-model' ? 'targetModel' : name, value);
    }
    if (values.stream === true) query.set('stream', 'true');
    const explanation = await adminClient(values, io).get(`/admin/explain?${query}`);
    io.out(
      values.json ? `${JSON.stringify(explanation, null, 2)}\n` : `${renderExplain(explanation as Explanation)}\n`,
    );
    return 0;
  },
};
