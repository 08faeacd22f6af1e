import { letters, type Random } from './random.ts';

/** A long-lived access key. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
  readonly userName: string;
  /** False gives `AccessDeniedException` on every invocation. Default true. */
  readonly mayInvoke?: boolean;
}

/** A role that can be assumed through STS. */
export interface Role {
  readonly arn: string;
  /** Access keys its trust policy names. */
  readonly trusts: readonly string[];
  /** When set, `AssumeRole` must present the same. */
  readonly externalId?: string;
  /** Web identity tokens its trust policy accepts, as they are. */
  readonly webIdentityTokens?: readonly string[];
  /** Longest session, seconds. Default 3600, as in IAM. */
  readonly maxSessionSeconds?: number;
}

/** Who signed a request: an identity, or a session of a role. */
export interface Principal {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
  readonly arn: string;
  readonly mayInvoke: boolean;
  /** Sessions only. */
  readonly sessionToken?: string;
  readonly expiresAtMs?: number;
}

export interface Session extends Principal {
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

/** All principals of the simulated AWS. Sessions are global, as IAM's are: a token from one region works in another. */
export interface Principals {
  byAccessKey(accessKeyId: string): Principal | undefined;
  role(arn: string): Role | undefined;
  /** Begins a session of `role` that ends at `expiresAtMs` (wall time). */
  openSession(role: Role, sessionName: string, expiresAtMs: number): Session;
}

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function createPrincipals(identities: readonly Identity[], roles: readonly Role[], random: Random): Principals {
  const known = new Map<string, Principal>();
  for (const { accessKeyId, secretAccessKey, account, userName, mayInvoke = true } of identities) {
    known.set(accessKeyId, {
      accessKeyId,
      secretAccessKey,
      account,
      arn: `arn:aws:iam::${account}:user/${userName}`,
      mayInvoke,
    });
  }
  return {
    byAccessKey: accessKeyId => known.get(accessKeyId),
    role: arn => roles.find(role => role.arn === arn),
    openSession: (role, sessionName, expiresAtMs) => {
      const session: Session = {
        accessKeyId: `ASIA${letters(random, upper, 16)}`,
        secretAccessKey: letters(random, base64, 40),
        account: accountOf(role.arn),
        arn: assumedRoleArn(role.arn, sessionName),
        mayInvoke: true,
        sessionToken: letters(random, base64, 200),
        expiresAtMs,
      };
      known.set(session.accessKeyId, session);
      return session;
    },
  };
}

function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

function assumedRoleArn(roleArn: string, sessionName: string): string {
  return `arn:aws:sts::${accountOf(roleArn)}:assumed-role/${roleArn.slice(roleArn.lastIndexOf('/') + 1)}/${sessionName}`;
}
