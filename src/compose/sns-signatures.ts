import type { Poster } from '../backends/post.ts';
import type { Clock } from '../core/clock.ts';
import { isSnsSignature, readSnsMessage, snsCertificateUrl } from '../wire/sns-message.ts';

/** SNS has one certificate per region, and renews it about once a year. */
const mostCertificates = 32;
const certificateBytes = 20_000;
/** After a certificate that could not be read: whoever invents addresses must not make us ask for each. */
const againMs = 10_000;

/** What telling SNS's messages from others' needs of the rest. */
export interface SnsPorts {
  readonly clock: Clock;
  readonly poster: Pick<Poster, 'read'>;
  /** SNS's address in a region. */
  snsUrlOf(region: string): string;
}

/** `unknown`: the certificate could not be read now, so nobody can tell yet. */
export type SnsSigned = 'signed' | 'not-signed' | 'unknown';

/** Tells whether SNS signed what was posted. Certificates are read from SNS once, and kept. Never rejects. */
export function snsSignatures({ clock, poster, snsUrlOf }: SnsPorts): (posted: unknown) => Promise<SnsSigned> {
  const certificates = new Map<string, string>();
  let reading: Promise<unknown> = Promise.resolve();
  let askAgainAt = Number.NEGATIVE_INFINITY;
  const read = async (url: string): Promise<void> => {
    if (certificates.has(url) || clock.now() < askAgainAt) return;
    const certificate = await poster.read(url, certificateBytes);
    if (certificate === undefined) {
      askAgainAt = clock.now() + againMs;
      return;
    }
    if (certificates.size >= mostCertificates) certificates.clear();
    certificates.set(url, certificate);
  };
  return async posted => {
    const message = readSnsMessage(posted);
    const url = message && snsCertificateUrl(message, snsUrlOf);
    if (message === undefined || url === undefined) return 'not-signed';
    if (!certificates.has(url)) {
      reading = reading.then(() => read(url)); // one at a time
      await reading;
    }
    const certificate = certificates.get(url);
    if (certificate === undefined) return 'unknown';
    return isSnsSignature(message, certificate) ? 'signed' : 'not-signed';
  };
}
