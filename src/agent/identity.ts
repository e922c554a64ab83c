/**
 * Who this agent is: its name, its lasting id, the addresses under which others reach it.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import type { NodeName, StringMap } from '../model/types.ts';
import type { Config } from './config/options.ts';

export interface Identity {
  readonly nodeName: NodeName;
  readonly nodeId: string;
  readonly advertiseAddress: string;
  readonly taggedAddresses: StringMap;
}

const PRIVATE_IPV4 =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

/** The address others reach when only "any" was given: first private IPv4, else any other, else loopback. */
function addressOfThisMachine(family: 'IPv4' | 'IPv6'): string {
  const all = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  const usable = all.filter(
    (one) => one.family === family && !one.internal && !one.address.startsWith('fe80'),
  );
  const chosen = usable.find(({ address }) => PRIVATE_IPV4.test(address)) ?? usable[0];
  return chosen?.address ?? (family === 'IPv4' ? '127.0.0.1' : '::1');
}

function advertiseAddressOf({ advertise_addr: advertise, bind_addr: bind }: Config): string {
  if (advertise !== '') return advertise;
  if (bind === '0.0.0.0' || bind === '') return addressOfThisMachine('IPv4');
  return bind === '::' ? addressOfThisMachine('IPv6') : bind;
}

function taggedAddressesOf(lan: string, wan: string): StringMap {
  const family = (address: string): string => (address.includes(':') ? 'ipv6' : 'ipv4');
  return { lan, [`lan_${family(lan)}`]: lan, wan, [`wan_${family(wan)}`]: wan };
}

/** Files that hold an id of the machine, in the order of preference. */
const MACHINE_ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/** A UUID that is the same on every start on this machine; undefined where the machine has no id. */
function machineNodeId(): string | undefined {
  for (const file of MACHINE_ID_FILES) {
    try {
      const hex = createHash('sha512').update(fs.readFileSync(file, 'utf8').trim()).digest('hex');
      return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    } catch {
      // The next file; a machine without any gets a random id.
    }
  }
  return undefined;
}

/** The id to use: configured, remembered, of the machine, or new. */
export function chooseNodeId(config: Config, remembered: string | undefined, newId: () => string): string {
  if (config.node_id !== '') return config.node_id.toLowerCase();
  if (remembered !== undefined) return remembered;
  return (config.disable_host_node_id ? undefined : machineNodeId()) ?? newId();
}

/** Metadata of this agent's node; a reload may change it, so it is no part of the identity. */
export function nodeMetaOf(config: Config): StringMap {
  return { 'consul-network-segment': '', ...config.node_meta };
}

/** Name, id and addresses of this agent's node. */
export function identityOf(config: Config, nodeId: string): Identity {
  const advertiseAddress = advertiseAddressOf(config);
  return {
    nodeName: (config.node_name || os.hostname()) as NodeName,
    nodeId,
    advertiseAddress,
    taggedAddresses: taggedAddressesOf(advertiseAddress, config.advertise_addr_wan || advertiseAddress),
  };
}
