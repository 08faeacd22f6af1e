import { test } from 'tap';
import { snsSignatures } from '../../src/compose/sns-signatures.ts';
import { manualClock } from '../helpers/manual-clock.ts';
import { snsCertificate, snsNotification, snsNotification2 } from '../helpers/sns-messages.ts';

function verifier(answer: () => string | undefined) {
  const clock = manualClock();
  const read: string[] = [];
  const poster = {
    read: async (url: string) => {
      read.push(url);
      return answer();
    },
  };
  const isSigned = snsSignatures({ clock, poster, snsUrlOf: region => `https://sns.${region}.amazonaws.com` });
  return { clock, read, isSigned };
}

test('a certificate is read once, however many messages come at once', async t => {
  const { isSigned, read } = verifier(() => snsCertificate);
  t.same(await Promise.all([snsNotification, snsNotification2, { ...snsNotification, Message: 'x' }].map(isSigned)), [
    'signed',
    'signed',
    'not-signed',
  ]);
  t.same(read, [snsNotification.SigningCertURL]);
  t.equal(await isSigned('nonsense'), 'not-signed');
});

test('invented certificates make nobody ask for each of them', async t => {
  let certificate: string | undefined;
  const { clock, isSigned, read } = verifier(() => certificate);
  for (let index = 0; index < 10; index += 1) {
    const SigningCertURL = snsNotification.SigningCertURL.replace('abcdef', `abcde${index}`);
    t.equal(await isSigned({ ...snsNotification, SigningCertURL }), 'unknown');
  }
  t.equal(read.length, 1);
  certificate = snsCertificate;
  t.equal(await isSigned(snsNotification), 'unknown', 'not yet');
  clock.advance(10_000);
  t.equal(await isSigned(snsNotification), 'signed');
});
