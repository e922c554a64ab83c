/** The answers of access control as far as the page reads them; secrets only where a token has just been made. */

export interface LinkShape {
  readonly ID: string;
  readonly Name: string;
}

export interface GrantsShape {
  readonly Policies?: readonly LinkShape[] | null;
  readonly ServiceIdentities?:
    | readonly { readonly ServiceName: string; readonly Datacenters?: readonly string[] | null }[]
    | null;
  readonly NodeIdentities?: readonly { readonly NodeName: string; readonly Datacenter: string }[] | null;
  readonly TemplatedPolicies?:
    | readonly {
        readonly TemplateName: string;
        readonly TemplateVariables?: { readonly Name?: string } | null;
        readonly Datacenters?: readonly string[] | null;
      }[]
    | null;
}

export interface TokenShape extends GrantsShape {
  readonly AccessorID: string;
  readonly SecretID?: string;
  readonly Description: string;
  readonly Roles?: readonly LinkShape[] | null;
  readonly Local: boolean;
  readonly AuthMethod?: string;
  readonly ExpirationTime?: string;
  readonly CreateTime: string;
  readonly ModifyIndex: number;
}

export interface PolicyShape {
  readonly ID: string;
  readonly Name: string;
  readonly Description: string;
  /** Left out of lists. */
  readonly Rules?: string;
  readonly Datacenters?: readonly string[] | null;
  readonly ModifyIndex: number;
}

export interface RoleShape extends GrantsShape {
  readonly ID: string;
  readonly Name: string;
  readonly Description: string;
  readonly ModifyIndex: number;
}

export interface AuthMethodShape {
  readonly Name: string;
  readonly Type: string;
  readonly DisplayName?: string;
  readonly Description?: string;
  readonly MaxTokenTTL?: string;
  readonly TokenLocality?: string;
  /** Left out of lists. */
  readonly Config?: Readonly<Record<string, unknown>>;
  readonly ModifyIndex: number;
}

export interface BindingRuleShape {
  readonly ID: string;
  readonly Description: string;
  readonly AuthMethod: string;
  readonly Selector: string;
  readonly BindType: string;
  readonly BindName: string;
  readonly BindVars?: { readonly Name?: string };
  readonly ModifyIndex: number;
}

export interface AclQuestion {
  readonly Resource: string;
  readonly Segment: string;
  readonly Access: string;
}

/** A decision and what it follows from. */
export interface DecisionShape extends AclQuestion {
  readonly Allow: boolean;
  readonly Reason: string;
  readonly Rule?: { readonly Text: string; readonly Access: string; readonly From: readonly string[] };
}

export interface ExplainedShape {
  readonly AccessorID: string;
  readonly Description: string;
  readonly Decisions: readonly DecisionShape[];
}

/** A token that may do something. */
export interface HolderShape extends DecisionShape {
  readonly AccessorID: string;
  readonly Description: string;
}

export interface RuleShape {
  readonly Resource: string;
  readonly Match: 'exact' | 'prefix' | 'all';
  readonly Name: string;
  readonly Access: string;
  readonly Intentions?: string;
}

export interface PreviewShape {
  /** '' when the rules can be read. */
  readonly Problem: string;
  readonly Rules: readonly RuleShape[];
  readonly Decisions: readonly DecisionShape[];
}
