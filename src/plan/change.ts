// One difference between two Plans, as `plan` and a reload tell it.

export type ChangeKind = 'agent' | 'rule' | 'channel' | 'heartbeat' | 'identityLink' | 'limit' | 'gateway' | 'model' | 'mcpServer'

export interface Change {
  readonly action: 'add' | 'change' | 'remove'
  readonly kind: ChangeKind
  readonly id: string
  /** What changed, in the configuration's words; empty for what is new or gone. */
  readonly fields: readonly string[]
  /** Where it stands now, or stood; an absolute path. */
  readonly file: string
  readonly line: number
}
