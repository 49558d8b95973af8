// What one process of several does alone.

/** What one process of several does alone, such as holding a channel's connection. Runs are held under the same leases. */
export interface LeaseStore {
  /** null: another process holds it. A lease ends with its process, however that ends. */
  acquire(name: string): Promise<Lease | null>
}

export interface Lease {
  /** Aborts when the lease ended without `release`: another process may hold it from here on. */
  readonly lost: AbortSignal
  release(): Promise<void>
}
