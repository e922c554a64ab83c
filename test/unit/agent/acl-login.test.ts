/** Logins: tokens that somebody else has signed, and service accounts that a cluster knows. */
import { createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { jwtMethod } from '../../../src/agent/acl/jwt-method.ts';
import { KeySets } from '../../../src/agent/acl/key-sets.ts';
import { kubernetesMethod } from '../../../src/agent/acl/kubernetes-method.ts';
import { manualClock } from '../../support/manual-clock.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const NOW = NOW_MS / 1_000;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims: object, { alg = 'RS256', key = rsa.privateKey, kid = '' } = {}): string {
  const signed = `${part({ alg, ...(kid && { kid }) })}.${part(claims)}`;
  const signature =
    alg === 'ES256'
      ? sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
      : createSign('sha256').update(signed).sign(key);
  return `${signed}.${signature.toString('base64url')}`;
}

const CLAIMS = {
  iss: 'https://idp',
  aud: 'consul',
  iat: NOW,
  exp: NOW + 600,
  sub: 'Bob',
  n: 7,
  deep: { team: 'red' },
  groups: 'dev',
};
const CONFIG = {
  JWTValidationPubKeys: [pem(rsa.publicKey)],
  BoundIssuer: 'https://idp',
  BoundAudiences: ['consul', 'else'],
  ClaimMappings: { sub: 'user', n: 'number', '/deep/team': 'team', missing: 'none' },
  ListClaimMappings: { groups: 'groups' },
};

function parts() {
  const clock = manualClock();
  return { clock: { now: () => NOW_MS }, keySets: new KeySets(clock), manual: clock };
}

const logIn = (token: string, config: object = CONFIG, given = parts()) =>
  jwtMethod.logIn({ ...config }, token, given);

describe('jwt', () => {
  test('claims become values and lists, whatever they are', async () => {
    expect(await logIn(jwt(CLAIMS))).toEqual({
      values: { user: 'Bob', number: '7', team: 'red', none: '' },
      lists: { groups: ['dev'] },
    });
  });

  test.each<[string, string, RegExp]>([
    ['no JWT', 'abc', /error parsing token/],
    [
      'another key',
      jwt(CLAIMS, { key: other.privateKey }),
      /no known key successfully validated the token signature/,
    ],
    [
      'an algorithm that is not allowed',
      jwt(CLAIMS, { alg: 'ES256', key: ec.privateKey }),
      /algorithm is not allowed/,
    ],
    ['no signature', `${part({ alg: 'none' })}.${part(CLAIMS)}.x`, /algorithm is not allowed/],
    ['a shared secret', jwt(CLAIMS).replace(/^[^.]+/, part({ alg: 'HS256' })), /algorithm is not allowed/],
    [
      'other claims under the signature',
      jwt(CLAIMS).replace(/\.[^.]+\./, `.${part({ ...CLAIMS, sub: 'eve' })}.`),
      /signature/,
    ],
    [
      'extensions that must be understood',
      `${part({ alg: 'RS256', crit: ['x'] })}.${part(CLAIMS)}.eA`,
      /error parsing token/,
    ],
    ['another issuer', jwt({ ...CLAIMS, iss: 'x' }), /error validating claims: wrong issuer/],
    ['another audience', jwt({ ...CLAIMS, aud: ['x'] }), /wrong audience/],
    ['one that has expired', jwt({ ...CLAIMS, exp: NOW - 61 }), /has expired/],
    ['one that begins later', jwt({ ...CLAIMS, nbf: NOW + 61 }), /not valid yet/],
    ['no time at all', jwt({ iss: 'https://idp', aud: 'consul' }), /no issue time/],
    [
      'one that was issued long ago without an end',
      jwt({ ...CLAIMS, exp: undefined, iat: NOW - 3_600 }),
      /has expired/,
    ],
    ['a claim that is no text', jwt({ ...CLAIMS, sub: { a: 1 } }), /error converting claim "sub"/],
  ])('%s is refused', async (_what, token, refusal) => {
    await expect(logIn(token)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(refusal),
    });
  });

  test('clocks may differ by a minute', async () => {
    await expect(logIn(jwt({ ...CLAIMS, exp: NOW - 59 }))).resolves.toBeDefined();
    await expect(logIn(jwt({ ...CLAIMS, nbf: NOW + 59 }))).resolves.toBeDefined();
  });

  test('keys that are published are asked for once, and again for a key that is new', async () => {
    const published = [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'one' }];
    let asked = 0;
    const server = http.createServer((request, response) => {
      if (request.url === '/keys') asked += 1;
      const { port } = server.address() as AddressInfo;
      const isDiscovery = request.url === '/.well-known/openid-configuration';
      response.end(
        JSON.stringify(isDiscovery ? { jwks_uri: `http://127.14.0.9:${port}/keys` } : { keys: published }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.14.0.9', resolve));
    const url = `http://127.14.0.9:${(server.address() as AddressInfo).port}`;
    const { JWTValidationPubKeys: _keys, ...rest } = CONFIG;
    const given = parts();
    const config = { ...rest, OIDCDiscoveryURL: url };
    await logIn(jwt(CLAIMS, { kid: 'one' }), config, given);
    await logIn(jwt(CLAIMS, { kid: 'one' }), config, given);
    expect(asked).toBe(1);
    const fresh = jwt(CLAIMS, { kid: 'two', key: other.privateKey });
    await expect(logIn(fresh, config, given)).rejects.toThrow(/signature/);
    expect(asked).toBe(1); // made-up key ids cost nothing for a while
    published.push({ ...other.publicKey.export({ format: 'jwk' }), kid: 'two' });
    given.manual.advance(10_001);
    await expect(logIn(fresh, config, given)).resolves.toBeDefined();
    expect(asked).toBe(2);
    await new Promise((resolve) => server.close(resolve));
    await expect(logIn(jwt(CLAIMS), { ...rest, JWKSURL: `${url}/keys` })).rejects.toThrow(
      /keys of the provider/,
    );
  });

  test.each<[object, RegExp]>([
    [{}, /^exactly one of/],
    [{ ...CONFIG, JWKSURL: 'http://a/' }, /^exactly one of/],
    [{ JWTValidationPubKeys: ['zz'] }, /^error parsing public key/],
    [{ ...CONFIG, Foo: 1 }, /unknown member "Foo"/],
    [{ ...CONFIG, BoundAudiences: 'x' }, /"BoundAudiences" has a wrong type/],
    [{ ...CONFIG, JWTSupportedAlgs: ['HS256'] }, /Invalid supported algorithm: HS256/],
    [{ JWKSURL: 'file:///etc/passwd' }, /no address of http/],
    [{ ...CONFIG, ClaimMappings: { sub: 'a-b' } }, /is no name/],
  ])('a configuration %j is refused', (config, refusal) => {
    expect(jwtMethod.problem({ ...config })).toMatch(refusal);
  });
});

describe('kubernetes', () => {
  async function cluster(review: object) {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      const isReview = request.url === '/apis/authentication.k8s.io/v1/tokenreviews';
      const account = { metadata: { annotations: { 'consul.hashicorp.com/service-name': 'shop' } } };
      response.writeHead(isReview ? 201 : 200).end(JSON.stringify(isReview ? { status: review } : account));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.14.0.9', resolve));
    const { port } = server.address() as AddressInfo;
    const config = { Host: `http://127.14.0.9:${port}`, ServiceAccountJWT: 'reviewer' };
    return { seen, config, close: () => new Promise((resolve) => server.close(resolve)) };
  }

  test('the cluster says whose account a token is, and the account what its service is called', async () => {
    const user = { username: 'system:serviceaccount:prod:web', uid: 'u-1' };
    const { seen, config, close } = await cluster({ authenticated: true, user });
    expect(await kubernetesMethod.logIn(config, 'account-token', parts())).toEqual({
      values: {
        'serviceaccount.namespace': 'prod',
        'serviceaccount.name': 'shop',
        'serviceaccount.uid': 'u-1',
      },
      lists: {},
    });
    expect(seen).toEqual([
      'POST /apis/authentication.k8s.io/v1/tokenreviews Bearer reviewer',
      'GET /api/v1/namespaces/prod/serviceaccounts/web Bearer reviewer',
    ]);
    await close();
  });

  test.each([
    [{ authenticated: false }, /service account jwt not valid/],
    [{ authenticated: true, error: 'expired', user: { username: 'system:serviceaccount:a:b' } }, /not valid/],
    [{ authenticated: true, user: { username: 'alice' } }, /not that of a service account/],
  ])('a review of %j is refused', async (review, refusal) => {
    const { config, close } = await cluster(review);
    await expect(kubernetesMethod.logIn(config, 't', parts())).rejects.toThrow(refusal);
    await close();
  });

  test('what cannot be a configuration is refused', () => {
    expect(kubernetesMethod.problem({ Host: 'k8s', ServiceAccountJWT: 'x' })).toMatch(/Config.Host/);
    expect(kubernetesMethod.problem({ Host: 'https://k8s' })).toMatch(/ServiceAccountJWT is required/);
    expect(kubernetesMethod.problem({ Host: 'https://k8s', ServiceAccountJWT: 'x', CACert: 'no' })).toMatch(
      /CACert/,
    );
  });
});
