import { isLoopback } from '../addresses.ts';
import type { Path } from '../findings.ts';
import type { Inspection } from '../inspection.ts';

/** How a kind of URL is spoken of. */
export interface UrlWords {
  readonly example: string;
  /** What takes the place of a user name and password in it. */
  readonly credentials: string;
  /** What would go there unencrypted. */
  readonly what: string;
}

/** A URL can be called, holds no secret, and does not lead off this machine unencrypted. */
export function checkUrl(inspection: Inspection, path: Path, text: string, words: UrlWords): void {
  const url = URL.parse(text);
  if (url === null) {
    inspection.error(path, `found ${inspection.shown(path, text)}`, `expected a URL such as ${words.example}`);
  } else if (url.username !== '' || url.password !== '') {
    const mend = `${words.credentials}; leave them out of the URL`;
    inspection.error(path, 'a URL with a user name or password', mend);
  } else if (url.protocol === 'http:' && !staysHere(url.hostname)) {
    inspection.warning(path, `${words.what} leave this machine unencrypted`, 'write https://');
  }
}

/** Loopback, or a name below `.test`, which no public resolver knows (RFC 6761 §6.2). */
function staysHere(hostname: string): boolean {
  return hostname.endsWith('.test') || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
