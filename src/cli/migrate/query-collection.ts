/**
 * Prepared queries, told apart by their names. Ids are given by whoever keeps a query, so those that have no name get others.
 */
import type { Client } from '../client.ts';
import { type Collection, contentOf, type Item, oneList, pick } from './collection.ts';

interface QueryDocument {
  readonly ID: string;
  readonly Name: string;
  readonly Session: string;
  readonly Token: string;
}

const FIELDS = ['Name', 'Token', 'Template', 'Service', 'DNS'] as const;
/** What Consul shows in place of a token that the asker may not see. */
const HIDDEN = '<hidden>';

function bodyOf(document: QueryDocument): Record<string, unknown> {
  const body = pick(document, FIELDS);
  return document.Token === HIDDEN ? { ...body, Token: '' } : body;
}

const itemOf = (document: QueryDocument): Item => ({ content: contentOf(bodyOf(document)), document });
const documentOf = ({ document }: Item): QueryDocument => document as QueryDocument;

async function list(side: Client): Promise<ReadonlyMap<string, Item>> {
  const documents = await side.get<readonly QueryDocument[]>('/v1/query');
  return new Map(
    documents.map((document) => {
      const item = itemOf(document);
      return [document.Name === '' ? `without a name: ${item.content}` : document.Name, item];
    }),
  );
}

export const queryCollection: Collection = {
  name: 'prepared queries',
  parts: oneList,
  list,
  leftOut: (item) =>
    documentOf(item).Session === '' ? undefined : 'prepared queries that live with a session',
  put: async (target, item, existing) => {
    const body = JSON.stringify(bodyOf(documentOf(item)));
    if (existing === undefined) await target.ok('POST', '/v1/query', { body });
    else await target.ok('PUT', `/v1/query/${documentOf(existing).ID}`, { body });
  },
  remove: async (target, item) => {
    await target.ok('DELETE', `/v1/query/${documentOf(item).ID}`);
  },
};
