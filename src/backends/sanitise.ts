/**
 * What must not reach a caller, and what stands in its place. Order matters: whole links before their parts. A container
 * may repeat what its caller sent, megabytes of it: so each pattern is linear, its runs bounded or unable to overlap.
 */
const secrets: readonly (readonly [RegExp, string | ((match: string) => string)])[] = [
  // The tail SageMaker appends to every model error: a console link with region, log group and account.
  [/\.?\s{0,4}See https?:\/\/\S+(?: in account \d{12})?(?: for more information)?\.?/g, '.'],
  [/https?:\/\/[^\s"')]+/g, link => (/amazonaws|aws\.amazon/.test(link) ? '[link]' : link)],
  [/arn:aws[a-z-]*:[^\s"',)]*/g, '[arn]'],
  [/\s{0,4}\(bucket: [^()]*\)/gi, ''],
  [/s3:\/\/[^\s"',)]*/g, '[s3 location]'],
  [/\baccount(?: id)? \d{12}\b/gi, 'the account'],
];
const bareAccount = /(?<!\d)\d{12}(?!\d)/g;

/** Removes accounts, ARNs, links and bucket names from an AWS text, and calls the endpoint by the model's name. */
export function withoutSecrets(text: string, endpoint: string, model: string): string {
  let clean = text;
  for (const [pattern, stand] of secrets)
    clean = typeof stand === 'string' ? clean.replace(pattern, stand) : clean.replace(pattern, stand);
  return clean.replace(endpointName(endpoint), model);
}

/** The same for texts that AWS alone wrote, where a twelve-digit number can only be an account. */
export function withoutSecretsOrNumbers(text: string, endpoint: string, model: string): string {
  return withoutSecrets(text, endpoint, model).replace(bareAccount, '[account]');
}

function endpointName(endpoint: string): RegExp {
  return new RegExp(`(?<![a-zA-Z0-9-])${endpoint.replaceAll('-', '\\-')}(?![a-zA-Z0-9-])`, 'g');
}
