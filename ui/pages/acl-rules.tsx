/**
 * The editor of rules: what each rule allows in words, what they decide about a name, and what is wrong at which line, all
 * said by the agent while one types. What is wrong does not keep anybody from saving: the agent refuses it then.
 */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DecisionShape, PreviewShape } from '../api/acl-shapes.ts';
import { useApp } from '../app/app.ts';
import { lineOfProblem, questionsAbout, sayRule } from '../app/rule-sentences.ts';
import { CodeField } from '../parts/code-field.tsx';
import { TextField } from '../parts/field.tsx';
import { plural } from '../parts/text.ts';
import { RightsTable } from './acl-rights.tsx';

const TYPING_PAUSE_MS = 250;
const SHOWN_RULES = 40;

const EXAMPLE = `key_prefix "app/" {
  policy = "write"
}
service_prefix "" {
  policy = "read"
}`;

/** What the agent says of `rules`, once nobody types for a moment; '' for `name` asks about rules only. */
function usePreview(rules: string, name: string): PreviewShape | undefined {
  const { api, clock } = useApp();
  const preview = useSignal<PreviewShape | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      await clock.pause(preview.peek() === undefined ? 0 : TYPING_PAUSE_MS, abort.signal);
      if (abort.signal.aborted) return;
      const body = { Rules: rules, Questions: name === '' ? [] : questionsAbout(name) };
      const given = await api.send<PreviewShape>('POST', '/v1/internal/acl/preview', body);
      if (!abort.signal.aborted) preview.value = given;
    };
    // Without an answer there is no preview; saving says why.
    ask().catch(() => {
      if (!abort.signal.aborted) preview.value = undefined;
    });
    return () => abort.abort();
  }, [api, clock, rules, name, preview]);
  return preview.value;
}

function RuleList({ preview }: { preview: PreviewShape }) {
  const rules = preview.Rules;
  if (rules.length === 0) return <p class="hint">No rule: these allow nothing by themselves.</p>;
  return (
    <ul class="rule-list">
      {rules.slice(0, SHOWN_RULES).map((rule, at) => (
        <li key={`${at}${rule.Resource}${rule.Name}`} class={rule.Access === 'deny' ? 'is-deny' : ''}>
          {sayRule(rule)}.
        </li>
      ))}
      {rules.length > SHOWN_RULES && (
        <li>… and {plural(rules.length - SHOWN_RULES, 'more rule', 'more rules')}</li>
      )}
    </ul>
  );
}

function TryName({ name, decisions }: { name: Signal<string>; decisions: readonly DecisionShape[] }) {
  return (
    <>
      <TextField
        label="Try a name"
        value={name}
        placeholder="web, app/limit, n1 …"
        isMono
        hint="What these rules alone decide about it."
      />
      {decisions.length > 0 && <RightsTable decisions={decisions} />}
    </>
  );
}

/** What rules allow, in words. */
export function RulesMeaning({ rules }: { rules: string }) {
  const preview = usePreview(rules, '');
  if (!preview) return null;
  return (
    <>
      <h3 class="part-title">In words</h3>
      {preview.Problem === '' ? (
        <RuleList preview={preview} />
      ) : (
        <p class="code-problem">These rules cannot be read, so they deny everything: {preview.Problem}</p>
      )}
    </>
  );
}

export function RulesEditor({ rules }: { rules: Signal<string> }) {
  const name = useSignal('');
  const preview = usePreview(rules.value, name.value.trim());
  const problem = preview?.Problem ?? '';
  return (
    <>
      <CodeField
        label="Rules"
        value={rules}
        rows={12}
        placeholder={EXAMPLE}
        marked={lineOfProblem(problem)}
        problem={problem}
        hint="HCL or JSON. The rule for exactly a name decides, else the one with the longest beginning of it."
      />
      {preview && problem === '' && (
        <section class="preview-box" aria-label="What these rules allow">
          <h3 class="part-title">What these rules allow</h3>
          <RuleList preview={preview} />
          <TryName name={name} decisions={preview.Decisions} />
        </section>
      )}
    </>
  );
}
