/**
 * Why a DNS question is answered as it is: what dns/ finds out, HTTP gives as JSON and the command line prints.
 */

/** What happened to one instance that is known under the name. */
export interface ExplainedInstance {
  readonly Node: string;
  readonly ServiceID: string;
  readonly Address: string;
  readonly Port: number;
  readonly Status: string;
  readonly Weight: number;
  /** Whether it is in the answer that was encoded for this explanation. */
  readonly Kept: boolean;
  /** One sentence: why it is in, or what keeps it out. */
  readonly Reason: string;
}

export interface DnsExplanation {
  readonly Name: string;
  readonly Type: string;
  /** How the name was understood, as a sentence. */
  readonly Lookup: string;
  /** service, node, query, addr, reverse, apex … */
  readonly Kind: string;
  readonly Rcode: string;
  /** As in the label of the metric `dns_queries`. */
  readonly ReasonCode: string;
  /**
   * The text that a client with EDNS gets as extended error; '' when nothing is empty or cut. Or the host names that a
   * recursor is asked for, which an explanation leaves out.
   */
  readonly Summary: string;
  readonly Transport: 'udp' | 'tcp';
  /** What the client was taken to advertise; 0 is no EDNS. */
  readonly PayloadBytes: number;
  readonly TTLSeconds: number;
  readonly OnlyPassing: boolean;
  /** `nxdomain`, `nodata` or `fail_open`. */
  readonly EmptyAnswer: string;
  readonly ProtectThreshold: number;
  readonly Known: number;
  readonly Healthy: number;
  /** The first thousand of those that are known. */
  readonly Instances: readonly ExplainedInstance[];
  /** Records in the form of zone files. */
  readonly Answer: readonly string[];
  readonly Authority: readonly string[];
  readonly Additional: readonly string[];
  readonly Bytes: number;
  /** Answers that the question has, before limits and size. */
  readonly AnswersAvailable: number;
  readonly Truncated: boolean;
}

export interface ExplainRequest {
  readonly name: string;
  /** A mnemonic such as `SRV`, or `TYPE65`. */
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  /** 0 is a client without EDNS. */
  readonly payloadBytes: number;
}

/** Explain the answer to a question. Throws AppError `bad_request` when name or type is none. */
export type ExplainDns = (request: ExplainRequest) => DnsExplanation;
