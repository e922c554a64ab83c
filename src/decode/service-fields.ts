/**
 * Fields of a service that are objects themselves, alike wherever a service is written: to the agent, to the catalog, in
 * transactions and in files.
 */
import type { ServiceAddress, Weights } from '../model/types.ts';
import { type Decoder, decodeFields, type FieldTable, integer, mapOf, text } from './json-fields.ts';

const ADDRESS: FieldTable<ServiceAddress> = {
  address: { name: 'Address', decode: text },
  port: { name: 'Port', decode: integer },
};
const WEIGHTS: FieldTable<Weights> = {
  passing: { name: 'Passing', decode: integer },
  warning: { name: 'Warning', decode: integer },
};

const address: Decoder<ServiceAddress> = (value, place) => ({
  address: '',
  port: 0,
  ...decodeFields(ADDRESS, value, place),
});

/** Addresses by tag (lan, wan …). */
export const addressesByTag = mapOf(address, 'map[string]structs.ServiceAddress');

/** What is not given counts nothing. */
export const weights: Decoder<Weights> = (value, place) => ({
  passing: 0,
  warning: 0,
  ...decodeFields(WEIGHTS, value, place),
});
