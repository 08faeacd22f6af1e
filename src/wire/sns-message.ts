import { verify } from 'node:crypto';

/** An SNS message as it is posted without raw delivery: a flat object of texts. */
export type SnsMessage = Readonly<Record<string, string>>;

/** What is signed, by `Type`, in this order (SNS Developer Guide, "Verifying the signatures of Amazon SNS messages"). */
const signedFields: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
};
/** By `SignatureVersion`. */
const digests: Readonly<Record<string, string>> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };
const certificatePath = /^\/SimpleNotificationService-[0-9A-Za-z]+\.pem$/;

/** The texts of a message that was posted; undefined for what is no object. */
export function readSnsMessage(posted: unknown): SnsMessage | undefined {
  if (typeof posted !== 'object' || posted === null || Array.isArray(posted)) return undefined;
  const texts = Object.entries(posted).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}

/** The text whose signature a message carries; undefined when its type is none of SNS's. */
export function snsSignedText(message: SnsMessage): string | undefined {
  const { Type: type = '' } = message;
  const names = Object.hasOwn(signedFields, type) ? signedFields[type] : undefined;
  return names
    ?.filter(name => message[name] !== undefined)
    .map(name => `${name}\n${message[name]}\n`)
    .join('');
}

/**
 * Where the certificate of a message is to be read, if that is at SNS: of its topic's region, under the name that SNS
 * gives its certificates.
 * @param snsUrlOf SNS's address in a region
 */
export function snsCertificateUrl(message: SnsMessage, snsUrlOf: (region: string) => string): string | undefined {
  const [, region] = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):/.exec(message['TopicArn'] ?? '') ?? [];
  const url = URL.parse(message['SigningCertURL'] ?? '');
  if (region === undefined || url === null || url.origin !== URL.parse(snsUrlOf(region))?.origin) return undefined;
  const isPlain = url.username === '' && url.password === '' && url.search === '';
  return isPlain && certificatePath.test(url.pathname) ? url.href : undefined;
}

/** Whether the holder of a certificate (PEM) signed the message. */
export function isSnsSignature(message: SnsMessage, certificate: string): boolean {
  const text = snsSignedText(message);
  const digest = digests[message['SignatureVersion'] ?? ''];
  if (text === undefined || digest === undefined) return false;
  const signature = Buffer.from(message['Signature'] ?? '', 'base64');
  try {
    return verify(digest, Buffer.from(text), certificate, signature);
  } catch {
    return false; // what was read is no certificate
  }
}
