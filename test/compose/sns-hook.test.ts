import { test } from 'tap';
import { snsHook } from '../../src/compose/sns-hook.ts';
import type { SnsSigned } from '../../src/compose/sns-signatures.ts';
import { snsConfirmation, snsNotification } from '../helpers/sns-messages.ts';

const topic = snsNotification.TopicArn;
const sentAtMs = Date.parse(snsNotification.Timestamp);

/** A hook that awaits the topic, at the time the message was sent or so much later. */
function hook({ laterMs = 0, topics = [topic], signed = 'signed' as SnsSigned } = {}) {
  const visited: string[] = [];
  const take = snsHook({
    topics: () => topics,
    isSigned: async () => signed,
    confirm: async url => visited.push(url) > 0,
    wallMs: () => sentAtMs + laterMs,
  });
  return { take, visited };
}

test('a signed message of a topic that is awaited is taken once; until it was acted on it may come again', async t => {
  const { take } = hook();
  const first = await take(snsNotification);
  t.match(first, { kind: 'message', text: snsNotification.Message });
  t.match(await take(snsNotification), { kind: 'message' }, 'the first could not be written down');
  if (first?.kind === 'message') first.settled();
  t.match(await take(snsNotification), { kind: 'nothing', why: 'this message was taken before' });
});

test('what SNS has not signed, of other topics, or of another time is refused', async t => {
  const hour = 3_600_000;
  t.match(await hook({ signed: 'not-signed' }).take(snsNotification), { kind: 'refused', why: /not signed/ });
  t.match(await hook({ topics: [`${topic}-other`] }).take(snsNotification), { kind: 'refused', why: /hooks\.topics/ });
  t.match(await hook({ topics: [] }).take(snsNotification), { kind: 'refused' });
  t.match(await hook({ laterMs: 2 * hour }).take(snsNotification), { kind: 'refused', why: /an hour/ });
  t.match(await hook({ laterMs: -hour }).take(snsNotification), { kind: 'refused' });
  t.match(await hook().take({ ...snsNotification, Timestamp: 'yesterday' }), { kind: 'refused' });
  t.match(await hook({ laterMs: hour }).take(snsNotification), { kind: 'message' }, 'SNS’s last try');
});

test('whatever looks like a message of SNS’s is taken as one or not at all', async t => {
  const { take } = hook({ signed: 'not-signed' });
  const { Signature: _, ...unsigned } = snsNotification;
  for (const posted of [unsigned, { Message: snsNotification.Message }, { TopicArn: topic }, { Type: 'Notification' }])
    t.match(await take(posted), { kind: 'refused' }, JSON.stringify(posted).slice(0, 60));
  for (const posted of [{ 'detail-type': 'x', detail: {} }, 'text', 1, null, undefined, []])
    t.equal(await take(posted), undefined);
});

test('a subscription is confirmed once, at SNS alone; its end is nothing to do', async t => {
  const { take, visited } = hook();
  t.match(await take({ ...snsConfirmation, SubscribeURL: 'https://127.0.0.1/' }), { kind: 'refused' });
  t.same(visited, []);
  t.match(await take(snsConfirmation), { kind: 'confirmation', confirmed: true });
  t.match(await take(snsConfirmation), { kind: 'nothing' });
  t.same(visited, [snsConfirmation.SubscribeURL]);
  t.match(await take({ ...snsNotification, Type: 'UnsubscribeConfirmation' }), { kind: 'nothing' });
});

test('while nobody can tell whether SNS signed it, a message is to be posted again, not refused', async t => {
  const { take } = hook({ signed: 'unknown' });
  t.match(await take(snsNotification), { kind: 'later', why: /post it again/ });
  t.match(await take({ ...snsNotification, TopicArn: 'arn:aws:sns:us-east-1:1:other' }), { kind: 'refused' });
});
