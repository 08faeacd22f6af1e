import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Where a region shows what its messages can be verified with. */
export const certificatePath = '/SimpleNotificationService-0123456789abcdef.pem';

/** Signs as SNS does, `SignatureVersion` 2. */
export interface SnsSigner {
  /** Base64. @param fields of the message, whichever of them are signed */
  sign(fields: Readonly<Record<string, string>>): string;
  /** PEM of the key alone: whoever verifies needs no more of SNS's certificate. */
  certificate(): string;
}

const signedNames = ['Message', 'MessageId', 'SubscribeURL', 'Subject', 'Timestamp', 'Token', 'TopicArn', 'Type'];

let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;

/** One key for all regions of the process, made when it is first needed: that takes a while. */
export function snsSigner(): SnsSigner {
  const keys = () => {
    pair ??= generateKeyPairSync('rsa', { modulusLength: 2_048 });
    return pair;
  };
  return {
    sign: fields => {
      const lines = signedNames.filter(name => name in fields).map(name => `${name}\n${fields[name]}\n`);
      return sign('RSA-SHA256', Buffer.from(lines.join('')), keys().privateKey).toString('base64');
    },
    certificate: () => keys().publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
