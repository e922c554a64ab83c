/** What reads wait for, and what their answers say of how current they are, by who leads. */
import { describe, expect, test } from 'vitest';
import type { CatalogCopy, CopyStanding } from '../../../src/http/catalog-copy.ts';
import { AppError } from '../../../src/model/errors.ts';
import { startHttp } from '../../support/http-server.ts';

interface Asked extends CatalogCopy {
  readonly asked: string[];
}

function copyOf(standing: CopyStanding, lastContactMs = 41.2, isLoaded = true): Asked {
  const asked: string[] = [];
  return {
    asked,
    standing: () => standing,
    isLoaded: () => isLoaded,
    lastContactMs: () => lastContactMs,
    current: (consistency) => {
      if (standing === 'leaderless') return Promise.reject(new AppError('no_leader', 'No cluster leader'));
      asked.push(consistency);
      return Promise.resolve();
    },
  };
}

const contactOf = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => [
  headers['x-consul-knownleader'],
  headers['x-consul-lastcontact'],
];

describe('a read on a follower', () => {
  test('asks the leader how far it is, and nobody when it may be old', async () => {
    const copy = copyOf('follower');
    const { get } = await startHttp({}, { copy });
    expect(contactOf(await get('/v1/catalog/nodes'))).toEqual(['true', '0']);
    await get('/v1/catalog/nodes?consistent');
    expect(contactOf(await get('/v1/catalog/nodes?stale'))).toEqual(['true', '41']);
    expect(copy.asked).toEqual(['leader', 'consistent']);
  });

  test('asks every time, also for an answer that is kept', async () => {
    const copy = copyOf('follower');
    const { get } = await startHttp({}, { copy });
    for (let i = 0; i < 3; i += 1) await get('/v1/catalog/services');
    expect(copy.asked).toEqual(['leader', 'leader', 'leader']);
  });

  test('that may be old, but not that old, asks the leader', async () => {
    const copy = copyOf('follower', 5_001);
    const { get } = await startHttp({}, { copy });
    await get('/v1/catalog/nodes?max_stale=10s');
    expect(copy.asked).toEqual([]);
    await get('/v1/catalog/nodes?max_stale=5s');
    expect(copy.asked).toEqual(['leader']);
  });

  test('tells how old it is each time, though its rows are the same', async () => {
    let contactMs = 10;
    const copy = { ...copyOf('follower'), lastContactMs: () => contactMs };
    const { get } = await startHttp({}, { copy });
    await get('/v1/catalog/services?stale');
    contactMs = 900;
    expect(contactOf(await get('/v1/catalog/services?stale'))).toEqual(['true', '900']);
  });
});

describe('while nobody leads', () => {
  test('a read is refused with the headers that those who block look at', async () => {
    const { get } = await startHttp({}, { copy: copyOf('leaderless') });
    const answer = await get('/v1/kv/a');
    expect([answer.status, answer.text]).toEqual([500, 'No cluster leader']);
    expect([...contactOf(answer), answer.headers['x-consul-index']]).toEqual(['false', '0', '1']);
  });

  test('what may be old is answered, and says so', async () => {
    const { get } = await startHttp({}, { copy: copyOf('leaderless', 18_777) });
    const answer = await get('/v1/catalog/nodes?stale');
    expect([answer.status, ...contactOf(answer)]).toEqual([200, 'false', '18777']);
  });

  test('but not by a server that has not read the catalog yet: that would be "there is nothing"', async () => {
    const { get } = await startHttp({}, { copy: copyOf('leaderless', 100, false) });
    expect((await get('/v1/catalog/nodes?stale')).text).toBe('No cluster leader');
  });
});

test('the leader asks nobody unless it has to be sure', async () => {
  const copy = {
    ...copyOf('leader', 0),
    current: (what: string) => (what === 'leader' ? undefined : asked()),
  };
  let sure = 0;
  const asked = async (): Promise<void> => {
    sure += 1;
  };
  const { get } = await startHttp({}, { copy });
  for (const url of ['/v1/catalog/services', '/v1/catalog/services?stale']) await get(url);
  expect(sure).toBe(0);
  for (let i = 0; i < 2; i += 1) await get('/v1/catalog/services?consistent');
  expect(sure).toBe(2);
});

test('a read that waited in vain while the leader went says that there is none', async () => {
  let standing: CopyStanding = 'follower';
  const copy = { ...copyOf('follower'), standing: () => standing };
  const { get, clock } = await startHttp({}, { copy });
  const index = (await get('/v1/catalog/services')).headers['x-consul-index'];
  const waiting = get(`/v1/catalog/services?index=${index}&wait=1s`);
  await clock.advanceAndSettle(100);
  standing = 'leaderless';
  await clock.advanceAndSettle(2_000);
  expect(contactOf(await waiting)[0]).toBe('false');
});
