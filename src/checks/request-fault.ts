/** A request that cannot be sent or was not answered; the message is the output of the check. */
export class RequestFault extends Error {}
