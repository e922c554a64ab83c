/**
 * What GitHub's own parser says against a workflow file: one line for each fault, nothing for one that it would run.
 */
import fs from 'node:fs';
import { registerHooks } from 'node:module';

// The parser is made for bundlers: it imports JSON without saying so, which Node wants to hear.
registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    return resolved.url.endsWith('.json') ? { ...resolved, importAttributes: { type: 'json' } } : resolved;
  },
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(
  '@actions/workflow-parser'
);

const [file = ''] = process.argv.slice(2);
const content = fs.readFileSync(file, 'utf8');
const { context, value } = parseWorkflow({ name: file, content }, new NoOperationTraceWriter());
if (value !== undefined) await convertWorkflowTemplate(context, value);
for (const { rawMessage } of context.errors.getErrors()) process.stdout.write(`${rawMessage}\n`);
