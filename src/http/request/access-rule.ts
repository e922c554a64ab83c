/**
 * Who may ask for what, by configuration: `http_config.block_endpoints` and `allow_write_http_from`.
 */
import { BlockList } from 'node:net';
import { AppError } from '../../model/errors.ts';
import type { HttpConfig } from '../http-parts.ts';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

function blockListOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  return list;
}

function isListed(list: BlockList, address: string): boolean {
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : address;
  return list.check(mapped, mapped.includes(':') ? 'ipv6' : 'ipv4');
}

export type AccessRule = (method: string, path: string, remoteAddress: string) => void;

/** A function that throws forbidden for what the configuration forbids; undefined when it forbids nothing. */
export function accessRule(config: HttpConfig): AccessRule | undefined {
  const { blockEndpoints, allowWriteHttpFrom } = config;
  if (blockEndpoints.length === 0 && allowWriteHttpFrom.length === 0) return undefined;
  const writers = blockListOf(allowWriteHttpFrom);
  return (method, path, remoteAddress) => {
    if (blockEndpoints.some((prefix) => path.startsWith(prefix)))
      throw new AppError('forbidden', 'Endpoint is blocked by agent configuration');
    if (allowWriteHttpFrom.length === 0 || READING.has(method)) return;
    // a UNIX socket has no address, the rights of its file decide there; nor has what other agents let in and passed on
    if (remoteAddress !== '' && !isListed(writers, remoteAddress))
      throw new AppError('forbidden', 'Access is restricted');
  };
}
