import { createHash, createHmac } from 'node:crypto';
import { wireRequest } from './payload.ts';

/** A caller's key pair. */
export interface Pair {
  readonly id: string;
  readonly secret: string;
}

/** One request signed now, with the headers boto3 signs; good for five minutes. */
export function signedRequest(path: string, body: string, { id, secret }: Pair): Buffer {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/us-east-1/sagemaker/aws4_request`;
  const names = 'content-type;host;x-amz-date';
  const headers = `content-type:application/json\nhost:127.0.0.1\nx-amz-date:${time}\n`;
  const canonical = `POST\n${path}\n\n${headers}\n${names}\n${sha256(body)}`;
  let key = createHmac('sha256', `AWS4${secret}`).update(time.slice(0, 8)).digest();
  for (const part of ['us-east-1', 'sagemaker', 'aws4_request']) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`)
    .digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return wireRequest(path, { 'x-amz-date': time, authorization }, body);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
