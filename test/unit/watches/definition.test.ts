import { describe, expect, it } from 'vitest';
import { decodeWatch } from '../../../src/watches/definition.ts';

const key = { type: 'key', key: 'a' };
const http = (config: unknown) => ({ ...key, handler_type: 'http', http_handler_config: config });

describe('decodeWatch', () => {
  it.each([
    [{ ...key, args: ['/bin/x', '-v'] }, ['/bin/x', '-v']],
    [{ ...key, args: '/bin/x' }, ['/bin/x']],
    [{ ...key, handler: 'x | y', handler_type: 'script' }, ['/bin/sh', '-c', 'x | y']],
  ])('reads the program of %j', (document, args) => {
    expect(decodeWatch(document)).toMatchObject({ handler: { kind: 'program', args }, token: '' });
  });

  it('reads an address with the defaults of Consul', () => {
    expect(decodeWatch(http({ path: 'http://localhost/x' })).handler).toEqual({
      kind: 'http',
      url: 'http://localhost/x',
      method: 'POST',
      headers: {},
      timeoutMs: 10_000,
      isCertificateChecked: true,
    });
  });

  it('reads an address with everything, as HCL nests it', () => {
    const config = [
      {
        path: 'https://h/x',
        method: 'put',
        header: [{ 'x-a': ['1', '2'] }],
        timeout: '3s',
        tls_skip_verify: true,
      },
    ];
    expect(decodeWatch({ ...http(config), token: 't' })).toMatchObject({
      token: 't',
      handler: {
        method: 'PUT',
        headers: { 'x-a': ['1', '2'] },
        timeoutMs: 3_000,
        isCertificateChecked: false,
      },
    });
  });

  it.each([
    [key, 'Must define a watch handler'],
    [{ ...key, args: ['a'], handler: 'b' }, 'Only one watch handler allowed'],
    [{ ...http({ path: 'http://x' }), args: ['a'] }, 'Only one watch handler allowed'],
    [{ ...key, handler: ['a'] }, 'Watch handler must be a string'],
    [{ ...key, args: [1] }, 'args: must be a text or a list of texts'],
    [{ ...key, args: [] }, 'args: must be a text or a list of texts'],
    [{ ...key, handler_type: 'zz', args: ['a'] }, "Handler type 'zz' not recognized"],
    [{ ...key, handler_type: 'http' }, "Handler type 'http' requires 'http_handler_config' to be set"],
    [http({}), "Failed to parse 'http_handler_config': Requires 'path' to be set"],
    [http({ path: 'ftp://x' }), 'http_handler_config.path: must be an http or https address'],
    [http({ path: 'http://x', timeout: 3 }), 'http_handler_config.timeout: must be a duration'],
    [http({ path: 'http://x', tls_skip_verify: 'no' }), 'http_handler_config.tls_skip_verify: must be'],
    [http({ path: 'http://x', header: { a: 1 } }), 'http_handler_config.header.a: must be a text'],
    [http({ path: 'http://x', metod: 'GET' }), 'unknown key metod (did you mean method?)'],
    [{ ...key, args: ['a'], http_handler_config: {} }, "http_handler_config: needs handler_type 'http'"],
    [{ ...key, args: ['a'], token: 1 }, 'token: must be a text'],
    [{ type: 'key', args: ['a'] }, 'Must specify a single key to watch'],
  ])('refuses %j', (document, text) => {
    expect(() => decodeWatch(document)).toThrow(text);
  });
});
