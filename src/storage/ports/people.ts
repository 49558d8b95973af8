// Strangers that were let in, and identities that are one person.

/** Codes of one channel's strangers that may be open at a time: names cost an attacker nothing on some channels. */
export const MOST_OPEN_PAIRINGS = 100

/** Someone whom an owner let in by a code. */
export interface Pairing {
  readonly identity: string
  readonly displayName?: string
  /** The owner's identity. */
  readonly by: string
  readonly at: number
}

/** Strangers let in by a code, and identities that are one person by a code. */
export interface PeopleStore {
  /** The code a stranger may show the owner; the same while it is open. null: `MOST_OPEN_PAIRINGS` of the channel are open. */
  openPairing(identity: string, displayName: string | undefined, now: number): Promise<string | null>
  /** The identity let in; null: no such open code. A code works once. */
  approvePairing(code: string, by: string, now: number): Promise<string | null>
  isPaired(identity: string): Promise<boolean>
  /** Oldest first. */
  pairings(): Promise<readonly Pairing[]>
  /** Ends a pairing; false: there is none. */
  removePairing(identity: string): Promise<boolean>
  openLink(identity: string, now: number): Promise<string>
  /** Whose code it is, which stays open; null: unknown, too late or one's own. */
  linkOffer(code: string, identity: string, now: number): Promise<string | null>
  /** The other identity; null: unknown, too late or one's own code. Both are one person from here on. */
  confirmLink(code: string, identity: string, now: number): Promise<string | null>
  /** Oldest first. */
  links(): Promise<readonly { readonly identities: readonly [string, string]; readonly at: number }[]>
  /** Takes an identity out of every link it is in; how many there were. */
  removeLinks(identity: string): Promise<number>
}
