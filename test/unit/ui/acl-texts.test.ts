/** How the page reads and writes what tokens give, says rules in words, and finds what a refusal is about. */
import { describe, expect, test } from 'vitest';
import {
  readNodeIdentity,
  readServiceIdentity,
  readTemplatedPolicy,
  sayGrants,
  sayNodeIdentity,
  sayServiceIdentity,
  sayTemplatedPolicy,
} from '../../../ui/app/grant-texts.ts';
import { lineOfProblem, missingRight, questionsAbout, sayRule } from '../../../ui/app/rule-sentences.ts';
import { jsonProblem } from '../../../ui/parts/json.ts';

describe('what a token gives, as text', () => {
  test('says and reads the same', () => {
    for (const text of ['web', 'web@dc1', 'web@dc1,dc2'])
      expect(sayServiceIdentity(readServiceIdentity(text) ?? { ServiceName: '' })).toBe(text);
    for (const text of ['builtin/dns', 'builtin/service:web', 'builtin/service:web@dc1'])
      expect(sayTemplatedPolicy(readTemplatedPolicy(text) ?? { TemplateName: '' })).toBe(text);
    expect(readNodeIdentity('n1', 'dc1')).toEqual({ NodeName: 'n1', Datacenter: 'dc1' });
    expect(sayNodeIdentity({ NodeName: 'n1', Datacenter: 'dc2' })).toBe('n1@dc2');
  });

  test('what has no name is refused', () => {
    expect(readServiceIdentity('@dc1')).toBeUndefined();
    expect(readNodeIdentity('n1', '')).toBeUndefined();
    expect(readNodeIdentity('n1@dc1,dc2', 'dc1')).toBeUndefined();
    expect(readTemplatedPolicy(':web')).toBeUndefined();
  });

  test('lists everything once', () => {
    const Policies = [{ ID: '1', Name: 'p' }];
    const Roles = [{ ID: '2', Name: 'r' }];
    expect(sayGrants({ Policies, Roles, ServiceIdentities: [{ ServiceName: 'web' }] })).toEqual([
      'p',
      'role r',
      'service web',
    ]);
  });
});

describe('a rule in words', () => {
  test('names what it is about and how far it goes', () => {
    const rule = { Resource: 'key', Match: 'prefix', Name: 'app/', Access: 'write' } as const;
    expect(sayRule(rule)).toBe('May read and change keys whose name begins with “app/”');
    expect(sayRule({ ...rule, Name: '', Access: 'deny' })).toBe('May neither see nor change all keys');
    expect(sayRule({ ...rule, Match: 'exact', Name: 'a', Access: 'list' })).toBe(
      'May read and list the key “a”',
    );
    expect(sayRule({ Resource: 'acl', Match: 'all', Name: '', Access: 'read' })).toBe(
      'May read access control',
    );
  });

  test('the questions about a name fit into one request', () => {
    expect(questionsAbout('web').length).toBeLessThanOrEqual(64);
  });
});

describe('a refusal', () => {
  test('names the right that is missing, and on what', () => {
    expect(
      missingRight(
        `Permission denied: token with AccessorID 'x' lacks permission 'key:write' on "a \\"b\\""`,
      ),
    ).toEqual({ right: 'key:write', name: 'a "b"' });
    expect(missingRight("Permission denied: anonymous token lacks permission 'acl:read'. The …")).toEqual({
      right: 'acl:read',
      name: '',
    });
    expect(missingRight('ACL not found')).toBeUndefined();
  });

  test('of rules names the line', () => {
    expect(lineOfProblem('Failed to parse ACL rules: At 3:5: nonsense')).toBe(3);
    expect(lineOfProblem('Invalid key policy: line 12, key "a": it is "x", not …')).toBe(12);
    expect(lineOfProblem('longer than 131072 characters')).toBeUndefined();
  });
});

describe('what keeps a text from being JSON', () => {
  test('is said with its line', () => {
    expect(jsonProblem('{"a": 1}')).toBeUndefined();
    expect(jsonProblem('{\n  "a": 1,\n  b: 2\n}')?.line).toBe(3);
  });
});
