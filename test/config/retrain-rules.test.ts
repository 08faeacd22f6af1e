import { test } from 'tap';
import { edited, loadText, soundConfig, told } from '../helpers/config-texts.ts';

const monitor = '    monitor: { windows: { paneSeconds: 300, tumblingPanes: 12 } }\n';

/** The sound config with `retrain` of rain. */
function withRetrain(retrain: string, more = monitor): string {
  return edited('  rain:\n', `  rain:\n${more}    retrain: ${retrain}\n`);
}

const pipeline = (more: string) => `{ kind: pipeline, pipeline: p, region: us-east-1${more} }`;

function findings(text: string): { errors: string; warnings: string; notes: string } {
  const loaded = loadText(text);
  const [errors, warnings, notes] = (['error', 'warning', 'note'] as const).map(each => told(loaded, each).join('\n'));
  return { errors: errors ?? '', warnings: warnings ?? '', notes: notes ?? '' };
}

test('retraining that makes sense is taken without a word', async t => {
  const parameters = "{ CaptureUri: '{capture-eu}', Episode: '{episode}' }";
  const { errors, warnings } = findings(withRetrain(`{ actions: [${pipeline(`, parameters: ${parameters}`)}] }`));
  t.same([errors, warnings.includes('retrain')], ['', false]);
});

test('regions of actions exist; one in another residency is pointed out', async t => {
  t.match(findings(withRetrain('{ actions: [{ kind: event, region: us-wset-1 }] }')).errors, /us-wset-1.*us-east-1/s);
  t.match(findings(withRetrain(`{ actions: [${pipeline(', otherRegions: [nowhere]')}] }`)).errors, /nowhere/);
  const abroad = findings(withRetrain(`{ actions: [${pipeline(', otherRegions: [eu-west-1]')}] }`));
  t.match(abroad, { errors: '', warnings: /eu-west-1 is another residency than us-east-1/ });
});

test('numbers that cannot come true are told', async t => {
  t.match(findings(withRetrain('{ windows: { drifted: 5, of: 4 } }')).errors, /5 of the last 4 windows/);
  t.match(findings(withRetrain('{ confirmedBy: [] }')).warnings, /no monitor suffices/);
  t.match(findings(withRetrain('{ settleMinutes: 59 }')).warnings, /windows take 60 minutes/);
  t.notMatch(findings(withRetrain('{ settleMinutes: 60 }')).warnings, /windows take/);
});

test('where Prometheus judges, windows that its shipped rules do not mean are told', async t => {
  const judgedBy = (retrain: string, panes = 12) =>
    findings(withRetrain(retrain, monitor.replace('tumblingPanes: 12', `tumblingPanes: ${panes}`))).warnings;
  t.notMatch(judgedBy('{ evaluator: false }'), /shipped/);
  t.match(judgedBy('{ evaluator: false }', 2), /windows take 600s, .*\[239m:1h\] becomes \[2390s:600s\]/s);
  t.match(judgedBy('{ evaluator: false, windows: { drifted: 2 } }'), /3 of 4, and 3 clear/);
  t.notMatch(judgedBy('{ windows: { drifted: 2 } }', 2), /shipped/);
});

test('what opens no episode, and what follows from none, is told', async t => {
  t.match(findings(withRetrain('{}', '')).warnings, /rain has no monitor/);
  t.match(findings(withRetrain('{ evaluator: false }')).warnings, /nobody may tell of drift/);
  const hooks = `hooks: { tokens: [{ id: a, sha256: ${'a'.repeat(64)} }] }\n`;
  t.notMatch(findings(hooks + withRetrain('{ evaluator: false }')).warnings, /nobody may tell/);
  t.match(findings(withRetrain('{}')).notes, /drift of rain is told, and retrains nothing/);
});

test('a word that is not filled in, and a webhook that others read along, are told', async t => {
  const parameters = ", parameters: { A: '{captrue}' }";
  t.match(findings(withRetrain(`{ actions: [${pipeline(parameters)}] }`)).warnings, /\{captrue\} is no word/);
  const scoped = monitor.replace('} }', '}, scopes: { eu: {} } }');
  const told = (word: string) =>
    findings(withRetrain(`{ actions: [${pipeline(`, parameters: { A: '{${word}}' }`)}] }`, scoped)).warnings;
  t.match(told('capture-us'), /an episode of the scope eu has no \{capture-us\}/);
  t.notMatch(told('capture-eu') + told('capture'), 'sends it as it is written');
  const webhook = (url: string) => `{ actions: [{ kind: webhook, url: '${url}', secret: a-secret-of-some-length }] }`;
  t.match(findings(withRetrain(webhook('http://train.example/hook'))).warnings, /episodes leave this machine/);
  t.match(findings(withRetrain(webhook('https://me:you@train.example/hook'))).errors, /user name or password/);
});

test('tokens of hooks can be told apart', async t => {
  const token = (id: string, letter: string) => `{ id: ${id}, sha256: ${letter.repeat(64)} }`;
  const plain = (...tokens: string[]) => `hooks: { tokens: [${tokens.join(', ')}] }\n${soundConfig}`;
  t.match(findings(plain(token('a', 'a'), token('a', 'b'))).errors, /two tokens are called a/);
  t.match(findings(plain(token('a', 'a'), token('b', 'a'))).errors, /the same token twice/);
  t.equal(findings(plain(token('a', 'a'), token('b', 'b'))).errors, '');
});
