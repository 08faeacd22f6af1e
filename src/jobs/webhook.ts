import { type Poster, postSigned } from '../backends/post.ts';
import type { Clock } from '../core/clock.ts';
import type { JobsOptions } from './options.ts';

/** Posts a message, signed, to every webhook of its tenant; resolves to whether all took it. */
export async function tellWebhooks(
  { poster, clock }: { readonly poster: Poster; readonly clock: Clock },
  webhooks: JobsOptions['webhooks'],
  tenant: string,
  message: object,
): Promise<boolean> {
  const body = JSON.stringify(message);
  const heard = await Promise.all(
    webhooks
      .filter(each => each.tenant === undefined || each.tenant === tenant)
      .map(webhook => postSigned(poster, clock.wallMs(), webhook, body)),
  );
  return heard.every(ok => ok);
}
