/** What rules say before they are stored: the same words and the same decisions as after, and nothing is written. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type AclServer, ROOT, startAclServer } from '../../support/acl-server.ts';

let server: AclServer;
beforeEach(async () => {
  server = await startAclServer();
  return () => server.app.close();
});

const preview = async (body: unknown, token = ROOT) =>
  server.as(token).post('/v1/internal/acl/preview', body);

describe('a preview of rules', () => {
  test('names each rule and decides by them alone', async () => {
    const Rules =
      'key_prefix "app/" { policy = "write" }\nservice "web" { policy = "read" intentions = "deny" }\nacl = "read"';
    const Questions = [
      { Resource: 'key', Segment: 'app/limit', Access: 'write' },
      { Resource: 'service', Segment: 'web', Access: 'write' },
      { Resource: 'node', Segment: 'n1', Access: 'read' },
    ];
    const answer = await preview({ Rules, Questions });
    expect(answer.status).toBe(200);
    const document = answer.json() as { Decisions: readonly unknown[] };
    expect(document).toMatchObject({
      Problem: '',
      Rules: [
        { Resource: 'key', Match: 'prefix', Name: 'app/', Access: 'write' },
        { Resource: 'service', Match: 'exact', Name: 'web', Access: 'read', Intentions: 'deny' },
        { Resource: 'acl', Match: 'all', Name: '', Access: 'read' },
      ],
    });
    expect(document.Decisions).toMatchObject([
      { Allow: true, Rule: { Text: 'key_prefix "app/"', From: ['these rules'] } },
      { Allow: false, Reason: 'service "web" says read, in these rules' },
      { Allow: false, Reason: 'no rule: the default policy is deny' },
    ]);
  });

  test('says what is wrong in the words of the refusal, with the line', async () => {
    const Rules = '\n\nkey "a" { policy = "all" }';
    const { Problem } = (await preview({ Rules })).json() as { Problem: string };
    expect(Problem).toContain('line 3');
    const refused = await server.as(ROOT).put('/v1/acl/policy', { Name: 'p', Rules });
    expect(refused.status).toBe(500);
    expect(refused.text).toBe(Problem);
  });

  test('is for who may read access control, and asks no more than a few questions', async () => {
    const weak = await server.grant('key_prefix "" { policy = "write" }');
    expect((await preview({ Rules: '' }, weak)).status).toBe(403);
    expect((await preview({ Rules: '' }, '')).status).toBe(403);
    const Questions = Array.from({ length: 65 }, () => ({ Resource: 'key', Segment: 'a', Access: 'read' }));
    expect((await preview({ Rules: '', Questions })).status).toBe(400);
  });
});

describe('who may', () => {
  test('names no more tokens than were asked for, and all of them without a limit', async () => {
    for (let n = 0; n < 40; n++) await server.grant('key "a" { policy = "read" }');
    await server.grant('key "b" { policy = "read" }');
    const ask = async (limit: string) =>
      server.as(ROOT).get(`/v1/internal/acl/who-may?resource=key&segment=a${limit}`);
    expect((await ask('')).json()).toHaveLength(41);
    expect((await ask('&limit=7')).json()).toHaveLength(7);
    expect((await ask('&limit=none')).status).toBe(400);
  });
});
