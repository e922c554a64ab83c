/**
 * Who belongs to the datacenter, as the API lists and changes it.
 */

/** A member as it is shown. */
export interface MemberView {
  readonly name: string;
  readonly address: string;
  /** What lists show; nothing has to listen there. */
  readonly port: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly status: 'alive' | 'leaving' | 'left' | 'failed';
}

export interface Membership {
  /** This agent. */
  self(): MemberView;
  /** All members, or the servers of all datacenters. Rejects with AppError when nobody can be asked. */
  list(isWan: boolean): Promise<readonly MemberView[]>;
  /** Declare a failed member to have left, or forget it at once; false when there is none of this name. */
  forceLeave(node: string, prune: boolean): Promise<boolean>;
  /** Join others at an address. Rejects with AppError when nobody is met there. */
  join(address: string, isWan: boolean): Promise<void>;
}
