/**
 * `rollcall kv import`: writes keys from the JSON that `kv export` prints.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { dataOf, keyPath } from '../kv-entries.ts';
import { tried } from '../tried.ts';

interface Row {
  readonly key: string;
  readonly flags?: number;
  readonly value: string;
}

function parseRows(data: Uint8Array): readonly Row[] {
  let rows: unknown;
  try {
    rows = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch (cause) {
    throw new AppError('bad_request', `Cannot unmarshal data: ${(cause as Error).message}`, { cause });
  }
  const isRow = (row: unknown): row is Row =>
    typeof (row as Row | null)?.key === 'string' && typeof (row as Row).value === 'string';
  if (!Array.isArray(rows) || !rows.every(isRow))
    throw new AppError('bad_request', 'Cannot unmarshal data: wants a list of { "key", "flags", "value" }');
  return rows;
}

async function run({ flags, args, io, client }: CommandInput): Promise<number> {
  const [data] = args;
  if (data === undefined) throw new AppError('bad_request', 'Error! Missing DATA argument');
  const prefix = flags.text('prefix') ?? '';
  for (const row of parseRows(await dataOf(data, io))) {
    const key = prefix + row.key;
    const written = { query: { flags: String(row.flags ?? 0) }, body: Buffer.from(row.value, 'base64') };
    await tried(`Error! Failed writing data for key ${key}`, () => client().ok('PUT', keyPath(key), written));
    io.out(`Imported: ${key}`);
  }
  return 0;
}

export const command: Command = {
  summary: 'Write keys from the JSON of kv export',
  args: 'JSON|@FILE|-',
  flags: [{ name: 'prefix', value: 'TEXT', doc: 'Put this before every key.' }],
  isClient: true,
  examples: ['rollcall kv import @app.json', 'rollcall kv import -prefix=copy/ - < app.json'],
  run,
};
