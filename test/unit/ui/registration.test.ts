/** The form of a registration: every kind of check as the API takes it, and mistakes in plain words. */
import { describe, expect, test } from 'vitest';
import { dashboardOf } from '../../../ui/app/dashboard-link.ts';
import {
  CHECK_KINDS,
  durationMs,
  nameWarning,
  problemsOf,
  type Registration,
  registrationBody,
} from '../../../ui/app/registration.ts';

const FORM: Registration = {
  name: 'web',
  id: '',
  address: '',
  port: '',
  tags: [],
  check: '',
  fields: {},
  interval: '10s',
  timeout: '',
  deregisterAfter: '',
};

/** What somebody types who fills in every required field. */
const TYPED: Readonly<Record<string, string>> = {
  HTTP: 'https://127.0.0.1/health',
  TLSSkipVerify: 'yes',
  TCP: '127.0.0.1:80',
  UDP: '[::1]:53',
  GRPC: 'localhost:50051/web',
  H2PING: 'localhost:443',
  H2PingUseTLS: '',
  TTL: '30s',
  Args: '/bin/check\n-v\n\n',
  DockerContainerID: 'abc',
  AliasService: 'db-1',
  OSService: 'nginx.service',
};

describe('a registration', () => {
  test.each([
    ['http', { HTTP: 'https://127.0.0.1/health', TLSSkipVerify: true, Interval: '10s' }],
    ['tcp', { TCP: '127.0.0.1:80', TCPUseTLS: false, Interval: '10s' }],
    ['udp', { UDP: '[::1]:53', Interval: '10s' }],
    ['grpc', { GRPC: 'localhost:50051/web', GRPCUseTLS: false, Interval: '10s' }],
    ['h2ping', { H2PING: 'localhost:443', H2PingUseTLS: false, Interval: '10s' }],
    ['ttl', { TTL: '30s' }],
    ['script', { Args: ['/bin/check', '-v'], Interval: '10s' }],
    ['docker', { DockerContainerID: 'abc', Args: ['/bin/check', '-v'], Interval: '10s' }],
    ['alias', { AliasService: 'db-1' }],
    ['os_service', { OSService: 'nginx.service', Interval: '10s' }],
  ])('with a check %s is what the API takes', (check, expected) => {
    const form = { ...FORM, check, fields: TYPED };
    expect(problemsOf(form)).toEqual({});
    expect(JSON.parse(JSON.stringify(registrationBody(form)))).toEqual({
      Name: 'web',
      Tags: [],
      Check: expected,
    });
  });

  test('has a kind for each check that can be registered', () => {
    expect(CHECK_KINDS).toHaveLength(11);
  });

  test.each([
    [{ name: '' }, 'name', 'missing'],
    [{ name: 'a\tb' }, 'name', 'control'],
    [{ port: '70000' }, 'port', '65535'],
    [{ address: 'http://10.0.0.1' }, 'address', 'without a port or http://'],
    [{ check: 'http', fields: { HTTP: 'localhost:80' } }, 'HTTP', 'http://HOST'],
    [{ check: 'tcp', fields: { TCP: 'localhost' } }, 'TCP', 'HOST:PORT'],
    [{ check: 'tcp', fields: { TCP: '::1:80' } }, 'TCP', '[IPv6]'],
    [{ check: 'ttl', fields: {} }, 'TTL', 'missing'],
    [{ check: 'tcp', fields: TYPED, interval: 'soon' }, 'interval', 'no time'],
    [{ check: 'tcp', fields: TYPED, interval: '10ms' }, 'interval', 'least is 1s'],
    [{ check: 'tcp', fields: TYPED, deregisterAfter: '5s' }, 'deregisterAfter', 'least is 1m'],
    [{ check: 'alias', fields: {} }, 'AliasService', 'which instance'],
  ])('%j is refused at %s', (wrong, field, text) => {
    expect(problemsOf({ ...FORM, ...wrong })[field]).toContain(text);
  });

  test('with a name that DNS does not have is warned of, not refused', () => {
    expect(problemsOf({ ...FORM, name: 'my_service' })).toEqual({});
    expect(nameWarning('my_service')).toContain('DNS cannot find');
    expect(nameWarning('web-2')).toBe('');
  });

  test('takes times as Go writes them', () => {
    expect(durationMs('1h1m1.5s')).toBe(3_661_500);
    expect(durationMs('10')).toBeUndefined();
  });
});

describe('the link to a dashboard', () => {
  test('has the name of the service in it, which cannot be more than a name', () => {
    const template = 'https://grafana.example/d/svc?var-service={{Service.Name}}&dc={{ Datacenter }}';
    expect(dashboardOf(template, 'a b&c=/../', undefined)).toBe(
      'https://grafana.example/d/svc?var-service=a%20b%26c%3D%2F..%2F&dc=',
    );
  });

  test('is a web address or nothing', () => {
    expect(dashboardOf('', 'web', undefined)).toBeUndefined();
    expect(dashboardOf('javascript:alert(1)//{{Service.Name}}', 'web', undefined)).toBeUndefined();
    expect(dashboardOf('{{Service.Name}}', 'javascript:alert(1)', undefined)).toBeUndefined();
  });
});
