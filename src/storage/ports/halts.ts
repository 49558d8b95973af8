// Who stopped what.

/** Who stopped what. A record that can't be read stops everything. */
export interface HaltStore {
  /** Asked before every turn. */
  readonly cached: CachedHalts
  /** Without an agent: everything. It holds in the cached view at once; durable when it resolves. */
  halt(agentId: string | undefined, by: string, at: number): Promise<void>
  /** Without an agent: everything, single agents too. */
  resume(agentId: string | undefined): Promise<void>
  /** Refreshes the cached view from what another program wrote into the record. Gives what confirms that it holds, once it does. */
  reread(): Promise<() => Promise<void>>
}

/** Cached view of the record: what this process wrote, and what others had written at the last `reread`. */
export interface CachedHalts {
  /** Agents that are stopped: has every one while everything is. */
  readonly stopped: Pick<ReadonlySet<string>, 'has'>
  /** Everything is stopped. */
  readonly isAllStopped: boolean
  list(): readonly { readonly agentId?: string; readonly by: string; readonly at: number }[]
}
