/** Decisions as a table: a row a resource, each level with yes or no, and the rule that decides. */
import type { DecisionShape } from '../api/acl-shapes.ts';
import { RESOURCES } from '../app/rule-sentences.ts';
import { Icon } from '../parts/icon.tsx';

const LEVEL_TEXT: Readonly<Record<string, string>> = { 'write-prefix': 'all below it' };

const ABOUT = new Map(RESOURCES.map(([resource, things, isNamed]) => [resource, { things, isNamed }]));

function Level({ decision, href }: { decision: DecisionShape; href: string | undefined }) {
  const { Allow, Access, Reason } = decision;
  const text = LEVEL_TEXT[Access] ?? Access;
  return (
    <span class={Allow ? 'is-passing tone' : 'is-no'} title={Reason}>
      <Icon name={Allow ? 'passing' : 'close'} size={12} />
      <span class="unseen">{Allow ? 'may' : 'may not'} </span>
      {href === undefined ? text : <a href={href}>{text}</a>}
    </span>
  );
}

/** Reasons of a row, each once: mostly one rule decides all its levels. */
const reasonsOf = (decisions: readonly DecisionShape[]): readonly string[] => [
  ...new Set(decisions.map(({ Reason }) => Reason)),
];

interface RightsTableProps {
  readonly decisions: readonly DecisionShape[];
  /** Where a level leads, if anywhere. */
  readonly linkOf?: (decision: DecisionShape) => string;
}

export function RightsTable({ decisions, linkOf }: RightsTableProps) {
  const byResource = [...Map.groupBy(decisions, ({ Resource }) => Resource)];
  return (
    <table class="rights">
      <thead>
        <tr>
          <th scope="col">On</th>
          <th scope="col">May</th>
          <th scope="col">Because</th>
        </tr>
      </thead>
      <tbody>
        {byResource.map(([resource, own]) => (
          <tr key={resource}>
            <th scope="row">
              {ABOUT.get(resource)?.isNamed ? (
                <>
                  {resource} <span class="mono">{own[0]?.Segment}</span>
                </>
              ) : (
                (ABOUT.get(resource)?.things ?? resource)
              )}
            </th>
            <td>
              <span class="may">
                {own.map((decision) => (
                  <Level key={decision.Access} decision={decision} href={linkOf?.(decision)} />
                ))}
              </span>
            </td>
            <td class="why">
              {reasonsOf(own).map((reason) => (
                <div key={reason}>{reason}</div>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
