import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SageMakerClient, type SageMakerClientConfig } from '@aws-sdk/client-sagemaker';
import {
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  SageMakerRuntimeClient,
  type SageMakerRuntimeClientConfig,
} from '@aws-sdk/client-sagemaker-runtime';
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Test } from 'tap';
import type { Simulator } from '../../sim/simulator.ts';

export const demoCredentials = { accessKeyId: 'demo', secretAccessKey: 'demo' };

/** An unmodified SageMaker Runtime client, signing as `demo` and trying once. */
export function runtimeClient(
  t: Test,
  simulator: Simulator,
  region = 'us-east-1',
  config: Partial<SageMakerRuntimeClientConfig> = {},
): SageMakerRuntimeClient {
  const base = { region, endpoint: simulator.url(region), credentials: demoCredentials, maxAttempts: 1 };
  const client = new SageMakerRuntimeClient({ ...base, ...config });
  t.teardown(() => client.destroy());
  return client;
}

/** A Bedrock Runtime client on HTTP/1.1, which is all the stand-in speaks, signing as `demo` and trying once. */
export function bedrockClient(
  t: Test,
  simulator: Simulator,
  region = 'us-east-1',
  config: Partial<BedrockRuntimeClientConfig> = {},
): BedrockRuntimeClient {
  const base = { region, endpoint: simulator.url(region), credentials: demoCredentials, maxAttempts: 1 };
  const client = new BedrockRuntimeClient({ ...base, requestHandler: new NodeHttpHandler(), ...config });
  t.teardown(() => client.destroy());
  return client;
}

/** An unmodified S3 client for one region, signing as `demo` and trying once. */
export function s3Client(
  t: Test,
  simulator: Simulator,
  region = 'us-east-1',
  config: Partial<S3ClientConfig> = {},
): S3Client {
  const base = { region, endpoint: simulator.url(region), credentials: demoCredentials, maxAttempts: 1 };
  const client = new S3Client({ ...base, forcePathStyle: true, ...config });
  t.teardown(() => client.destroy());
  return client;
}

/** An unmodified client of SageMaker's control plane in one region, signing as `demo` and trying once. */
export function sagemakerClient(
  t: Test,
  simulator: Simulator,
  region = 'us-east-1',
  config: Partial<SageMakerClientConfig> = {},
): SageMakerClient {
  const base = { region, endpoint: simulator.url(region), credentials: demoCredentials, maxAttempts: 1 };
  const client = new SageMakerClient({ ...base, ...config });
  t.teardown(() => client.destroy());
  return client;
}

/** An unmodified STS client for one region, signing as `demo` and trying once. */
export function stsClient(
  t: Test,
  simulator: Simulator,
  region = 'us-east-1',
  config: Partial<STSClientConfig> = {},
): STSClient {
  const base = { region, endpoint: simulator.url(region), credentials: demoCredentials, maxAttempts: 1 };
  const client = new STSClient({ ...base, ...config });
  t.teardown(() => client.destroy());
  return client;
}

/** Invokes an endpoint with a short text. */
export function invoke(
  client: SageMakerRuntimeClient,
  endpoint: string,
  input: Partial<InvokeEndpointCommandInput> = {},
) {
  return client.send(new InvokeEndpointCommand({ EndpointName: endpoint, Body: Buffer.from('hello'), ...input }));
}

export interface Failure extends Error {
  readonly [member: string]: unknown;
}

/** The error a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Failure> {
  const error = await promise.then(
    () => new Error('expected a rejection'),
    (reason: unknown) => reason,
  );
  return error as Failure;
}

export interface RawRequest {
  readonly method?: string;
  /** Percent-encoded path, as it goes over the wire. */
  readonly path: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly region?: string;
  readonly service?: string;
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  readonly signedAt?: Date;
  /** False: as boto3, without the header x-amz-content-sha256. */
  readonly hashHeader?: boolean;
}

/** The hash the signer asks for: plain, or keyed when it has a secret. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

/** Headers of a request signed with the SDK's own signer, for requests that no client would send. */
export async function signedHeaders(url: string, request: RawRequest): Promise<Record<string, string>> {
  const {
    method = 'POST',
    path,
    query = {},
    headers = {},
    body = '',
    region = 'us-east-1',
    service = 'sagemaker',
  } = request;
  const { host, hostname, port, protocol } = new URL(url);
  const signer = new SignatureV4({
    credentials: request.credentials ?? demoCredentials,
    region,
    service,
    sha256: Sha256,
    applyChecksum: request.hashHeader ?? true,
  });
  const signed = await signer.sign(
    { method, protocol, hostname, port: Number(port), path, query, headers: { host, ...headers }, body },
    request.signedAt === undefined ? {} : { signingDate: request.signedAt },
  );
  return signed.headers;
}

export interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends these bytes under these headers; the path goes out as it is. */
export function rawPost(url: string, path: string, headers: Record<string, string>, body = ''): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { path, method: 'POST', headers, agent: false }, async response => {
      const chunks = await response.toArray().catch(reject);
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks ?? []).toString() });
    });
    request.on('error', reject).end(body);
  });
}

/** Signs and sends. */
export async function signedPost(url: string, request: RawRequest): Promise<RawAnswer> {
  return rawPost(url, request.path, await signedHeaders(url, request), request.body);
}
