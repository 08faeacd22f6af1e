/** Messages as SNS signs them, made with OpenSSL's key of `snsCertificate`; the texts signed are those of AWS's guide. */
export const snsCertificateUrl = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem';

const topic = 'arn:aws:sns:us-east-1:123456789012:meridian-async';

/** Signed with `SignatureVersion` 1. */
export const snsNotification = {
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: topic,
  Subject: 'My First Message',
  Message: 'Hello world!\n',
  Timestamp: '2025-10-20T06:48:00.000Z',
  SignatureVersion: '1',
  Signature:
    'rQi+7+TVgdDGZJPcx7yhVrlMrL9R1zMVvYknV/NJbI1RTuFaZyYvtiWVVDDna9Jm6nbUzqUks/5A3btUjLgXegAkjuIfG/EHPFTHc4QIiNEDyDJQw0P8GlQfEf1VjFGDR9Sn4rI6KLTSKTmMY27xGg/TUAcJwLFPdlDlJT+P2IrZbvtLWxbbdg/o0gp+6q1MZ1v3ON0rGOz/yOZK5ug+UTQJr2r9cPa3PCRppI4IJn58CGpcbStYDZHYgSNWPAIdxH8Qem71KjmzYaSXmbIIAPXpOKA/g9V+8C5FT6MkmUAoAx0P9rBlHPArfHDZmm7S7SNc2Bqyv2FumfFEqjgwew==',
  SigningCertURL: snsCertificateUrl,
};

/** The same, with `SignatureVersion` 2. */
export const snsNotification2 = {
  ...snsNotification,
  SignatureVersion: '2',
  Signature:
    'WUyUJeh4CsZaI3f9FEBRR3Sb9PPb4Z0qJ6URv+TPqBcp1KwUUKf4eE1892Fm/xcsmG1jvYlNwM9NbauAM+4zjNyLqzuuEIi+nKf5i9qfPLgHLtmpsQMR9qvSXcfSC8hDK1GRW2AqjI1P3mU3h6k69SacepKQUwnn3P5PG4EI6yxEYewvL3tMffEGwY2wIOpKdBoblCkYU6Ob340yyJzgOLm8W6n9hV3oq+iCgFcTrCpYpYe/h3iI0hsEJhpWBxvj9UXk+qRJhA2J6XinyN5hKBaeWK1p2vioFbJ8fqpxHNna+zM4x3TJlZ9+LAlMgfiviYH/Ciu6FYXIX6hMm10eqw==',
};

/** Signed with `SignatureVersion` 2. */
export const snsConfirmation = {
  Type: 'SubscriptionConfirmation',
  MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
  Token: '2336412f37',
  TopicArn: topic,
  Message: 'You have chosen to subscribe.',
  SubscribeURL:
    'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:123456789012:meridian-async&Token=2336412f37',
  Timestamp: '2025-10-20T06:48:00.000Z',
  SignatureVersion: '2',
  Signature:
    'H8RqCGpFVc/GuBtDL45ijNWyH5xEeMsMTvO0OSVgOmWAfQ8QL2aQtdcPXaOZu6GptY1Y639hz9VSSd33/vtWqnq5YDjogRxioOxm9Qk0aZ4jYcJzgGRCqwUE6F9BCXFtZtei3V1JrIbofIwSNvFoTPtopiY8lhoDxfrcE2auMDBW+NTfEiKq5iiKTDdL3j8c3O1+s8RlEFcPpauu0sZ2d6QJ4JkhjQg9/vW9SdSCEZFvAJrk2uIf/tvvJfAuvFZDlXkp+gNORpdvUda5sdEoVHJ2p5YGylxfTX0Q2wK6Qln530HTDG/u9czJHwk4P3ThzAL4n/99ENO2QJXgRcpIUw==',
  SigningCertURL: snsCertificateUrl,
};

/** Valid for a hundred years. */
export const snsCertificate = `-----BEGIN CERTIFICATE-----
MIIDCTCCAfGgAwIBAgIUZQsqqQx7XVhZtYt1FECS01SM1p8wDQYJKoZIhvcNAQEL
BQAwEzERMA8GA1UEAwwIc25zLnRlc3QwIBcNMjYxMTI3MDk0NjA1WhgPMjEyNjEx
MDMwOTQ2MDVaMBMxETAPBgNVBAMMCHNucy50ZXN0MIIBIjANBgkqhkiG9w0BAQEF
AAOCAQ8AMIIBCgKCAQEAuNubevm7ucHx/zyLIJ1LSgSEt5XrHp9rcvfkAKS8sTZ0
tMbEQM5uLcsSIHVgcyAJlEgv2fcMqATLslsXSyEkqSfKiZcUMAtUUNWApcd6EYtT
bVCtXBCrWThHj21W/37SUMiDq/KguHGjjxQtsnuVcojH+wEPLoYbEE2sSIMIlYdP
5RT0HGmpzrOKkARnI4p3YvdYpi5wF8UbjPFZOtll3qIwE7BAsk+f/LoJkcZXl0x9
58wDlwz5HRkJcIF9zMV7idelG+jVsz/wvJSIkmAF/xSLwA0cC532mZKd7DO73oDS
mHJIib44OlE8QU+gVMWq6xeeFgmmjBI4PKTvbP1W1wIDAQABo1MwUTAdBgNVHQ4E
FgQU09k6Gz7yvX2Bpk0HIIWp/lD9Y0swHwYDVR0jBBgwFoAU09k6Gz7yvX2Bpk0H
IIWp/lD9Y0swDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAtcQb
PLOrJMVDGPDVyVFm2GahquduzoO6CREfAzS5ZM9nztX17j00iqC54qoQB/z69z9b
lqC0Y9GZi9e7OL+JO852j7dyW1u/6FjSGIPeuaBXTa0ux3xfDbg5AuikzFRiJh27
dwiinE5LrMcWsaqYU/QeGCOTmUmRY8MKsKyzmIzhcOx8jERWtU85v7yVpkmrVO2G
lVOiFxz/CoPvw64iwkHLWKi89ylFCxc6KlOqkw9SQjlyxCbPW9uwfLWSpjq9F1Dj
RV3gf8WL0dKRFjzDw+RwNXh5OoU95CRiDD4Z85oYGIMlpVg3QZ7yRH+D/HYqxE4N
PEIKY0RJsi8gmkV/vw==
-----END CERTIFICATE-----
`;
