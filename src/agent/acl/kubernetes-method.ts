/**
 * The auth method `kubernetes`: the cluster's API server says whose service account a token is (TokenReview), and the
 * account itself may carry another name for its service.
 */
import { AppError } from '../../model/errors.ts';
import type { JsonObject } from '../../model/types.ts';
import type { AuthMethod } from './auth-method.ts';
import { fetchJson } from './fetch-json.ts';

const MEMBERS = ['Host', 'CACert', 'ServiceAccountJWT'] as const;

/** Octets of a token; those of accounts have some 1,000. */
const MAX_TOKEN_LENGTH = 16 * 1024;
/** What a service account says its service is called. */
const NAME_ANNOTATION = 'consul.hashicorp.com/service-name';
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const objectOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};

function problem(config: JsonObject): string | undefined {
  for (const [name, value] of Object.entries(config)) {
    if (!MEMBERS.some((known) => known === name)) return `Config has an unknown member "${name}"`;
    if (typeof value !== 'string') return `Config member "${name}" has a wrong type`;
  }
  if (!/^https?:\/\/\S+$/.test(textOf(config['Host'])))
    return 'Config.Host is required, as https://address:port';
  if (
    config['CACert'] !== undefined &&
    config['CACert'] !== '' &&
    !textOf(config['CACert']).includes('BEGIN CERTIFICATE')
  )
    return 'Config.CACert holds no certificate in PEM form';
  return textOf(config['ServiceAccountJWT']) === '' ? 'Config.ServiceAccountJWT is required' : undefined;
}

function forbid(why: string, cause?: unknown): never {
  throw new AppError('forbidden', `Permission denied: ${why}`, { cause });
}

async function ask(config: JsonObject, path: string, body?: object): Promise<JsonObject> {
  const host = textOf(config['Host']).replace(/\/$/, '');
  try {
    return await fetchJson({
      url: `${host}${path}`,
      ca: textOf(config['CACert']),
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${textOf(config['ServiceAccountJWT'])}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    return forbid('the cluster could not be asked about the token', cause);
  }
}

/** The account behind a token, as the cluster says. */
async function reviewed(config: JsonObject, bearerToken: string): Promise<JsonObject> {
  const review = await ask(config, '/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: bearerToken },
  });
  const status = objectOf(review['status']);
  if (status['authenticated'] !== true || textOf(status['error']) !== '')
    return forbid('lookup failed: service account jwt not valid');
  return objectOf(status['user']);
}

const logIn: AuthMethod['logIn'] = async (config, bearerToken) => {
  if (bearerToken === '' || bearerToken.length > MAX_TOKEN_LENGTH)
    return forbid('there is no token of an account');
  const user = await reviewed(config, bearerToken);
  const [, namespace = '', name = ''] = ACCOUNT.exec(textOf(user['username'])) ?? [];
  if (name === '') return forbid('lookup failed: the token is not that of a service account');
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}`;
  const account = objectOf((await ask(config, path))['metadata']);
  const told = textOf(objectOf(account['annotations'])[NAME_ANNOTATION]);
  return {
    values: {
      'serviceaccount.namespace': namespace,
      'serviceaccount.name': told || name,
      'serviceaccount.uid': textOf(user['uid']),
    },
    lists: {},
  };
};

export const kubernetesMethod: AuthMethod = {
  problem,
  claimNames: () => ({
    values: ['serviceaccount.namespace', 'serviceaccount.name', 'serviceaccount.uid'],
    lists: [],
  }),
  logIn,
};
