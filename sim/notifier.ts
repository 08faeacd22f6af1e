import type { Clock } from './clock.ts';
import { type Random, uuid } from './random.ts';
import { certificatePath, snsSigner } from './sns-signing.ts';

/** Posts messages as SNS posts them to an HTTP subscription, signed; tried once. */
export function createNotifier(parts: {
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Where the region is reached. */
  siteUrl(): string;
}): (url: string, message: object) => void {
  const { region, account, clock, random } = parts;
  const signer = snsSigner();
  const topic = `arn:aws:sns:${region}:${account}:meridian-async`;
  return (url, message) => {
    const id = uuid(random);
    const signed = {
      Type: 'Notification',
      MessageId: id,
      TopicArn: topic,
      Message: JSON.stringify(message),
      Timestamp: new Date(clock.wallMs()).toISOString(),
    };
    const body = {
      ...signed,
      SignatureVersion: '2',
      Signature: signer.sign(signed),
      SigningCertURL: parts.siteUrl() + certificatePath,
      UnsubscribeURL: `https://sns.${region}.amazonaws.com/?Action=Unsubscribe`,
    };
    const headers = {
      'content-type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-message-id': id,
      'x-amz-sns-topic-arn': topic,
    };
    fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }).then(
      response => void response.body?.cancel(),
      () => undefined, // a subscriber that is not there misses it, as with SNS in the end
    );
  };
}
