import { test } from 'tap';
import { edited, loadText, told } from '../helpers/config-texts.ts';

const withCanary = (text: string) =>
  loadText(edited('aliases: [rain-prod]', `aliases: [rain-prod]\n    canary: ${text}`));

test('canaries that cannot be are refused when the config is read', t => {
  const errors = (text: string) => told(withCanary(text), 'error').join();
  t.match(errors('{ version: v9 }'), /canary\.version: rain has no version "v9"; known: v1/);
  t.match(errors('{ version: v1 }'), /canary\.version: no other version gets calls/);
  t.match(errors('{ steps: [1, 50, 25] }'), /canary\.steps: 1, 50, 25 do not ascend/);
  t.match(errors('{ steps: [0.01] }'), /canary\.steps\[0\]/);
  t.match(
    errors('{ waves: [[eu-west-2], rest] }'),
    /canary\.waves\[0\]: rain has no target in "eu-west-2"; known: .*did you mean "eu-west-1"/,
  );
  t.equal(errors('{ steps: [0.1, { share: 5, bakeMs: 1000 }, 100], waves: [[eu-west-1], rest] }'), '');
  t.end();
});

test('two people need two keys', t => {
  const warnings = told(withCanary('{ approval: second-person }'), 'warning').join();
  t.match(warnings, /canary\.approval: a second person is asked for, and fewer than two operators have a key/);
  t.notMatch(told(withCanary('{ approval: none }'), 'warning').join(), /approval/);
  t.end();
});
