import fc from 'fast-check';
import { test } from 'tap';
import { plain } from '../../src/cli/plain-text.ts';
import { runCommand } from '../helpers/command.ts';
import { simpleModel, startTestGateway, targetsIn } from '../helpers/gateway.ts';

async function printed(args: readonly string[], admin: string): Promise<string> {
  return (await runCommand(args, { MERIDIAN_ADMIN: admin })).out;
}

test('whatever a text says, it stays in its line and in its direction', async t => {
  t.equal(plain('weekly, “better” – 87 % → 90 %, été, 雨, 👩‍🔬'), 'weekly, “better” – 87 % → 90 %, été, 雨, 👩‍🔬');
  t.equal(plain('a\u001b[2Jb\r\nc\u202ed'), 'a\\u001b[2Jb\\u000d\\u000ac\\u202ed');
  const moving = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => !moving.test(plain(text))));
});

test('a reason forges no line of a history; with --json it is what was given', async t => {
  const versions = {
    v1: { weight: 100, targets: targetsIn(['us-east-1']) },
    v2: { weight: 0, targets: targetsIn(['us-east-1']) },
  };
  const { urls } = await startTestGateway(t, { models: { rain: simpleModel([], { versions }) } });
  const reason = 'weekly\n  2026-11-27T13:00:00  v2  promote  promoted  100 %  alice  \u001b[2Kapproved';
  await printed(['canary', 'start', 'rain', 'v2', '--no-shadow', '--reason', reason], urls.admin);
  const history = await printed(['canary', 'history', 'rain', '--acts'], urls.admin);
  t.equal(history.trimEnd().split('\n').length, 1, history);
  t.match(history, /weekly\\u000a .*\\u001b\[2Kapproved/);
  t.equal((await printed(['canary', 'status', 'rain'], urls.admin)).includes('\u001b'), false);
  const told = JSON.parse(await printed(['canary', 'history', 'rain', '--acts', '--json'], urls.admin));
  t.match(told, { history: [{ reason }] });
});
