import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { loadConfigText } from '../../src/config/load.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { Target } from '../../src/core/target.ts';
import type { ExplainQuery } from '../../src/routing/explanation.ts';
import { renderExplain } from '../../src/routing/render-explain.ts';
import { createRouting } from '../../src/routing/routing.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { requestOf } from '../helpers/routing-fixtures.ts';

// The worked example of docs/routing.md is worked here: its config, its measurements, and what explain then prints.
const page = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}));

const answers = [
  { target: 'v1@us-east-1/realtime', ms: 90, inFlight: 0 },
  { target: 'v1@us-west-2/realtime', ms: 60, inFlight: 1 },
  { target: 'v1@eu-west-1/realtime', ms: 160, inFlight: 0 },
  { target: 'v1@us-west-2/serverless', ms: 110, inFlight: 0 },
];

function configOf(yaml: string): ResolvedConfig {
  const loaded = loadConfigText(yaml, 'example.yaml', { env: {}, readFile: () => '' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.findings));
  return loaded.resolved;
}

/** The config of the page, with a hundred answers of each target behind it. */
function routed(resolved: ResolvedConfig) {
  const clock = manualClock();
  const calls = (target: Target) => answers.find(({ target: name }) => name === target.name)?.inFlight ?? 0;
  const routing = createRouting({
    clock,
    random: seededRandom(1),
    states: {
      available: () => ({ usable: true, trial: false }),
      share: () => 1,
      inFlight: calls,
      describe: () => ({ breaker: 'closed', ejectedForMs: 0, slots: 64, detail: undefined }),
    },
    model: name => resolved.models.get(name),
    replicas: () => 1,
  });
  const answer = { status: 200, headers: {}, body: Buffer.alloc(200) };
  for (const target of resolved.targets) {
    const ms = answers.find(({ target: name }) => name === target.name)?.ms ?? 0;
    for (let call = 0; call < 100; call += 1) {
      routing.measure(target, 'ok', ms, requestOf());
      const result = { outcome: 'ok', answer, sent: true, durationMs: ms } as const;
      routing.ledger.charge({ target, result, reason: 'first' }, { body: { length: 1_000 } });
    }
  }
  return routing;
}

test('the worked example is what explain prints', async t => {
  const resolved = configOf(blocks.find(({ language }) => language === 'yaml')?.text ?? '');
  const model = resolved.models.get('rain');
  if (model === undefined) throw new Error('the example has a model');
  const routing = routed(resolved);
  const asked: Record<string, ExplainQuery> = {
    'meridian explain rain': {},
    'meridian explain rain --prefer cost': { prefer: 'cost' },
    'meridian explain rain --residency eu': { residency: 'eu' },
    'meridian explain rain --bytes 6000000': { bodyBytes: 6_000_000 },
  };
  for (const [command, query] of Object.entries(asked)) {
    const printed = `$ ${command}\n${renderExplain(routing.explain(model, query))}\n`;
    t.ok(
      blocks.some(({ text }) => text === printed),
      `${command} prints as in the page; it should read:\n${printed}`,
    );
  }
});
