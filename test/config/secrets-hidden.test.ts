// biome-ignore-all lint/suspicious/noTemplateCurlyInString: configs are about them
import fc from 'fast-check';
import { test } from 'tap';
import { checkReport } from '../../src/config/check.ts';
import { textSource } from '../../src/config/files.ts';
import { renderCheck } from '../../src/config/render-check.ts';
import { redactConfig } from '../../src/config/secrets.ts';
import { edited, loadText, soundConfig } from '../helpers/config-texts.ts';

const secret = 'hunter2-hunter2';
const printed = (text: string, env: Record<string, string> = {}) => {
  const report = checkReport(textSource(text, 'c.yaml', { env, readFile: () => `${secret}\n` }));
  return `${renderCheck(report)}\n${JSON.stringify(report)}\n${JSON.stringify(loadText(text, env).findings)}`;
};

test('no finding shows a secret, wherever it was wrongly put', async t => {
  const places = [
    `auth: ${secret}`,
    `auth: [${secret}]`,
    `auth: { keys: ${secret} }`,
    `auth: { keys: [${secret}] }`,
    `auth: { keys: [{ id: a, tenant: a, sha256: ${secret} }] }`,
    `auth: { keys: [{ id: a, tenant: a, key: ${secret} }] }`,
    `auth: { keys: [{ id: a, tenant: a, secret: ${secret} }] }`,
    `auth: { keys: [{ id: a, tenant: a, secret: [${secret}] }] }`,
    `auth: { issued: ${secret} }`,
    `auth: { issued: { encryptionKey: ${secret} } }`,
    `auth: { issued: { encryptionKey: ${'k'.repeat(32)}, formerEncryptionKeys: [${secret}] } }`,
    `auth: none\nadmin: { keys: [{ id: a, role: viewer, sha256: ${secret} }] }`,
    `auth: none\ncredentials: ${secret}`,
    `auth: none\ncredentials: { accessKeyId: [${secret}], secretAccessKey: [${secret}] }`,
    `auth: none\ncredentials: { accessKeyId: a, secretAccessKey: { text: ${secret} } }`,
    `auth: none\ncredentials: { accessKeyId: a, secretAcessKey: ${secret} }`,
    `auth: none\ncredentials: { roleArn: x, source: ${secret} }`,
    `auth: none\njobs: { buckets: { us-east-1: abc }, webhooks: [{ url: x, secret: ${secret} }] }`,
    `auth: none\ncacheStore: { keySecret: [${secret}] }`,
    `auth: none\ncacheStore: { keySecret: ${secret.slice(0, 7)} }`,
    `auth: none\nredis: { url: 'http://me:${secret}@host' }`,
    `auth: none\nredis: { url: 'me:${secret}@host' }`,
    `auth: none\nredis: { url: ${secret} }`,
    `auth: none\nredis: 'redis://:${secret}@host'`,
    `auth: none\nredis: { cluster: [${secret}] }`,
    `auth: none\nredis: { cluster: ${secret} }`,
    `auth: none\nredis: { cluster: ['redis://a', 'redis://:${secret}@host/2'] }`,
    `auth: none\nredis: { url: 'redis://:${secret}@host', connectTimeoutMs: 'redis://:${secret}@host' }`,
    `auth: none\nredis: { url: '\${REDIS}' }`,
    'auth: none\nredis: { url: "${file:/run/secret}" }',
    'auth: none\nreplicas: ${REDIS}',
    `auth: none\ncacheStore: { keySecret: "${secret} }`,
    `auth: none\ncacheStore: { keySecret: ${secret}: ${secret} }`,
  ];
  for (const place of places) {
    const text = printed(edited('auth: none', place), { REDIS: secret });
    t.match(text, /would be refused/, place);
    t.notOk(text.includes(secret) || text.includes(`"${secret.slice(0, 7)}"`), place);
  }
});

test('operators see the config without its secrets, and all else as it is', async t => {
  const text = `${soundConfig}redis: { url: 'redis://me:${secret}@host:6379/0' }
cacheStore: { keySecret: ${secret}-1 }
credentials: { roleArn: 'arn:aws:iam::222222222222:role/m', externalId: ${secret}, source: { accessKeyId: ${secret}, secretAccessKey: ${secret} } }
`.replace(
    'auth: none',
    `auth:
  keys: [{ id: app, tenant: app, sha256: ${'a'.repeat(64)} }, { id: pair, tenant: app, secret: ${secret}-${secret} }]
  issued: { encryptionKey: ${secret.repeat(3)}, formerEncryptionKeys: [${secret.repeat(3)}] }`,
  );
  const loaded = loadText(text);
  if (!loaded.ok) throw new Error('must load');
  const seen = redactConfig(loaded.resolved.config);
  t.notMatch(JSON.stringify(seen), /hunter2|aaaaaa/);
  t.match(seen, {
    redis: { url: 'redis://***@host:6379/0', keyPrefix: 'meridian:' },
    cacheStore: { keySecret: '***', maxBytes: 67_108_864 },
    credentials: { roleArn: 'arn:aws:iam::222222222222:role/m', externalId: '***', source: { accessKeyId: '***' } },
    auth: {
      keys: [
        { id: 'app', tenant: 'app', sha256: '***' },
        { id: 'pair', secret: '***' },
      ],
      issued: { encryptionKey: '***' },
    },
  });
  t.same(redactConfig({ auth: 'none', credentials: 'default' }), { auth: 'none', credentials: 'default' });
});

test('no password of a URL comes through', async () => {
  const password = fc.stringMatching(/^[A-Za-z0-9+/=%:@?#-]{8,20}$/);
  const property = fc.property(password, fc.constantFrom('redis://me:', 'rediss://:', 'me:', '//:'), (word, before) => {
    const url = JSON.stringify(redactConfig({ url: `${before}${word}@host:6379` }));
    return !url.includes(word);
  });
  fc.assert(property, { seed: 6 });
});
