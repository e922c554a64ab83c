/**
 * The rows of a view that somebody may see, as a view: what is hidden is as if it were not there.
 *
 * A node shows by its name, a service by its name and its node, a check likewise. Other tables are left alone. Whom
 * it is made for is asked at every look, so that one view follows changing rights; while there are none to ask
 * for, it costs one call more.
 */
import type { CheckRow, NodeRow, ServiceRow, Stamp } from '../model/types.ts';
import type { TableView } from './table.ts';
import type { View } from './tables.ts';

/** What somebody may see. */
export interface Sight {
  seesNode(name: string): boolean;
  seesService(name: string): boolean;
}

/** What counts now; undefined sees everything. */
type SightOf = () => Sight | undefined;

type IsSeen<Row> = (row: Row, sight: Sight) => boolean;

const seesNode: IsSeen<NodeRow> = ({ name }, sight) => sight.seesNode(name);
const seesService: IsSeen<ServiceRow> = ({ name, node }, sight) =>
  sight.seesService(name) && sight.seesNode(node);
const seesCheck: IsSeen<CheckRow> = ({ serviceName, node }, sight) =>
  sight.seesNode(node) && (serviceName === '' || sight.seesService(serviceName));

function* seen<Row>(rows: Iterable<Row>, isSeen: IsSeen<Row>, sight: Sight): Iterable<Row> {
  for (const row of rows) if (isSeen(row, sight)) yield row;
}

class SeenTable<Row extends Stamp, Index extends string> implements TableView<Row, Index> {
  readonly #table: TableView<Row, Index>;
  readonly #isSeen: IsSeen<Row>;
  readonly #sightOf: SightOf;

  constructor(table: TableView<Row, Index>, isSeen: IsSeen<Row>, sightOf: SightOf) {
    this.#table = table;
    this.#isSeen = isSeen;
    this.#sightOf = sightOf;
  }

  get size(): number {
    return this.#sightOf() === undefined ? this.#table.size : [...this.values()].length;
  }

  get(key: string): Row | undefined {
    const [row, sight] = [this.#table.get(key), this.#sightOf()];
    return row === undefined || sight === undefined || this.#isSeen(row, sight) ? row : undefined;
  }

  by(index: Index, value: string): Iterable<Row> {
    return this.#seen(this.#table.by(index, value));
  }

  values(): Iterable<Row> {
    return this.#seen(this.#table.values());
  }

  withPrefix(prefix: string): Iterable<Row> {
    return this.#seen(this.#table.withPrefix(prefix));
  }

  keysWithPrefix(prefix: string): readonly string[] {
    const keys = this.#table.keysWithPrefix(prefix);
    return this.#sightOf() === undefined ? keys : keys.filter((key) => this.get(key) !== undefined);
  }

  #seen(rows: Iterable<Row>): Iterable<Row> {
    const sight = this.#sightOf();
    return sight === undefined ? rows : seen(rows, this.#isSeen, sight);
  }
}

/** The view as whoever `sightOf` stands for sees it. */
export function readableView(view: View, sightOf: SightOf): View {
  return {
    ...view,
    nodes: new SeenTable(view.nodes, seesNode, sightOf),
    services: new SeenTable(view.services, seesService, sightOf),
    checks: new SeenTable(view.checks, seesCheck, sightOf),
  };
}
