import { describe, expect, it } from 'vitest';
import { definitionBody } from '../../../src/cli/definition-body.ts';

describe('definitionBody', () => {
  it('writes keys as the API does', () => {
    const file = {
      id: 'w1',
      name: 'web',
      enable_tag_override: true,
      check: { http: 'http://x', tls_skip_verify: true, service_id: 'w1', grpc_use_tls: true, ttl: '1s' },
    };
    expect(definitionBody(file)).toEqual({
      ID: 'w1',
      Name: 'web',
      EnableTagOverride: true,
      Check: { HTTP: 'http://x', TLSSkipVerify: true, ServiceID: 'w1', GRPCUseTLS: true, TTL: '1s' },
    });
  });

  it('leaves keys that belong to the user alone', () => {
    expect(definitionBody({ meta: { my_key: 'v' }, checks: [{ header: { x_y: ['1'] } }] })).toEqual({
      Meta: { my_key: 'v' },
      Checks: [{ Header: { x_y: ['1'] } }],
    });
  });
});
