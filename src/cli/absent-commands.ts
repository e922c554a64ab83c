/**
 * Commands of Consul that are not here, each with the reason and what to do instead, for those whose fingers know them.
 */

/** First words -> why. */
const REASONS: Readonly<Record<string, string>> = {
  connect: 'there is no mesh: no CA, no sidecars, no gateways',
  intention: 'there is no mesh; what speaks to what is up to your network',
  config:
    'config entries are for the mesh, which is not there; options of the agent are in its configuration (docs/config.md)',
  exec: 'programs are not run on other machines: whoever could write a key could run anything anywhere. Use what deploys your programs, or "rollcall watch -type=event" on those that shall obey',
  keyring:
    'there is no gossip whose keys could be rotated: agents speak TLS to servers (option encrypt, "rollcall keygen"; "rollcall tls" makes certificates)',
  namespace: 'there is one namespace, default',
  partition: 'there is one partition, default',
  peering: 'datacenters are not peered; copy with "rollcall migrate", or ask another one with -datacenter',
  resource: 'resources of later versions are for the mesh, which is not there',
  troubleshoot:
    'it looks into the mesh, which is not there; "rollcall explain" says why DNS answers as it does',
  license: 'there is none to install',
};

/** Why there is no such command, in a sentence; undefined for what Consul has not either, or what is here. */
export function whyAbsent(word: string): string | undefined {
  const reason = Object.hasOwn(REASONS, word) ? REASONS[word] : undefined;
  return reason && `rollcall has no command ${word}: ${reason}`;
}
