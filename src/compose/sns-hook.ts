import { confirmationUrl } from '../jobs/notifications.ts';
import { readSnsMessage } from '../wire/sns-message.ts';
import type { SnsSigned } from './sns-signatures.ts';

/** What taking SNS's messages at a hook needs of the rest. */
export interface SnsHookPorts {
  /** Topics that are awaited. */
  topics(): readonly string[];
  /** Whether SNS signed what was posted. Never rejects. */
  isSigned(posted: unknown): Promise<SnsSigned>;
  /** Visits a URL of SNS's that confirms a subscription. */
  confirm(url: string): Promise<boolean>;
  /** Wall-clock ms. */
  wallMs(): number;
}

/** What a posted message of SNS's is. */
export type SnsPosted =
  /** Its `Message`, as text. `settled` is called when it was acted on: from then on it is a repetition. */
  | { readonly kind: 'message'; readonly text: string; settled(): void }
  | { readonly kind: 'confirmation'; readonly confirmed: boolean }
  /** Nothing to do. */
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }
  /** Nobody can tell now: SNS posts it again if it is told so, and never if it is refused. */
  | { readonly kind: 'later'; readonly why: string };

/** SNS tries for an hour at most (delivery policies: "the total time may not exceed 3,600 seconds"); clocks differ. */
const oldestMs = 3_600_000 + 300_000;
const earliestMs = 300_000;
/** Messages remembered: what is repeated after so many others is only as harmless as an event that comes twice. */
const mostRemembered = 10_000;

/**
 * Reads SNS's messages: of topics that are awaited, signed by SNS, of this hour, each once. What is posted is undefined for
 * the reader when it is none of SNS's.
 */
export function snsHook(ports: SnsHookPorts): (posted: unknown) => Promise<SnsPosted | undefined> {
  const known = new Set<string>();
  const remember = (id: string) => {
    known.add(id);
    const [oldest] = known;
    if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest);
  };
  return async posted => {
    const message = readSnsMessage(posted);
    if (message === undefined || !isOfSns(message)) return undefined;
    const { Type: type, TopicArn: topic = '', Timestamp: time = '', MessageId: id = '', Message: text = '' } = message;
    const refused = (why: string): SnsPosted => ({ kind: 'refused', why });
    if (!ports.topics().includes(topic)) return refused('No such topic is awaited here: hooks.topics lists them.');
    const signed = await ports.isSigned(posted);
    if (signed === 'unknown') return { kind: 'later', why: 'SNS’s certificate cannot be read now: post it again.' };
    if (signed === 'not-signed') return refused('SNS has not signed this.');
    const ageMs = ports.wallMs() - Date.parse(time);
    if (!(ageMs <= oldestMs && ageMs >= -earliestMs)) return refused(`This is of ${time}: SNS tries for an hour.`);
    if (known.has(id)) return { kind: 'nothing', why: 'this message was taken before' };
    if (type === 'SubscriptionConfirmation') {
      const url = confirmationUrl(posted);
      if (url === undefined) return refused('A subscription is confirmed at SNS’s own address alone.');
      const confirmed = await ports.confirm(url);
      if (confirmed) remember(id);
      return { kind: 'confirmation', confirmed };
    }
    if (type !== 'Notification') return { kind: 'nothing', why: `a message of type ${type}` };
    return { kind: 'message', text, settled: () => remember(id) };
  };
}

/** Whether it is, or claims to be, a message of SNS's: then it is taken as one or not at all. */
function isOfSns(message: Readonly<Record<string, string>>): boolean {
  return ['Type', 'TopicArn', 'Signature', 'Message'].some(name => message[name] !== undefined);
}
