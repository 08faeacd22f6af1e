import type { ConfigData, TestGateway } from './gateway.ts';

export const encryptionKey = 'a test’s own key, thirty-two characters or more';
export const issuing: ConfigData = { issued: { encryptionKey } };

export interface IssuedPair {
  readonly id: string;
  readonly secret: string;
}

/** Asks the admin listener; the parsed answer with its status. */
export async function admin(gateway: TestGateway, path: string, body?: unknown) {
  const answer = await fetch(`${gateway.urls.admin}/admin/${path}`, {
    ...(body !== undefined && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** A key issued by the gateway. Throws when it issues none. */
export async function issue(gateway: TestGateway, grant: ConfigData = { tenant: 'acme' }): Promise<IssuedPair> {
  const { status, body } = await admin(gateway, 'keys/create', grant);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as unknown as IssuedPair;
}
