import { test } from 'tap';
import { type AdmitPorts, permit } from '../../src/routes/admit.ts';
import type { Call } from '../../src/routes/call.ts';
import { createAdmission } from '../../src/security/admission.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { modelOf } from '../helpers/routing-fixtures.ts';

test('a caller who left while its limits were asked gives back what they lent', async t => {
  let lent = 0;
  const asked = Promise.withResolvers<void>();
  const ports: AdmitPorts = {
    clock: manualClock(),
    emit: () => {},
    admission: createAdmission(1_000),
    identify: () => {
      throw new Error('nobody asks');
    },
    model: () => modelOf([]),
    bodyTimeoutMs: () => undefined,
    limits: {
      enter: async () => {
        await asked.promise;
        lent += 1;
        return () => {
          lent -= 1;
        };
      },
    },
  };
  const call = { caller: { tenant: 'acme' }, over: false } as Call;
  const permitted = permit(ports, call, 'rain', 'invoke');
  call.over = true;
  asked.resolve();
  await permitted;
  t.equal(lent, 0);
});
