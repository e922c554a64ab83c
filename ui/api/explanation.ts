/**
 * What `/v1/dns/explain` says: the answer that DNS would give now, and for each instance why it is in or out.
 */

export interface ExplainedInstance {
  readonly Node: string;
  readonly ServiceID: string;
  readonly Address: string;
  readonly Port: number;
  readonly Status: string;
  readonly Weight: number;
  /** Whether it is in the answer that was drawn for this explanation. */
  readonly Kept: boolean;
  /** One sentence: why it is in, or what keeps it out. */
  readonly Reason: string;
}

export interface Explanation {
  readonly Name: string;
  readonly Type: string;
  /** How the name was understood. */
  readonly Lookup: string;
  /** '' when another server would be asked. */
  readonly Rcode: string;
  /** Why the answer is empty or cut; '' when it is neither. */
  readonly Summary: string;
  readonly TTLSeconds: number;
  readonly Known: number;
  readonly Healthy: number;
  readonly Instances: readonly ExplainedInstance[] | null;
  /** Records in the form of zone files. */
  readonly Answer: readonly string[] | null;
  readonly Authority: readonly string[] | null;
  readonly Additional: readonly string[] | null;
  readonly Bytes: number;
  /** Records that the question has, before limits and size. */
  readonly AnswersAvailable: number;
  readonly Truncated: boolean;
}
