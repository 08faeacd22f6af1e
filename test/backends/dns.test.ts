import type { LookupAddress, LookupOptions } from 'node:dns';
import { test } from 'tap';
import { type DnsCache, dnsCache } from '../../src/backends/dns.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const home = 'runtime.sagemaker.us-east-1.amazonaws.com';
const v4 = (...hosts: number[]): LookupAddress[] => hosts.map(host => ({ address: `10.0.0.${host}`, family: 4 }));

interface Question {
  readonly hostname: string;
  answer(addresses: readonly LookupAddress[]): Promise<void>;
  fail(message: string): Promise<void>;
}

/** A cache over a resolver whose every answer the test gives by hand. */
function scene() {
  const clock = manualClock();
  const questions: Question[] = [];
  const settled = () => new Promise<void>(resolve => setImmediate(resolve));
  const cache = dnsCache({
    clock,
    ttlMs: 10_000,
    timeoutMs: 500,
    resolve: hostname =>
      new Promise((resolve, reject) => {
        questions.push({
          hostname,
          answer: addresses => {
            resolve(addresses);
            return settled();
          },
          fail: message => {
            reject(new Error(message));
            return settled();
          },
        });
      }),
  });
  const last = () => questions.at(-1) ?? ({} as Question);
  return { clock, questions, cache, last, settled };
}

/** Addresses, or the message of the error. */
function ask(cache: DnsCache, hostname = home, options: LookupOptions = { all: true }): Promise<unknown> {
  return new Promise(resolve => {
    cache.lookup(hostname, options as never, (error, address) => resolve(error === null ? address : error.message));
  });
}

test('an answer is kept for its time, and identical questions are asked once', async t => {
  const { clock, cache, questions, last } = scene();
  const both = [ask(cache), ask(cache)];
  await last().answer(v4(1));
  t.strictSame(await Promise.all(both), [v4(1), v4(1)]);
  clock.advance(6_999);
  t.strictSame(await ask(cache), v4(1));
  t.equal(questions.length, 1);
});

test('answers are refreshed ahead of their time', async t => {
  const { clock, cache, questions, last } = scene();
  const first = ask(cache);
  await last().answer(v4(1));
  await first;
  clock.advance(7_000);
  t.equal(questions.length, 2, 'asked again without anybody waiting');
  await last().answer(v4(2));
  t.strictSame(await ask(cache), v4(2));
});

test('a name nobody uses is left alone, but not forgotten', async t => {
  const { clock, cache, questions, last } = scene();
  const first = ask(cache);
  await last().answer(v4(1));
  await first;
  for (let second = 0; second < 3_700; second += 7) {
    clock.advance(7_000);
    await last().answer(v4(1));
  }
  const before = questions.length;
  clock.advance(70_000);
  t.equal(questions.length, before);
  const later = ask(cache);
  await last().fail('resolver gone');
  t.strictSame(await later, v4(1));
});

test('the last answer serves, however old, when lookups fail or come back empty', async t => {
  const { clock, cache, last } = scene();
  const first = ask(cache);
  await last().answer(v4(1));
  await first;
  clock.advance(7_000);
  await last().fail('SERVFAIL');
  clock.advance(3_600_000);
  t.strictSame(await ask(cache), v4(1));
  await last().answer([]);
  t.strictSame(await ask(cache), v4(1));
});

test('a failure is over as soon as one lookup succeeds', async t => {
  const { clock, cache, last } = scene();
  const first = ask(cache);
  await last().answer(v4(1));
  await first;
  clock.advance(7_000);
  await last().fail('SERVFAIL');
  clock.advance(7_000);
  await last().answer(v4(3));
  t.strictSame(await ask(cache), v4(3));
});

test('a hanging resolver makes nobody wait who has an old answer', async t => {
  const { clock, cache, last, settled } = scene();
  const first = ask(cache);
  await last().answer(v4(1));
  await first;
  clock.advance(7_000); // the refresh ahead hangs from here on
  clock.advance(7_000);
  t.strictSame(await Promise.race([ask(cache), settled().then(() => 'waits')]), v4(1));
});

test('a hanging resolver costs an unknown name one time limit, and no other name anything', async t => {
  const { clock, cache, questions, last } = scene();
  const hanging = ask(cache, 'hangs.test');
  const other = ask(cache, 'answers.test');
  await last().answer(v4(9));
  t.strictSame(await other, v4(9), 'not behind the hanging one');
  clock.advance(500);
  t.match(await hanging, /hangs\.test: no answer within 500 ms/);
  t.match(await ask(cache, 'hangs.test'), /hangs\.test/, 'and then fails at once');
  t.equal(questions.length, 2, 'one lookup per name is under way at most');
  await questions[0]?.answer(v4(4));
  t.strictSame(await ask(cache, 'hangs.test'), v4(4), 'a late answer still counts');
});

test('a name that cannot be resolved fails at once, and is asked again only a second later', async t => {
  const { clock, cache, questions, last } = scene();
  const first = ask(cache);
  await last().fail('getaddrinfo ENOTFOUND');
  t.equal(await first, 'getaddrinfo ENOTFOUND');
  t.equal(await ask(cache), 'getaddrinfo ENOTFOUND');
  t.equal(questions.length, 1);
  clock.advance(1_000);
  const again = ask(cache);
  await last().answer(v4(1));
  t.strictSame(await again, v4(1));
});

test('addresses pass through unasked', async t => {
  const { cache, questions } = scene();
  t.strictSame(await ask(cache, '127.0.0.1'), [{ address: '127.0.0.1', family: 4 }]);
  t.strictSame(await ask(cache, '::1'), [{ address: '::1', family: 6 }]);
  t.equal(await ask(cache, '::1', {}), '::1');
  t.equal(questions.length, 0);
});

test('lookups of one address or one family get what they ask for', async t => {
  const { cache, last } = scene();
  const single = ask(cache, home, {});
  await last().answer([{ address: '::5', family: 6 }, ...v4(1)]);
  t.equal(typeof (await single), 'string');
  t.strictSame(await ask(cache, home, { all: true, family: 4 }), v4(1));
  t.strictSame(await ask(cache, home, { all: true, family: 6 }), [{ address: '::5', family: 6 }]);
});

test('new connections spread over the addresses of one answer', async t => {
  const { cache, last } = scene();
  const first = ask(cache, home, {});
  await last().answer(v4(1, 2, 3));
  const firsts = [await first, await ask(cache, home, {}), await ask(cache, home, {})];
  t.strictSame(new Set(firsts), new Set(['10.0.0.1', '10.0.0.2', '10.0.0.3']));
});

test('stopping leaves no timer', async t => {
  const { clock, cache, last } = scene();
  const first = ask(cache);
  await last().answer(v4(1));
  await first;
  cache.stop();
  t.equal(clock.timers, 0);
});
