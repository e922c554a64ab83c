/** What may be wrong with the value of a key, by its name and how it begins. Pure; a warning, as nobody has to write JSON. */
import { jsonProblem, type TextProblem } from '../parts/json.ts';
import { yamlProblem } from '../parts/yaml-problem.ts';

/** Characters that are looked at while somebody types. */
const MAX_LENGTH = 256 * 1024;

/** Begins like an object of JSON; `{{` begins a template. */
const looksLikeJson = (text: string): boolean => /^\s*\{(?!\{)/.test(text);

/** The form that a value has by the name of its key or its looks, and what keeps it from being that; undefined: nothing. */
export function valueProblem(
  key: string,
  text: string,
): (TextProblem & { readonly form: 'JSON' | 'YAML' }) | undefined {
  if (text.trim() === '' || text.length > MAX_LENGTH) return undefined;
  const isYaml = /\.ya?ml$/i.test(key);
  if (!isYaml && !/\.json$/i.test(key) && !looksLikeJson(text)) return undefined;
  const problem = isYaml ? yamlProblem(text) : jsonProblem(text);
  return problem && { ...problem, form: isYaml ? 'YAML' : 'JSON' };
}
