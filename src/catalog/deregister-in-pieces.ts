/**
 * Removes a node or a service that has very many rows: first its checks and services, some hundreds a write, then the
 * rest at once. One write for all of them would keep everybody waiting while it is made and installed.
 *
 * Whoever reads meanwhile sees some of the rows gone; an end in between leaves the others, and the removal can be asked for
 * again.
 */
import type { Command, DeregisterCommand } from './command.ts';
import { nodeKey, serviceKey, type View } from './tables.ts';
import type { Writer } from './writer.ts';

/** Rows of one write. Turning it up makes it faster, and a write longer: some 0.01 ms for each row. */
const PIECE = 500;

/** The first rows of many; empty when there are no more than one write takes. */
function firstOf<Row>(rows: Iterable<Row>): readonly Row[] {
  const first: Row[] = [];
  for (const row of rows) {
    if (first.length === PIECE) return first;
    first.push(row);
  }
  return [];
}

function nextPiece(
  { checks, services }: View,
  { node, serviceId, checkId }: DeregisterCommand,
): readonly Command[] {
  if (checkId && !serviceId) return [];
  const ofWhom = serviceId
    ? checks.by('service', serviceKey(node, serviceId))
    : checks.by('node', nodeKey(node));
  const someChecks = firstOf(ofWhom);
  if (someChecks.length > 0) return someChecks.map(({ id }) => ({ kind: 'deregister', node, checkId: id }));
  if (serviceId) return [];
  const someServices = firstOf(services.by('node', nodeKey(node)));
  return someServices.map(({ id }) => ({ kind: 'deregister', node, serviceId: id }));
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Do what the command says; resolves when all of it is durable and visible. Rejects as `submit` does. */
export async function deregisterInPieces(
  view: View,
  writer: Pick<Writer, 'submit'>,
  command: DeregisterCommand,
): ReturnType<Writer['submit']> {
  for (let piece = nextPiece(view, command); piece.length > 0; piece = nextPiece(view, command)) {
    await writer.submit({ kind: 'all', commands: piece });
    await nextTurn();
  }
  return writer.submit(command);
}
