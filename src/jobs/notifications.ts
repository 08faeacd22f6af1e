import type { Poster } from '../backends/post.ts';

/** What taking notifications needs of the rest. */
export interface NotificationPorts {
  readonly topics: readonly string[];
  readonly poster: Pick<Poster, 'visit'>;
  /** Whether SNS signed a message. Never rejects. */
  isSigned(message: unknown): Promise<boolean>;
  /** There is news of this inference id. */
  hint(inferenceId: string): void;
  warn(message: string): void;
}

/** Hosts that SNS lets a subscription be confirmed at: nothing else is visited. */
const snsHost = /^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/**
 * Takes an SNS message of a topic that is awaited, if SNS signed it; false for any other. Nothing in it is believed even
 * so: it makes the gateway look at its own bucket a little sooner.
 */
export async function takeNotification(ports: NotificationPorts, message: unknown): Promise<boolean> {
  const type = textAt(message, 'Type');
  const topic = textAt(message, 'TopicArn');
  if (topic === undefined || !ports.topics.includes(topic) || !(await ports.isSigned(message))) return false;
  if (type === 'SubscriptionConfirmation') {
    const url = confirmationUrl(message);
    if (url !== undefined && (await ports.poster.visit(url))) return true;
    ports.warn(`the subscription to ${topic} could not be confirmed at ${url ?? 'a URL of SNS'}`);
    return true;
  }
  const inferenceId = textAt(parsed(textAt(message, 'Message')), 'inferenceId');
  if (inferenceId !== undefined) ports.hint(inferenceId);
  return true;
}

/** Where a subscription is confirmed, if the message asks for that and the place is SNS's own. */
export function confirmationUrl(message: unknown): string | undefined {
  if (textAt(message, 'Type') !== 'SubscriptionConfirmation') return undefined;
  const url = URL.parse(textAt(message, 'SubscribeURL') ?? '');
  const asked = url?.searchParams;
  if (asked?.get('Action') !== 'ConfirmSubscription' || asked.get('TopicArn') !== textAt(message, 'TopicArn'))
    return undefined; // SNS takes other calls at that address, too
  return url?.protocol === 'https:' && snsHost.test(url.hostname) && url.port === '' ? url.href : undefined;
}

function textAt(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  const found = (value as Record<string, unknown>)[key];
  return typeof found === 'string' ? found : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
