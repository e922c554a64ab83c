/**
 * Prepared queries between JSON and rows. Defaults are filled in here; what is refused beyond wrong types, the reducer
 * decides (catalog/query-write.ts).
 */
import type { PutQueryCommand } from '../../catalog/command.ts';
import { isTemplate } from '../../catalog/query-template.ts';
import {
  type Decoder,
  decodeFields,
  described,
  documentOf,
  type FieldTable,
  flag,
  integer,
  listOf,
  text,
  textMap,
  texts,
  withDefaults,
} from '../../decode/json-fields.ts';
import { jsonObject } from '../../decode/json-object.ts';
import { tenancyText } from '../../decode/tenancy-text.ts';
import type { QueryDocument, QueryRow, QueryService } from '../../model/types.ts';
import { sorted } from './go-json.ts';
import type { Document } from './row-documents.ts';

type Failover = QueryService['Failover'];

const FAILOVER: FieldTable<Failover> = {
  NearestN: { name: 'NearestN', decode: integer },
  Datacenters: { name: 'Datacenters', decode: texts },
  Targets: { name: 'Targets', decode: listOf(jsonObject, '[]structs.QueryFailoverTarget') },
};

const failover = withDefaults(documentOf(FAILOVER), { NearestN: 0, Datacenters: null });

interface ServiceFields extends QueryService {
  readonly Namespace: string;
  readonly Partition: string;
}

const SERVICE: FieldTable<ServiceFields> = {
  Service: { name: 'Service', decode: text },
  Failover: { name: 'Failover', decode: failover },
  OnlyPassing: { name: 'OnlyPassing', decode: flag },
  IgnoreCheckIDs: { name: 'IgnoreCheckIDs', decode: texts },
  Near: { name: 'Near', decode: text },
  Tags: { name: 'Tags', decode: texts },
  NodeMeta: { name: 'NodeMeta', decode: textMap },
  ServiceMeta: { name: 'ServiceMeta', decode: textMap },
  Connect: { name: 'Connect', decode: flag },
  Peer: { name: 'Peer', decode: text },
  SamenessGroup: { name: 'SamenessGroup', decode: text },
  Namespace: { name: 'Namespace', decode: tenancyText },
  Partition: { name: 'Partition', decode: tenancyText },
};

const NO_SERVICE: QueryService = Object.freeze({
  Service: '',
  Failover: { NearestN: 0, Datacenters: null },
  OnlyPassing: false,
  IgnoreCheckIDs: null,
  Near: '',
  Tags: null,
  NodeMeta: null,
  ServiceMeta: null,
  Connect: false,
});

const service: Decoder<QueryService> = described(documentOf(SERVICE).schema, (value, place) => {
  const { Namespace: _namespace, Partition: _partition, ...given } = decodeFields(SERVICE, value, place);
  return { ...NO_SERVICE, ...given };
});

const TEMPLATE: FieldTable<QueryDocument['Template']> = {
  Type: { name: 'Type', decode: text },
  Regexp: { name: 'Regexp', decode: text },
  RemoveEmptyTags: { name: 'RemoveEmptyTags', decode: flag },
};

const NO_TEMPLATE: QueryDocument['Template'] = Object.freeze({
  Type: '',
  Regexp: '',
  RemoveEmptyTags: false,
});

const template = withDefaults(documentOf(TEMPLATE), NO_TEMPLATE);

const DNS: FieldTable<QueryDocument['DNS']> = { TTL: { name: 'TTL', decode: text } };

const dns = withDefaults(documentOf(DNS), { TTL: '' });

interface QueryFields extends QueryDocument {
  readonly ID: string;
  readonly Name: string;
  readonly Session: string;
  readonly Namespace: string;
  readonly Partition: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

/** What a body may have. */
export const QUERY: FieldTable<QueryFields> = {
  ID: { name: 'ID', decode: text },
  Name: { name: 'Name', decode: text },
  Session: { name: 'Session', decode: text },
  Token: { name: 'Token', decode: text },
  Template: { name: 'Template', decode: template },
  Service: { name: 'Service', decode: service },
  DNS: { name: 'DNS', decode: dns },
  Namespace: { name: 'Namespace', decode: tenancyText },
  Partition: { name: 'Partition', decode: tenancyText },
  CreateIndex: { name: 'CreateIndex', decode: integer },
  ModifyIndex: { name: 'ModifyIndex', decode: integer },
};

/** The query that a body describes; its id is '' when it names none. Throws bad_request. */
export function queryInput(body: unknown): PutQueryCommand['query'] {
  const fields = decodeFields(QUERY, body ?? {}, { style: 'api', path: '' });
  const document = {
    Token: fields.Token ?? '',
    Template: fields.Template ?? NO_TEMPLATE,
    Service: fields.Service ?? NO_SERVICE,
    DNS: fields.DNS ?? { TTL: '' },
  };
  const { ID: id = '', Name: name = '', Session: session = '' } = fields;
  return { id, name, session, isTemplate: isTemplate(document), document };
}

function serviceDocument({ NodeMeta, ServiceMeta, Peer, SamenessGroup, ...rest }: QueryService): Document {
  const { Service, Failover, OnlyPassing, IgnoreCheckIDs, Near, Tags, Connect } = rest;
  return {
    Service,
    SamenessGroup: SamenessGroup || undefined,
    Failover: { NearestN: Failover.NearestN, Datacenters: Failover.Datacenters, Targets: Failover.Targets },
    OnlyPassing,
    IgnoreCheckIDs,
    Near,
    Tags,
    NodeMeta: sorted(NodeMeta),
    ServiceMeta: sorted(ServiceMeta),
    Connect,
    Peer: Peer || undefined,
  };
}

export function queryDocument({ id, name, session, document, ...stamp }: QueryRow): Document {
  const { Token, Template, Service, DNS: dnsOptions } = document;
  return {
    ID: id,
    Name: name,
    Session: session,
    Token,
    Template: {
      Type: Template.Type,
      Regexp: Template.Regexp,
      RemoveEmptyTags: Template.RemoveEmptyTags,
    },
    Service: serviceDocument(Service),
    DNS: { TTL: dnsOptions.TTL },
    CreateIndex: stamp.createIndex,
    ModifyIndex: stamp.modifyIndex,
  };
}
