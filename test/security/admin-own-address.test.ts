import { test } from 'tap';
import { createAdminAccess } from '../../src/security/admin-access.ts';

const options = { keys: [], hosts: ['Ops.Internal'] };
const call = { origin: undefined, authorization: undefined, remoteAddress: '127.0.0.1', role: 'viewer' } as const;

const answers: readonly [own: string | undefined, host: string, answers: boolean][] = [
  ['10.0.0.7:8081', '10.0.0.7:8081', true],
  ['10.0.0.7:8081', '10.0.0.7', true],
  ['10.0.0.7:8081', '10.0.0.8:8081', false],
  ['10.0.0.7', '10.0.0.7:8081', true],
  ['Admin.Example:8081', 'admin.example:8081', true],
  ['[fd00::1]:8081', '[FD00::1]:8081', true],
  ['[fd00::1]:8081', '[fd00::2]:8081', false],
  ['0.0.0.0:8081', '0.0.0.0:8081', false],
  ['[::]:8081', '[::]:8081', false],
  [undefined, '10.0.0.7:8081', false],
  ['10.0.0.7:8081', 'localhost:8081', true],
  ['10.0.0.7:8081', 'ops.internal', true],
];
for (const [own, host, answered] of answers) {
  test(`listening on ${own}, the admin listener ${answered ? 'answers' : 'does not answer'} to ${host}`, t => {
    const access = createAdminAccess(options, own);
    if (answered) t.equal(access({ ...call, host, origin: `http://${host}` }).actor, 'local');
    else t.throws(() => access({ ...call, host }), { code: 'not-allowed' });
    t.end();
  });
}
