/**
 * A failed listen, said so that an operator knows which setting to change.
 */
import { addressText } from '../lib/address-text.ts';
import { AppError } from '../model/errors.ts';

export interface ListenPlace {
  /** Key of the port: `ports.http`. */
  readonly portKey: string;
  /** Flag of the port, without dash. */
  readonly flag: string;
  readonly address: string;
  readonly port: number;
}

/** The refusal for an error of the system while listening there. */
export function listenError(place: ListenPlace, cause: unknown): AppError {
  const { portKey, flag, address, port } = place;
  const isPath = address.startsWith('unix://');
  const where = isPath ? address : addressText(address, port);
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is in use by another program; stop it or choose another port with -${flag}`,
    EACCES: `${where} may not be opened by this user; ports below 1024 need the right to (CAP_NET_BIND_SERVICE)`,
    EADDRNOTAVAIL: `${where} is not an address of this machine; see client_addr`,
  };
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const text =
    why[code] ?? `${where} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new AppError('config_invalid', `${portKey}: ${text}`, { cause });
}
