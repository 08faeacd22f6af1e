import { createHmac } from 'node:crypto';
import type { Poster } from '../backends/post.ts';
import type { Clock } from '../core/clock.ts';
import type { JobsOptions } from './options.ts';

/**
 * Posts a message to every webhook of its tenant; resolves to whether all took it. The signature covers the time, so
 * that an old message cannot be played again: `t=<seconds>,v1=<hex HMAC-SHA-256 of "<seconds>.<body>">`.
 */
export async function tellWebhooks(
  { poster, clock }: { readonly poster: Poster; readonly clock: Clock },
  webhooks: JobsOptions['webhooks'],
  tenant: string,
  message: object,
): Promise<boolean> {
  const body = JSON.stringify(message);
  const seconds = Math.floor(clock.wallMs() / 1_000);
  const heard = await Promise.all(
    webhooks
      .filter(each => each.tenant === undefined || each.tenant === tenant)
      .map(({ url, secret }) => {
        const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
        const headers = {
          'content-type': 'application/json',
          'x-meridian-signature': `t=${seconds},v1=${signature}`,
        };
        return poster.post(url, headers, body);
      }),
  );
  return heard.every(ok => ok);
}
