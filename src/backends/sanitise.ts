/** What must not reach a caller, and what stands in its place. Order matters: whole links before their parts. */
const secrets: readonly (readonly [RegExp, string])[] = [
  // The tail SageMaker appends to every model error: a console link with region, log group and account.
  [/\.?\s*See https?:\/\/\S+(?: in account \d{12})?(?: for more information)?\.?/g, '.'],
  [/https?:\/\/[^\s"')]*(?:amazonaws|aws\.amazon)[^\s"')]*/g, '[link]'],
  [/arn:aws[a-z-]*:[^\s"',)]*/g, '[arn]'],
  [/\s*\(bucket: [^)]*\)/gi, ''],
  [/s3:\/\/[^\s"',)]*/g, '[s3 location]'],
  [/\baccount(?: id)? \d{12}\b/gi, 'the account'],
];
const bareAccount = /(?<!\d)\d{12}(?!\d)/g;

/** Removes accounts, ARNs, links and bucket names from an AWS text, and calls the endpoint by the model's name. */
export function withoutSecrets(text: string, endpoint: string, model: string): string {
  let clean = text;
  for (const [pattern, stand] of secrets) clean = clean.replace(pattern, stand);
  return clean.replace(endpointName(endpoint), model);
}

/** The same for texts that AWS alone wrote, where a twelve-digit number can only be an account. */
export function withoutSecretsOrNumbers(text: string, endpoint: string, model: string): string {
  return withoutSecrets(text, endpoint, model).replace(bareAccount, '[account]');
}

function endpointName(endpoint: string): RegExp {
  return new RegExp(`(?<![a-zA-Z0-9-])${endpoint.replaceAll('-', '\\-')}(?![a-zA-Z0-9-])`, 'g');
}
