import { test } from 'tap';
import { isSnsSignature, readSnsMessage, snsCertificateUrl } from '../../src/wire/sns-message.ts';
import { snsCertificate, snsConfirmation, snsNotification, snsNotification2 } from '../helpers/sns-messages.ts';

const signed = [snsNotification, snsNotification2, snsConfirmation];

test('what SNS signed is told from what was changed since, in every field that is signed', async t => {
  for (const message of signed) {
    t.ok(isSnsSignature(message, snsCertificate), `${message.Type} ${message.SignatureVersion}`);
    for (const name of Object.keys(message).filter(each => each !== 'SigningCertURL'))
      t.notOk(isSnsSignature({ ...message, [name]: 'other' }, snsCertificate), name);
    for (const name of ['Signature', 'SignatureVersion', 'Type', 'Message', 'TopicArn']) {
      const { [name]: _, ...rest } = message as Record<string, string>;
      t.notOk(isSnsSignature(rest, snsCertificate), `without ${name}`);
    }
  }
  const { Subject: _, ...unnamed } = snsNotification;
  t.notOk(isSnsSignature(unnamed, snsCertificate), 'a subject that is there is signed');
  t.notOk(isSnsSignature({ ...snsNotification, SignatureVersion: '2' }, snsCertificate), 'the digest is the version’s');
  t.notOk(isSnsSignature(snsNotification, 'no certificate'));
});

test('certificates are read at SNS of the topic’s region and nowhere else', async t => {
  const snsUrlOf = (region: string) => `https://sns.${region}.amazonaws.com`;
  const at = (SigningCertURL: string, more: object = {}) =>
    snsCertificateUrl({ ...snsNotification, SigningCertURL, ...more }, snsUrlOf);
  const url = snsNotification.SigningCertURL;
  t.equal(at(url), url);
  for (const other of [
    url.replace('https:', 'http:'),
    url.replace('us-east-1', 'us-west-2'),
    url.replace('.com/', '.com.evil.test/'),
    url.replace('.com/', '.com:8443/'),
    url.replace('//', '//user@'),
    url.replace('.com/', '.com/x/../bucket/'),
    `${url}?x=1`,
    url.replace('.pem', '.txt'),
    'https://127.0.0.1/SimpleNotificationService-1.pem',
    'nonsense',
    '',
  ])
    t.equal(at(other), undefined, other);
  t.equal(at(url, { TopicArn: 'nonsense' }), undefined);
});

test('what is no message is read as none', async t => {
  for (const posted of [undefined, null, 1, 'text', [], [snsNotification]]) t.equal(readSnsMessage(posted), undefined);
  t.same(readSnsMessage({ a: 'text', b: 1, c: null, d: {} }), { a: 'text' });
});
