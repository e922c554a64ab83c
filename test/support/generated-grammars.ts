/**
 * The parsers that peggy makes of grammars, kept in the repository so that running from source needs no build.
 * test/architecture/grammars.test.ts insists that they are fresh; `npm run grammar` writes them.
 */
import fs from 'node:fs';
import path from 'node:path';
import peggy from 'peggy';
import { readSource, repositoryDir } from './source-files.ts';

interface Grammar {
  /** The grammar, relative to the repository. */
  readonly source: string;
  readonly output: string;
}

export const GRAMMARS: readonly Grammar[] = [
  { source: 'src/filter/grammar.peggy', output: 'src/filter/grammar.generated.js' },
  { source: 'src/lib/hcl-grammar.peggy', output: 'src/lib/hcl-grammar.generated.js' },
];

/** The text of the parser. Throws when the grammar is none. */
export function parserOf({ source }: Grammar): string {
  return peggy.generate(readSource(source), { output: 'source', format: 'es', grammarSource: source });
}

if (import.meta.main) {
  for (const grammar of GRAMMARS)
    fs.writeFileSync(path.join(repositoryDir, grammar.output), parserOf(grammar));
}
