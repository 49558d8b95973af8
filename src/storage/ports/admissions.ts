// Admitted messages of the last hour.

/** Admitted messages of the last hour, for limits that survive a restart. */
export interface AdmissionLog {
  /** Oldest first. */
  since(at: number): Promise<readonly { readonly agentId: string; readonly who: string; readonly at: number }[]>
  add(agentId: string, who: string, at: number): Promise<void>
  remove(agentId: string, who: string, at: number): Promise<void>
}
